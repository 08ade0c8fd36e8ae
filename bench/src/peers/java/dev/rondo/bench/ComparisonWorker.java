package dev.rondo.bench;

import dev.rondo.bench.golden.GoldenCase;
import dev.rondo.bench.golden.GoldenCell;
import dev.rondo.cell.Backend;
import dev.rondo.check.NamedShape;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One system in a process of its own: says what it is and what it computes, then takes one line for each round and
 * answers with the median and the least time of a call in microseconds.
 */
public final class ComparisonWorker {
    private static final double WARM_UP_SECONDS = 1.5;
    private static final double SETTLE_SECONDS = 0.2; // before each round: threads of the system before it fall asleep
    private static final double ROUND_SECONDS = 0.7;
    private static final int LEAST_CALLS = 3;
    private static final int MOST_CALLS = 1_000_000;

    private ComparisonWorker() {}

    /** Takes system, cell, shape, mode and threads. */
    public static void main(String[] arguments) throws IOException {
        boolean training = arguments[3].equals("train");
        try (Peer peer = peer(arguments[0], given(arguments[1], arguments[2]), training,
                Integer.parseInt(arguments[4])); var lines = new BufferedReader(
                new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            peer.run();
            System.out.println("ready\t" + peer.system() + "\t" + peer.check());
            boolean warm = false;
            while (lines.readLine() != null) {
                time(peer, warm ? SETTLE_SECONDS : WARM_UP_SECONDS, 1);
                warm = true;
                double[] micros = time(peer, ROUND_SECONDS, LEAST_CALLS);
                double least = Arrays.stream(micros).min().orElseThrow();
                System.out.println("round\t" + Ratios.median(micros) + "\t" + least);
            }
        } catch (UnsupportedOperationException e) {
            System.out.println("absent\t" + e.getMessage());
        }
    }

    private static GoldenCase given(String cell, String name) {
        NamedShape shape = Choices.shape(name);
        return GoldenCase.of(GoldenCell.of(cell),
                shape.timeSteps(), shape.batchSize(), shape.inputSize(), shape.hiddenSize());
    }

    private static Peer peer(String system, GoldenCase given, boolean training, int threads) {
        if (!training && system.equals(PeerFigures.PREPACKED)) {
            throw new UnsupportedOperationException("as onednn, which packs once in inference");
        }
        if (training && system.equals("onnxruntime")) {
            throw new UnsupportedOperationException("ONNX Runtime has inference only");
        }
        return switch (system) {
            case PeerFigures.OURS -> new RondoPeer(given, Backend.NATIVE, training, threads);
            case "rondo-vector" -> new RondoPeer(given, Backend.VECTOR, training, threads);
            case "libtorch" -> new LibtorchPeer(given, training, threads);
            case "djl" -> new DjlPeer(given, training, threads);
            case "onnxruntime" -> new OnnxRuntimePeer(given, threads);
            case "onednn" -> new OneDnnPeer(given, training, true); // takes its threads from OMP_NUM_THREADS
            case PeerFigures.PREPACKED -> new OneDnnPeer(given, true, false);
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
