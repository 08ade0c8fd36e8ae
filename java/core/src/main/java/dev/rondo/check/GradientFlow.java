package dev.rondo.check;

import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * How far back a gradient reaches: the loss at the last step of each sequence, differentiated by the state before each
 * of its steps. Where the norms fall with the lag, a network cannot learn from what is so long ago (Hochreiter 1991;
 * Bengio, Simard and Frasconi 1994); where they grow, gradients explode (Pascanu, Mikolov and Bengio 2013).
 *
 * <pre>{@code
 * GradientFlow flow = GradientFlow.of(network, batch);
 * System.out.println(flow.describe(0));              // gradient falls below 1 % after 23 steps
 * double[] norms = flow.norms(0, 0);                 // of the output of layer 0, by lag
 * }</pre>
 *
 * <p>The state of lag k is the one in which the last k steps of a sequence are entered. A norm is the root mean
 * square, over the sequences of at least k steps, of the Euclidean norm of dL/dstate. L is what the network's loss
 * makes of the last valid step; of a batch without targets, the sum of the outputs there. Sequences start from the zero
 * state, or from the learned one.
 *
 * <p>The gradients are exact, by back-propagation through the last k steps for each k: O(T<sup>2</sup>) time, the
 * memory of one pass. The gradients of the parameters are zero afterwards. Layers with dropout or zoneout are refused:
 * their masks would be others for each k.
 */
public final class GradientFlow {
    /** What the reach of a gradient ends at, as a share of the norm of lag 1. */
    public static final double REACH = 0.01;

    private final List<double[][]> norms; // of each layer [plane][lag - 1]

    private GradientFlow(List<double[][]> norms) {
        this.norms = norms;
    }

    /**
     * {@return the norms of a network's gradients on a batch}
     *
     * @param network of any backend and precision; stays the caller's to close
     * @param batch with or without targets and lengths
     * @throws IllegalArgumentException if the batch does not fit the network, all of its sequences are empty, or a layer
     *     is bidirectional, whose steps all depend on one another, or has dropout or zoneout
     * @throws IllegalStateException if the network is closed
     */
    public static GradientFlow of(Network network, SequenceBatch batch) {
        Objects.requireNonNull(network, "network: expected one, got null");
        Objects.requireNonNull(batch, "batch: expected one, got null");
        RecurrentJacobian.refuseMasks(network);
        int[] lengths = lengths(batch);
        int longest = Arrays.stream(lengths).max().orElseThrow();
        if (longest == 0) {
            throw new IllegalArgumentException("batch: expected a sequence of at least one step, got empty ones");
        }
        List<double[][]> norms = network.description().layers().stream()
                .map(layer -> new double[layer.planeWidths().length][longest])
                .toList();
        try (var pass = network.pass(batch.timeSteps(), batch.batchSize()).carryState(true)) {
            for (int start = longest - 1; start >= 0; start--) {
                double scale = backFromTheEnds(pass, batch, lengths, start);
                addSquares(pass, norms, lengths, start, scale);
            }
        } finally {
            network.zeroGradients();
        }
        for (int lag = 1; lag <= longest; lag++) {
            int least = lag;
            long sequences = Arrays.stream(lengths).filter(length -> length >= least).count();
            for (double[][] planes : norms) {
                for (double[] plane : planes) {
                    plane[lag - 1] = Math.sqrt(plane[lag - 1] / sequences);
                }
            }
        }
        return new GradientFlow(norms);
    }

    private static int[] lengths(SequenceBatch batch) {
        return batch.lengths() == null
                ? IntStream.generate(batch::timeSteps).limit(batch.batchSize()).toArray()
                : batch.lengths().toArray(ValueLayout.JAVA_INT);
    }

    /** Forward to step {@code start}, from there to the end, and back; {@return what the gradients are to be taken times} */
    private static double backFromTheEnds(NetworkPass pass, SequenceBatch batch, int[] lengths, int start) {
        pass.resetState();
        if (start > 0) {
            pass.forward(part(batch, lengths, 0, start));
        }
        SequenceBatch rest = part(batch, lengths, start, batch.timeSteps());
        boolean lastStep = pass.network().description().head().lastStep();
        if (batch.targets() == null) {
            pass.forward(rest);
            byte[] ends = ends(batch, lengths, start, lastStep);
            int outputs = pass.network().outputSize();
            MemorySegment gradient = pass.outputGradient();
            for (int i = 0; i < ends.length * outputs; i++) {
                pass.network().precision().set(gradient, i, ends[i / outputs]);
            }
            pass.backward();
            return 1;
        }
        pass.forward(withTargets(rest, batch, start, ends(batch, lengths, start, lastStep)));
        pass.backward();
        return pass.lossWeight(); // the loss is a mean
    }

    /** {@return steps {@code from} to {@code to} of a batch, without targets} */
    private static SequenceBatch part(SequenceBatch batch, int[] lengths, int from, int to) {
        int sequences = batch.batchSize();
        int steps = to - from;
        long first = (long) from * sequences;
        long rows = (long) steps * sequences;
        SequenceBatch part = batch.tokens() != null
                ? SequenceBatch.tokens(slice(batch.tokens(), first, rows, Integer.BYTES), steps, sequences)
                : SequenceBatch.of(
                        slice(batch.values(), first, rows, (long) batch.inputSize() * batch.precision().bytes()),
                        batch.precision(), steps, sequences, batch.inputSize());
        if (batch.hold() != null) {
            part = part.hold(slice(batch.hold(), first, rows, 1));
        }
        return part.lengths(Arrays.stream(lengths).map(length -> Math.clamp(length - from, 0, steps)).toArray());
    }

    /** {@return 1 at the last valid step of each sequence that goes on at {@code start}, in the order of the outputs} */
    private static byte[] ends(SequenceBatch batch, int[] lengths, int start, boolean lastStep) {
        int sequences = batch.batchSize();
        var ends = new byte[lastStep ? sequences : (batch.timeSteps() - start) * sequences];
        for (int b = 0; b < sequences; b++) {
            if (lengths[b] > start) {
                ends[(lastStep ? 0 : (lengths[b] - 1 - start) * sequences) + b] = 1;
            }
        }
        return ends;
    }

    /** {@return {@code part}, from step {@code start} on, with the targets of {@code batch} that {@code ends} marks} */
    private static SequenceBatch withTargets(SequenceBatch part, SequenceBatch batch, int start, byte[] ends) {
        boolean classes = batch.targetPrecision() == null;
        long bytes = classes ? Integer.BYTES : (long) batch.targetSize() * batch.targetPrecision().bytes();
        boolean perStep = batch.targets().byteSize() == batch.rows() * bytes;
        long first = perStep ? (long) start * batch.batchSize() : 0;
        MemorySegment targets = slice(batch.targets(), first, ends.length, bytes);
        SequenceBatch aimed = classes
                ? part.targets(targets)
                : part.targets(targets, batch.targetPrecision(), batch.targetSize());
        if (batch.targetMask() == null) {
            return aimed.targetMask(ends);
        }
        long positions = batch.targets().byteSize() / bytes;
        int each = (int) (batch.targetMask().byteSize() / positions); // marks of one position
        byte[] marks = slice(batch.targetMask(), first, ends.length, each).toArray(ValueLayout.JAVA_BYTE);
        for (int i = 0; i < marks.length; i++) {
            marks[i] *= ends[i / each];
        }
        return aimed.targetMask(marks);
    }

    private static MemorySegment slice(MemorySegment segment, long first, long count, long bytes) {
        return segment.asSlice(first * bytes, count * bytes);
    }

    private static void addSquares(
            NetworkPass pass, List<double[][]> sums, int[] lengths, int start, double scale) {
        for (int layer = 0; layer < sums.size(); layer++) {
            for (int plane = 0; plane < sums.get(layer).length; plane++) {
                double[] sum = sums.get(layer)[plane];
                MemorySegment gradient = pass.stateGradient(layer, plane);
                int width = (int) (gradient.byteSize() / pass.network().precision().bytes() / lengths.length);
                for (int i = 0; i < width * lengths.length; i++) {
                    double g = scale * pass.network().precision().get(gradient, i);
                    int lag = lengths[i / width] - start;
                    if (lag > 0) {
                        sum[lag - 1] += g * g;
                    }
                }
            }
        }
    }

    /**
     * {@return the norms of one plane by lag: element k - 1 is that of lag k, up to the longest sequence}
     *
     * @param layer from 0, the one that reads the input
     * @param plane state plane, from 0, the layer's output
     * @throws IndexOutOfBoundsException if there is no such layer or plane
     */
    public double[] norms(int layer, int plane) {
        return norms.get(layer)[plane].clone();
    }

    /**
     * {@return the norms of the whole state of a layer by lag, as {@link #norms(int, int)}}
     *
     * @param layer from 0
     * @throws IndexOutOfBoundsException if there is no such layer
     */
    public double[] norms(int layer) {
        double[][] planes = norms.get(layer);
        return IntStream.range(0, planes[0].length)
                .mapToDouble(k -> Math.sqrt(Arrays.stream(planes).mapToDouble(plane -> plane[k] * plane[k]).sum()))
                .toArray();
    }

    /**
     * {@return the greatest lag before the norm of the whole state of a layer first falls below {@link #REACH} of that
     * of lag 1; the longest lag if it never does}
     *
     * @param layer from 0
     * @throws IndexOutOfBoundsException if there is no such layer
     */
    public int reach(int layer) {
        double[] whole = norms(layer);
        return IntStream.range(0, whole.length)
                .filter(k -> !(whole[k] >= REACH * whole[0]))
                .findFirst()
                .orElse(whole.length);
    }

    /**
     * {@return one line: after how many steps the gradient has fallen to {@link #REACH}, or what is left of it at the
     * longest lag}
     *
     * @param layer from 0
     * @throws IndexOutOfBoundsException if there is no such layer
     */
    public String describe(int layer) {
        double[] whole = norms(layer);
        if (!(whole[0] > 0 && whole[0] < Double.POSITIVE_INFINITY)) {
            return "gradient is " + whole[0] + " at the last step already";
        }
        int reach = reach(layer);
        return reach < whole.length
                ? String.format(Locale.ROOT, "gradient falls below %.0f %% after %d %s",
                        100 * REACH, reach, reach == 1 ? "step" : "steps")
                : String.format(Locale.ROOT, "gradient is at %.3g %% after %d steps",
                        100 * whole[whole.length - 1] / whole[0], whole.length);
    }
}
