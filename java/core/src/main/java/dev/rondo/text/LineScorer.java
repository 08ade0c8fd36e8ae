package dev.rondo.text;

import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Predicts the tokens of lines, each line from the zero state, B lines side by side. Lines of nearly the same length
 * are taken together, so that little is computed that nobody asked for.
 */
final class LineScorer implements AutoCloseable {
    /** Lines side by side: weights are read once for as many. */
    static final int MANY = 32;

    /** Steps of a pass of one line: most lines are shorter than this. */
    private static final int STEPS_OF_ONE = 64;

    /** Steps of a pass of many lines; they go on in the next one. */
    private static final int STEPS_OF_MANY = 16;

    private final Network network;
    private final int lanes; // B
    private final int chunk; // the most steps of a pass
    private final TokenBlock block;
    private final NetworkPass pass;
    private final MemorySegment[] states; // of the pass, by layers and planes, [B, P] each
    private final byte[][] kept; // what they were behind the last prefix
    private int prefix; // its tokens

    /** A scorer of lines one by one. */
    static LineScorer ofOne(Network network) {
        return new LineScorer(network, 1, STEPS_OF_ONE);
    }

    /** A scorer of lines side by side. */
    static LineScorer ofMany(Network network) {
        return new LineScorer(network, MANY, STEPS_OF_MANY);
    }

    private LineScorer(Network network, int lanes, int chunk) {
        this.network = network;
        this.lanes = lanes;
        this.chunk = chunk;
        this.block = new TokenBlock(chunk, lanes);
        this.pass = network.inference(chunk, lanes).carryState(true);
        List<Layer> layers = network.description().layers();
        this.states = IntStream.range(0, layers.size()).boxed()
                .flatMap(layer -> IntStream.range(0, layers.get(layer).cell().planeWidths().length)
                        .mapToObj(plane -> pass.state(layer, plane)))
                .toArray(MemorySegment[]::new);
        this.kept = new byte[states.length][];
    }

    /**
     * {@return of each line, in their order, the nats of each token but the first, N - 1 of N tokens}
     *
     * @param lines tokens; may be empty
     */
    double[][] score(List<int[]> lines) {
        prefix = 0;
        return scoreBehindPrefix(lines);
    }

    /**
     * {@return what several lines begin with} One lane reads it, and then all lanes are where it is.
     *
     * @param tokens may be empty
     */
    LinePrefix readPrefix(int[] tokens) {
        prefix = tokens.length;
        if (prefix == 0) {
            return LinePrefix.NONE;
        }
        var nats = new double[prefix - 1];
        var logits = new float[network.outputSize()];
        var lengths = new int[lanes];
        pass.resetState();
        for (int step = 0; step < prefix; step += chunk) {
            int count = Math.min(chunk, prefix - step);
            lengths[0] = count;
            for (int t = 0; t < count; t++) {
                block.set(t, 0, tokens[step + t], SequenceBatch.IGNORED);
            }
            pass.forward(block.inputs(count).lengths(lengths));
            MemorySegment outputs = pass.outputs();
            for (int t = 0; t < count; t++) {
                read(outputs, t, logits);
                if (step + t < nats.length) {
                    nats[step + t] = LogSoftmax.normalizer(logits) - logits[tokens[step + t + 1]];
                }
            }
        }
        pass.select(new int[lanes]);
        for (int i = 0; i < states.length; i++) {
            kept[i] = states[i].toArray(ValueLayout.JAVA_BYTE);
        }
        return LinePrefix.of(nats, logits);
    }

    /** Reads the logits of the first lane at a step. */
    private void read(MemorySegment outputs, int step, float[] logits) {
        long from = (long) step * lanes * logits.length;
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) network.precision().get(outputs, from + i);
        }
    }

    /** {@return what {@link #score} does, of what stands behind the prefix in lines} */
    double[][] scoreBehindPrefix(List<int[]> lines) {
        var nats = new double[lines.size()][];
        for (int i = 0; i < nats.length; i++) {
            nats[i] = new double[Math.max(0, lines.get(i).length - 1)];
        }
        int[] order = IntStream.range(0, nats.length).boxed()
                .sorted(Comparator.comparingInt(line -> -nats[line].length))
                .mapToInt(Integer::intValue).toArray();
        for (int first = 0; first < order.length; first += lanes) {
            score(lines, Arrays.copyOfRange(order, first, Math.min(first + lanes, order.length)), nats);
        }
        return nats;
    }

    /** Scores up to B lines, the longest first. */
    private void score(List<int[]> lines, int[] group, double[][] nats) {
        begin();
        int steps = nats[group[0]].length;
        for (int step = 0; step < steps; step += chunk) {
            int count = Math.min(chunk, steps - step);
            for (int lane = 0; lane < lanes; lane++) {
                int[] tokens = lane < group.length ? lines.get(group[lane]) : new int[0];
                for (int t = 0; t < count; t++) {
                    int at = step + t;
                    boolean predicts = at + 1 < tokens.length;
                    block.set(t, lane, predicts ? tokens[at] : 0, predicts ? tokens[at + 1] : SequenceBatch.IGNORED);
                }
            }
            pass.forward(block.batch(count));
            for (int lane = 0; lane < group.length; lane++) {
                double[] of = nats[group[lane]];
                for (int t = 0; t < count && step + t < of.length; t++) {
                    of[step + t] = pass.loss(t, lane);
                }
            }
        }
    }

    private void begin() {
        if (prefix == 0) {
            pass.resetState();
            return;
        }
        pass.timeOrigin(prefix);
        for (int i = 0; i < states.length; i++) {
            MemorySegment.copy(kept[i], 0, states[i], ValueLayout.JAVA_BYTE, 0, kept[i].length);
        }
    }

    @Override
    public void close() {
        pass.close();
    }
}
