package dev.rondo.network;

import dev.rondo.cell.Backend;
import dev.rondo.kernel.NativeSoftmax;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Softmax and cross-entropy over rows of outputs of one width, each with a class, on the backend of a network. */
sealed interface RowSoftmax {
    /**
     * {@return the sum of the losses of {@code rows} rows}
     *
     * @param rows how many there are
     * @param outputs [rows, C]
     * @param targets int32 [rows]; a row of -1 does not count: its loss and gradient are zero
     * @param scale factor of the gradient
     * @param gradient [rows, C], assigned; null = not wanted
     */
    double run(int rows, MemorySegment outputs, MemorySegment targets, double scale, MemorySegment gradient);

    /** {@return the loss of a row of the last run, which counted} */
    double loss(int row);

    /** {@return log(sum exp) of the C outputs from element {@code begin} on} */
    double logSumExp(MemorySegment outputs, long begin);

    /** {@return what runs over up to {@code mostRows} rows of {@code classes} outputs} */
    static RowSoftmax of(Network network, int mostRows, int classes) {
        Precision precision = network.precision();
        return network.backend() == Backend.NATIVE
                ? new Native(new NativeSoftmax(precision, network.execution(), mostRows, classes))
                : new InJava(precision, new double[classes], new double[mostRows]);
    }

    /** In the native library. */
    record Native(NativeSoftmax softmax) implements RowSoftmax {
        @Override
        public double run(
                int rows, MemorySegment outputs, MemorySegment targets, double scale, MemorySegment gradient) {
            return softmax.run(rows, outputs, targets, scale, gradient == null ? MemorySegment.NULL : gradient);
        }

        @Override
        public double loss(int row) {
            return softmax.loss(row);
        }

        @Override
        public double logSumExp(MemorySegment outputs, long begin) {
            return softmax.logSumExp(outputs, begin);
        }
    }

    /** In plain Java, in float64. */
    record InJava(Precision precision, double[] row, double[] losses) implements RowSoftmax {
        @Override
        public double run(
                int rows, MemorySegment outputs, MemorySegment targets, double scale, MemorySegment gradient) {
            double sum = 0;
            for (int n = 0; n < rows; n++) {
                long begin = (long) n * row.length;
                int target = targets.getAtIndex(ValueLayout.JAVA_INT, n);
                if (target >= 0) {
                    precision.read(outputs, begin, row, row.length);
                    losses[n] = SoftmaxPass.softmax(row, target, scale);
                    sum += losses[n];
                }
                if (gradient != null && target >= 0) {
                    precision.write(row, gradient, begin, row.length);
                } else if (gradient != null) {
                    Elementwise.zero(precision, gradient, begin, row.length);
                }
            }
            return sum;
        }

        @Override
        public double loss(int row) {
            return losses[row];
        }

        @Override
        public double logSumExp(MemorySegment outputs, long begin) {
            precision.read(outputs, begin, row, row.length);
            double first = row[0];
            return SoftmaxPass.softmax(row, 0, 1) + first;
        }
    }
}
