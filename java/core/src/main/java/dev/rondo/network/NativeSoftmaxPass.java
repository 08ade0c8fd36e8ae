package dev.rondo.network;

import dev.rondo.kernel.NativeSoftmax;
import java.lang.foreign.MemorySegment;

/** The softmax of {@link SoftmaxPass} in the native library, all positions at once. */
final class NativeSoftmaxPass extends SoftmaxPass {
    private final NativeSoftmax softmax;

    /** A softmax of the outputs of {@code network} at up to {@code positions} positions. */
    NativeSoftmaxPass(Network network, int positions, Loss.SoftmaxCrossEntropy loss) {
        super(network.precision(), network.outputSize(), loss);
        this.softmax = new NativeSoftmax(
                network.precision(), network.execution(), positions, network.outputSize(),
                loss.classWeights().stream().mapToDouble(Double::doubleValue).toArray());
    }

    @Override
    double sum(Targets targets, MemorySegment values, MemorySegment gradient, double scale) {
        return softmax.run(targets.positions(), values, targets.classes(), scale,
                gradient == null ? MemorySegment.NULL : gradient);
    }

    @Override
    double loss(int n) {
        return softmax.loss(n);
    }
}
