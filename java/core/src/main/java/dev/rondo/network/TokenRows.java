package dev.rondo.network;

import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Which rows of a network's gradients may differ from zero. Of a tensor that has a row per token, a batch touches the
 * rows of its own tokens alone: of a vocabulary of 50,000 some hundreds. All else that goes over gradients, setting to
 * zero, norms, updates, can leave the other rows out. Tensors without such rows are always gone over whole, and so is
 * an embedding that the head shares, for a batch touches all of its rows.
 *
 * <p>The rows are those of all backward passes since {@link Network#zeroGradients()}; taking {@link
 * Network#gradients()} marks all of them, since whoever has the gradients may write to them.
 */
public final class TokenRows {
    private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[1 << 14]).asReadOnly();

    private final List<TensorLayout.Tensor> tensors; // [V, width] each
    private final int vocabularySize;
    private final BitSet touched;

    TokenRows(NetworkDescription description) {
        TensorLayout layout = description.layout();
        this.tensors = names(description).stream().map(layout::get).toList();
        this.vocabularySize = tensors.isEmpty() ? 0 : tensors.getFirst().shape().getFirst();
        this.touched = new BitSet(vocabularySize);
        touchAll(); // of gradients whose past is unknown
    }

    private static List<String> names(NetworkDescription description) {
        return switch (description.input()) {
            case NetworkInput.Dense _ -> List.of();
            case NetworkInput.Embedding _ ->
                    description.head().tied() ? List.of() : List.of(NetworkDescription.EMBEDDING_WEIGHT);
            case NetworkInput.OneHot _ -> {
                Layer layer = description.layers().getFirst();
                List<String> ofCell = layer.cell().blocks(description.inputSize(0), description.inputKind(0)).stream()
                        .filter(block -> block.source() == Source.INPUT && block.rowStride() == 1)
                        .map(ParameterBlock::tensor).distinct().toList();
                yield IntStream.range(0, layer.directions()).boxed().flatMap(direction -> ofCell.stream()
                        .map(name -> NetworkDescription.prefix(0, direction) + name)).toList();
            }
        };
    }

    /** {@return the tensors that have a row per token, [V, width] each} */
    public List<TensorLayout.Tensor> tensors() {
        return tensors;
    }

    /**
     * {@return the first touched row from one on, or -1 if there is none}
     *
     * @param row where to begin, at least 0
     * @throws IndexOutOfBoundsException if it is negative
     */
    public int nextTouched(int row) {
        return touched.nextSetBit(notNegative(row));
    }

    /**
     * {@return the first row from one on that is not touched; V if there is none}
     *
     * @param row where to begin, at least 0
     * @throws IndexOutOfBoundsException if it is negative
     */
    public int nextUntouched(int row) {
        return touched.nextClearBit(notNegative(row));
    }

    private static int notNegative(int row) {
        if (row < 0) {
            throw new IndexOutOfBoundsException("row: expected at least 0, got " + row);
        }
        return row;
    }

    void touchAll() {
        touched.set(0, vocabularySize);
    }

    /** Marks the rows of {@code tokens}, int32, all from 0 to V - 1. */
    void touch(MemorySegment tokens) {
        if (tensors.isEmpty()) {
            return;
        }
        long count = tokens.byteSize() / Integer.BYTES;
        for (long i = 0; i < count; i++) {
            touched.set(tokens.getAtIndex(ValueLayout.JAVA_INT, i));
        }
    }

    /** Sets to zero what may differ from it, and forgets the rows. */
    void zero(MemorySegment gradients, Precision precision) {
        long end = 0;
        for (TensorLayout.Tensor tensor : tensors) {
            fill(gradients, precision, end, tensor.offset());
            int width = width(tensor);
            for (int row = nextTouched(0); row >= 0; row = nextTouched(row)) {
                int first = row;
                row = nextUntouched(row);
                long begin = tensor.offset() + (long) first * width;
                fill(gradients, precision, begin, begin + (long) (row - first) * width);
            }
            end = tensor.offset() + (long) vocabularySize * width;
        }
        fill(gradients, precision, end, gradients.byteSize() / precision.bytes());
        touched.clear();
    }

    /** Sets elements {@code begin} to {@code end} to zero, without making a slice of them. */
    private static void fill(MemorySegment gradients, Precision precision, long begin, long end) {
        long last = end * precision.bytes();
        for (long at = begin * precision.bytes(); at < last; at += ZEROS.byteSize()) {
            MemorySegment.copy(ZEROS, 0, gradients, at, Math.min(ZEROS.byteSize(), last - at));
        }
    }

    /**
     * {@return numbers per row of a tensor}
     *
     * @param tensor one of {@link #tensors()}
     */
    public int width(TensorLayout.Tensor tensor) {
        Objects.requireNonNull(tensor, "tensor: expected one with a row per token, got null");
        int width = 1;
        for (int axis = 1; axis < tensor.shape().size(); axis++) {
            width *= tensor.shape().get(axis);
        }
        return width;
    }
}
