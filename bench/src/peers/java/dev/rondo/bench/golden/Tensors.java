package dev.rondo.bench.golden;

import java.nio.DoubleBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** Between arrays and libtorch's tensors of float64. */
final class Tensors {
    private Tensors() {}

    static Tensor of(double[] values, int... dimensions) {
        return Tensor.create(values, Arrays.stream(dimensions).asLongStream().toArray());
    }

    /** A tensor that gradients are wanted of. */
    static Tensor leaf(double[] values, int... dimensions) {
        return of(values, dimensions).set_requires_grad(true);
    }

    static Tensor of(int[] values, int... dimensions) {
        return Tensor.create(Arrays.stream(values).asLongStream().toArray(),
                Arrays.stream(dimensions).asLongStream().toArray());
    }

    static double[] read(Tensor tensor) {
        try (var _ = new PointerScope()) { // keeps the copy that the buffer looks into
            var values = new double[Math.toIntExact(tensor.numel())];
            DoubleBuffer buffer = tensor.detach().contiguous().createBuffer();
            buffer.get(values);
            return values;
        }
    }

    /** What made the numbers, for the files. */
    static String system() {
        return "libtorch (bytedeco pytorch " + Tensor.class.getPackage().getImplementationVersion() + ") float64";
    }
}
