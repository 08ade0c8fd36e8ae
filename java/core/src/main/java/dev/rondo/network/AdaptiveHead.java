package dev.rondo.network;

import java.lang.foreign.MemorySegment;

/**
 * The head of a {@link Loss.AdaptiveSoftmax}: a dense layer of the frequent classes and the clusters, and beyond it
 * what the clusters make of the positions whose class is in them. Log-probabilities of all classes are computed only
 * when they are asked for.
 *
 * <p>N positions; H width of the top layer, O classes.
 */
final class AdaptiveHead implements Head {
    private final DenseHead dense;
    private final Reads h; // [N, H]
    private final AdaptiveClusters clusters;
    private final int positions; // N
    private boolean pending;

    AdaptiveHead(DenseHead dense, Reads h, AdaptiveClusters clusters, long positions) {
        this.dense = dense;
        this.h = h;
        this.clusters = clusters;
        this.positions = (int) positions;
    }

    @Override
    public MemorySegment outputs() {
        return clusters.outputs(positions);
    }

    @Override
    public MemorySegment outputGradient() {
        return null;
    }

    @Override
    public boolean outputsPending() {
        return pending;
    }

    @Override
    public void completeOutputs() {
        clusters.writeOutputs(positions, h.values(), dense.outputs());
        pending = false;
    }

    @Override
    public MemorySegment input() {
        return dense.input();
    }

    @Override
    public void forward() {
        dense.forward();
        pending = true;
    }

    @Override
    public double sum(LossPass loss, Targets targets, double scale) {
        clusters.sort(targets);
        return clusters.sum(h.values(), dense, scale);
    }

    @Override
    public double loss(LossPass loss, int n) {
        return clusters.loss(n);
    }

    @Override
    public void zeroGradient() {
        dense.zeroGradient();
        clusters.clear();
    }

    @Override
    public void backward() {
        dense.backward();
        clusters.backward(h);
    }
}
