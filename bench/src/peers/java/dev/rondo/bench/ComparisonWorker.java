package dev.rondo.bench;

import dev.rondo.bench.golden.GoldenCase;
import dev.rondo.bench.golden.GoldenCell;
import dev.rondo.cell.Backend;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * One system in a process of its own: says what it is and what it computes, then takes one line for each round and
 * answers with the median, the least and the 99th percentile of the times of a call, in microseconds.
 */
public final class ComparisonWorker {
    private static final double WARM_UP_SECONDS = 1.5;
    private static final double SETTLE_SECONDS = 0.2; // before each round: threads of the system before it fall asleep
    private static final double ROUND_SECONDS = 0.7;
    private static final int LEAST_CALLS = 3;
    private static final int MOST_CALLS = 1_000_000;

    private ComparisonWorker() {}

    /** Makes the work of a system. */
    interface Maker {
        /**
         * {@return it, ready to run}
         *
         * @throws UnsupportedOperationException with the reason if the system does not have it
         */
        Peer make(String system, List<GoldenCase> stack, boolean training, int threads);
    }

    /** Takes system, cell, shape, mode and threads. */
    public static void main(String[] arguments) throws IOException {
        run(arguments, ComparisonWorker::peer);
    }

    /** The same for a system that {@code maker} makes. */
    static void run(String[] arguments, Maker maker) throws IOException {
        boolean training = arguments[3].equals("train");
        int threads = Integer.parseInt(arguments[4]);
        boolean words = WordModel.SHAPES.contains(arguments[2]);
        try (Peer peer = words
                ? words(arguments[0], GoldenCell.of(arguments[1]), arguments[2], training, threads)
                : make(maker, arguments[0], Stacks.of(GoldenCell.of(arguments[1]), arguments[2]), training, threads);
                var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            peer.run();
            System.out.println("ready\t" + peer.system() + "\t" + peer.check());
            boolean warm = false;
            while (lines.readLine() != null) {
                time(peer, warm ? SETTLE_SECONDS : WARM_UP_SECONDS, 1);
                warm = true;
                double[] micros = time(peer, ROUND_SECONDS, LEAST_CALLS);
                double least = Arrays.stream(micros).min().orElseThrow();
                double high = Ratios.percentile(micros, 99);
                System.out.println("round\t" + Ratios.median(micros) + "\t" + least + "\t" + high);
            }
        } catch (UnsupportedOperationException e) {
            System.out.println("absent\t" + e.getMessage());
        }
    }

    private static Peer make(Maker maker, String system, List<GoldenCase> stack, boolean training, int threads) {
        if (training && stack.size() > 1) {
            throw new UnsupportedOperationException("layers on top of each other are compared in inference only");
        }
        return maker.make(system, stack, training, threads);
    }

    private static Peer words(String system, GoldenCell cell, String shape, boolean training, int threads) {
        if (!training || cell != GoldenCell.LSTM) {
            throw new UnsupportedOperationException("word models are compared in training, with an LSTM");
        }
        var model = new WordModel(CellBenchmark.shape(shape));
        return switch (system) {
            case PeerFigures.OURS -> new RondoWordModel(model, Backend.NATIVE, threads);
            case "rondo-vector" -> new RondoWordModel(model, Backend.VECTOR, threads);
            case "libtorch" -> new LibtorchWordModel(model, threads);
            case "djl" -> new DjlWordModel(model, threads);
            default -> throw new UnsupportedOperationException("word models are compared with libtorch alone");
        };
    }

    private static Peer peer(String system, List<GoldenCase> stack, boolean training, int threads) {
        if (!training && system.equals(PeerFigures.PREPACKED)) {
            throw new UnsupportedOperationException("as onednn, which packs once in inference");
        }
        if (training && system.equals("onnxruntime")) {
            throw new UnsupportedOperationException("ONNX Runtime has inference only");
        }
        return switch (system) {
            case PeerFigures.OURS -> new RondoPeer(stack, Backend.NATIVE, training, threads);
            case "rondo-vector" -> new RondoPeer(stack, Backend.VECTOR, training, threads);
            case "libtorch" -> new LibtorchPeer(stack, training, threads);
            case "djl" -> new DjlPeer(stack, training, threads);
            case "onnxruntime" -> new OnnxRuntimePeer(stack, threads);
            case "onednn" -> new OneDnnPeer(stack, training, true); // takes its threads from OMP_NUM_THREADS
            case PeerFigures.PREPACKED -> new OneDnnPeer(stack, true, false);
            default -> throw new IllegalArgumentException("system: expected one of Comparison's, got " + system);
        };
    }

    private static double[] time(Peer peer, double seconds, int leastCalls) {
        var micros = new double[MOST_CALLS];
        int calls = 0;
        long start = System.nanoTime();
        long last = start;
        while (calls < leastCalls || calls < MOST_CALLS && last - start < seconds * 1e9) {
            peer.run();
            long now = System.nanoTime();
            micros[calls++] = (now - last) / 1e3;
            last = now;
        }
        return Arrays.copyOf(micros, calls);
    }
}
