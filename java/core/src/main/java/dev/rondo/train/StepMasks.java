package dev.rondo.train;

import dev.rondo.memory.Precision;
import dev.rondo.network.LayerMasks;
import dev.rondo.network.NetworkPass;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The masks of one sequence in one layer at a step; each is null where there is none.
 *
 * @param output [W], factors on what the layer hands on
 * @param recurrent [P], factors on the old output where recurrent weights read it
 * @param hold [H], 1 where a unit keeps its old state
 */
record StepMasks(double[] output, double[] recurrent, byte[] hold) {
    /** {@return those of sequence {@code b} in the one step that a pass has made} */
    static StepMasks of(NetworkPass pass, int layer, int b) {
        LayerMasks masks = pass.masks(layer);
        Precision precision = pass.network().precision();
        return new StepMasks(row(precision, masks.output(), pass.batchSize(), b),
                row(precision, masks.recurrent(), pass.batchSize(), b),
                masks.hold() == null ? null : part(masks.hold(), pass.batchSize(), b).toArray(ValueLayout.JAVA_BYTE));
    }

    private static double[] row(Precision precision, MemorySegment factors, int sequences, int b) {
        if (factors == null) {
            return null;
        }
        MemorySegment part = part(factors, sequences, b);
        var row = new double[Math.toIntExact(part.byteSize() / precision.bytes())];
        precision.read(part, 0, row, row.length);
        return row;
    }

    private static MemorySegment part(MemorySegment all, int sequences, int b) {
        long bytes = all.byteSize() / sequences;
        return all.asSlice(b * bytes, bytes);
    }

    /** {@return the factor on number {@code i} of what the layer hands on} */
    double onOutput(int i) {
        return output == null ? 1 : output[i];
    }

    /** {@return the factor on number {@code i} of the old output where recurrent weights read it} */
    double onRecurrent(int i) {
        return recurrent == null ? 1 : recurrent[i];
    }
}
