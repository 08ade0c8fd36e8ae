package dev.rondo.network;

import dev.rondo.kernel.Products;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The clusters of a {@link Loss.AdaptiveSoftmax} in a pass, which all its shapes share, and the softmax over the dense
 * layer's outputs, of which the clusters have the last.
 *
 * <p>N positions, at most as many as the pass has; O classes.
 */
final class AdaptiveClusters {
    private final Workspace workspace;
    private final Precision precision;
    private final int positions; // the most
    private final int classes; // O
    private final int frequent; // classes that the dense layer has
    private final RowSoftmax softmax; // of the dense layer
    private final MemorySegment targets; // int32 [N], of the dense layer
    private final AdaptiveCluster[] clusters;
    private final double[] losses; // [N]
    private MemorySegment outputs; // [N, O]; made when they are first asked for
    private MemorySegment some; // of as many positions as were last asked for

    AdaptiveClusters(NetworkPass owner, Loss.AdaptiveSoftmax description, int positions, Products products) {
        Network network = owner.network();
        this.workspace = owner.workspace();
        this.precision = network.precision();
        this.positions = positions;
        this.classes = network.outputSize();
        this.frequent = description.cutoffs().getFirst();
        this.softmax = RowSoftmax.of(network, positions, description.topOutputs());
        this.targets = workspace.allocateBytes((long) positions * Integer.BYTES);
        this.losses = new double[positions];
        this.clusters = new AdaptiveCluster[description.cutoffs().size()];
        for (int i = 0; i < clusters.length; i++) {
            clusters[i] = new AdaptiveCluster(owner, description, i, positions, products);
        }
    }

    /** Forgets which positions have a class of a cluster. */
    void clear() {
        for (AdaptiveCluster cluster : clusters) {
            cluster.clear();
        }
    }

    /** Gives each position to the cluster that its class is in, if it is in one. */
    void sort(Targets of) {
        clear();
        for (int n = 0; n < of.positions(); n++) {
            int target = of.classOf(n); // IGNORED where none counts
            if (target >= frequent) {
                int cluster = clusters.length - 1;
                while (target < clusters[cluster].first()) {
                    cluster--;
                }
                clusters[cluster].add(n, target);
                target = frequent + cluster;
            }
            targets.setAtIndex(ValueLayout.JAVA_INT, n, target);
        }
    }

    /** {@return the sum of the losses of the positions that were sorted}; assigns the gradient of {@code dense} */
    double sum(MemorySegment h, DenseHead dense, double scale) {
        int rows = (int) dense.rows();
        double sum = softmax.run(rows, dense.outputs(), targets, scale, dense.outputGradient());
        for (int n = 0; n < rows; n++) {
            losses[n] = softmax.loss(n);
        }
        for (AdaptiveCluster cluster : clusters) {
            sum += cluster.sum(h, scale, losses);
        }
        return sum;
    }

    /** {@return the loss of position {@code n}, which counted in the last {@link #sum}} */
    double loss(int n) {
        return losses[n];
    }

    /** Adds the gradients of parameters and of h. */
    void backward(Head.Reads h) {
        for (AdaptiveCluster cluster : clusters) {
            cluster.backward(h.values(), h.gradient());
        }
    }

    /** {@return log-probabilities of the first {@code count} positions, [count, O]} */
    MemorySegment outputs(int count) {
        if (outputs == null) {
            outputs = workspace.allocate(precision, (long) positions * classes);
        }
        long elements = (long) count * classes;
        if (some == null || some.byteSize() != elements * precision.bytes()) {
            some = precision.slice(outputs, 0, elements);
        }
        return some;
    }

    /**
     * Writes {@link #outputs}.
     *
     * @param h [count, H]
     * @param dense outputs of the dense layer, [count, frequent + clusters]
     */
    void writeOutputs(int count, MemorySegment h, MemorySegment dense) {
        MemorySegment all = outputs(count);
        for (AdaptiveCluster cluster : clusters) {
            cluster.writeLogits(count, h, all);
        }
        int width = frequent + clusters.length;
        for (int n = 0; n < count; n++) {
            long from = (long) n * width;
            long to = (long) n * classes;
            double total = softmax.logSumExp(dense, from);
            Elementwise.copy(precision, dense, from, all, to, frequent);
            Elementwise.add(precision, all, to, frequent, -total);
            for (int i = 0; i < clusters.length; i++) {
                clusters[i].normalize(all, to, precision.get(dense, from + frequent + i) - total);
            }
        }
    }
}
