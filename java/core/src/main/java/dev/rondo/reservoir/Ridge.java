package dev.rondo.reservoir;

import dev.rondo.cell.CellShape;
import dev.rondo.memory.Precision;
import dev.rondo.network.Batches;
import dev.rondo.network.Dataset;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkHead;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;

/**
 * How a readout is trained by {@linkplain RidgeRegression ridge regression}: what its weights cost, and how many steps
 * of each sequence are left out until the state has forgotten where it began. A value.
 *
 * <pre>{@code
 * network = Network.builder(1).layer(Reservoir.of(100)).outputs(1).loss(Loss.meanSquaredError()).seed(1).build();
 * Ridge.of(1e-6).washout(100).fit(network, data);     // the dense head alone: layers stay as they are
 * double loss = network.evaluate(data).loss();
 * }</pre>
 *
 * @param lambda what the squares of the weights cost, at least 0; not that of the bias
 * @param washout steps at the beginning of each sequence that do not count, at least 0
 */
public record Ridge(double lambda, int washout) {
    private static final int BATCH_SIZE = 32;

    /** What a pass has room for: sequences may be of any length. */
    private static final int PIECE_STEPS = 256;

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is negative, or {@code lambda} is not finite
     */
    public Ridge {
        RidgeRegression.requirePenalty(lambda);
        if (washout < 0) {
            throw new IllegalArgumentException("washout: expected at least 0 steps, got " + washout);
        }
    }

    /**
     * {@return ridge regression in which all steps count}
     *
     * @param lambda what the squares of the weights cost, at least 0
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public static Ridge of(double lambda) {
        return new Ridge(lambda, 0);
    }

    /**
     * {@return the same with a beginning of each sequence that does not count}
     *
     * @param steps at least 0; of a head that reads the last step, nothing
     * @throws IllegalArgumentException if it is negative
     */
    public Ridge washout(int steps) {
        return new Ridge(lambda, steps);
    }

    /**
     * Sets the dense head of a network, with its skip if it has one, to what the regression of the targets finds;
     * layers stay as they are, whether random or trained. What is regressed, always by squared errors, the loss of the
     * network says:
     *
     * <ul>
     * <li>{@link Loss.MeanSquaredError}: the targets as they are
     * <li>{@link Loss.SoftmaxCrossEntropy}: 1 for the class and -1 for the others, so that the largest output predicts
     *     it; weights of classes have no part
     * <li>{@link Loss.SigmoidCrossEntropy}: 2 y - 1 for a target y, so -1 for 0 and 1 for 1, and an output above 0
     *     predicts 1
     * </ul>
     *
     * <p>With either cross-entropy outputs are no logits, so {@link Network#evaluate(Dataset)} gives the accuracy,
     * while its loss means little. A network that is trained by a loss of one's own has none, and is refused.
     *
     * @param network with a dense head and a loss, which says what targets are
     * @param data sequences that fit it, with targets; 32 run side by side, 256 steps at a time, so that the memory for
     *     states does not grow with their length; each as a whole where the network has a bidirectional layer, or its
     *     head reads the last step
     * @return what was found, in float64; features are the top layer's output, then the input that a skip reads
     * @throws IllegalArgumentException if the network has no dense head with weights of its own, or no loss, if data
     *     or targets do not fit, if some numbers of a row count and others do not, or as
     *     {@link RidgeRegression#solve} says
     * @throws java.io.UncheckedIOException if a stream cannot be opened
     * @throws IllegalStateException if the network is closed
     */
    public LinearReadout fit(Network network, Dataset data) {
        Objects.requireNonNull(network, "network: expected one, got null");
        Objects.requireNonNull(data, "data: expected a data set, got null");
        NetworkHead head = network.description().head();
        if (!head.dense() || head.loss() == null) {
            throw new IllegalArgumentException("network: expected one with a dense head and a loss, got "
                    + (head.dense() ? "no loss" : "no dense head"));
        }
        if (head.tied() || head.loss() instanceof Loss.AdaptiveSoftmax) {
            throw new IllegalArgumentException("network: expected a dense head with weights of its own, got "
                    + (head.tied() ? "one with those of the embedding" : "an adaptive softmax"));
        }
        int top = network.description().topSize();
        int features = Math.addExact(top, head.skip() ? network.description().input().size() : 0);
        try (var regression = RidgeRegression.of(features, head.outputs(), network.execution().threads());
                var batches = Batches.inference(network, data, BATCH_SIZE)) {
            var rows = new Rows(regression, head.lastStep() ? 0 : washout, top);
            Batches.PieceVisitor add = (pass, piece, firstStep) -> {
                pass.forward(piece);
                rows.add(pass, piece, firstStep);
                return true;
            };
            boolean whole = head.lastStep()
                    || network.description().layers().stream().anyMatch(layer -> layer.directions() > 1);
            if (whole) {
                batches.epoch(0, (pass, batch) -> add.visit(pass, batch, 0));
            } else {
                batches.epochInPieces(0, PIECE_STEPS, add);
            }
            LinearReadout readout = regression.solve(lambda);
            write(readout, network, top);
            return readout;
        }
    }

    private static void write(LinearReadout readout, Network network, int top) {
        Precision precision = network.precision();
        MemorySegment weight = network.parameters().view("head.weight");
        MemorySegment skip = readout.features() == top ? null : network.parameters().view("head.skipWeight");
        int rest = readout.features() - top;
        for (int o = 0; o < readout.outputs(); o++) {
            for (int j = 0; j < top; j++) {
                precision.set(weight, (long) o * top + j, readout.weight(o, j));
            }
            for (int j = 0; j < rest; j++) {
                precision.set(skip, (long) o * rest + j, readout.weight(o, top + j));
            }
        }
        precision.write(readout.bias(), network.parameters().view("head.bias"), 0, readout.outputs());
        network.parameters().changed();
    }

    /** Takes what counts of a batch into a regression. */
    private static final class Rows {
        private final RidgeRegression regression;
        private final int washout;
        private final double[] top;
        private final double[] rest; // what a skip reads
        private final double[] features;
        private final double[] target;

        Rows(RidgeRegression regression, int washout, int top) {
            this.regression = regression;
            this.washout = washout;
            this.top = new double[top];
            this.rest = new double[regression.features() - top];
            this.features = new double[regression.features()];
            this.target = new double[regression.outputs()];
        }

        void add(NetworkPass pass, SequenceBatch batch, int firstStep) {
            if (batch.targets() == null) {
                throw new IllegalArgumentException("data: expected sequences with targets, got none");
            }
            int batchSize = batch.batchSize();
            boolean lastStep = pass.network().description().head().lastStep();
            int steps = lastStep ? 1 : batch.timeSteps();
            for (int t = Math.max(0, washout - firstStep); t < steps; t++) {
                for (int b = 0; b < batchSize; b++) {
                    if (lastStep || t < length(batch, b)) {
                        add(pass, batch, (long) t * batchSize + b);
                    }
                }
            }
        }

        private static int length(SequenceBatch batch, int b) {
            return batch.lengths() == null
                    ? batch.timeSteps()
                    : batch.lengths().getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, b);
        }

        private void add(NetworkPass pass, SequenceBatch batch, long position) {
            if (!counts(batch, position)) {
                return;
            }
            Precision precision = pass.network().precision();
            precision.read(pass.headInput(), position * top.length, top, top.length);
            System.arraycopy(top, 0, features, 0, top.length);
            if (rest.length > 0) {
                precision.read(pass.skipInput(), position * rest.length, rest, rest.length);
                System.arraycopy(rest, 0, features, top.length, rest.length);
            }
            if (batch.targetPrecision() == null) {
                regression.add(features, batch.targets().getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, position));
            } else {
                batch.targetPrecision().read(batch.targets(), position * target.length, target, target.length);
                if (pass.network().description().head().loss() instanceof Loss.SigmoidCrossEntropy) {
                    Arrays.setAll(target, o -> 2 * target[o] - 1); // outputs are compared with 0
                }
                regression.add(features, target);
            }
        }

        private boolean counts(SequenceBatch batch, long position) {
            if (batch.targetPrecision() == null) {
                int label = batch.targets().getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, position);
                return label != SequenceBatch.IGNORED;
            }
            if (batch.targetMask() == null) {
                return true;
            }
            long positions = batch.targets().byteSize() / ((long) target.length * batch.targetPrecision().bytes());
            long marks = batch.targetMask().byteSize() / positions; // of each: 1, or one per output
            int counting = 0;
            for (long i = 0; i < marks; i++) {
                counting += batch.targetMask().get(ValueLayout.JAVA_BYTE, position * marks + i) != 0 ? 1 : 0;
            }
            if (counting != 0 && counting != marks) {
                throw new IllegalArgumentException("targets: expected rows of which all numbers count or none, got "
                        + counting + " of " + marks);
            }
            return counting != 0;
        }
    }
}
