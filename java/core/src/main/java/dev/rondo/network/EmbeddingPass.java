package dev.rondo.network;

import dev.rondo.memory.Parameters;
import dev.rondo.memory.TensorLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Learned vectors of tokens: forward gathers a row per position, backward adds each position's gradient to its token's
 * row. The rows of tokens that do not occur are not touched. In training a part of what was gathered may be dropped.
 *
 * <p>N = T * B positions, V tokens, W numbers per token; weight [V, W].
 */
final class EmbeddingPass {
    private final Network network;
    private final int vocabularySize;
    private final int width;
    private final int batchSize;
    private final MemorySegment ids; // int32 [N]
    private final MemorySegment weight; // [V, W]
    private final MemorySegment weightGradient; // [V, W]; null without gradients
    private final MemorySegment output; // [N, W]
    private final MemorySegment outputGradient; // [N, W]; null without gradients
    private final DropoutMask mask; // null where nothing is dropped
    private final double[] sum;
    private final double[] row;

    /** The vectors of {@code ids}, which go to the first N rows of what the shapes of a pass share. */
    EmbeddingPass(Network network, NetworkInput.Embedding input, MemorySegment ids, PassShape.Shared shared) {
        Parameters parameters = network.parameters();
        TensorLayout.Tensor tensor = parameters.layout().get(NetworkDescription.EMBEDDING_WEIGHT);
        this.network = network;
        this.vocabularySize = input.vocabularySize();
        this.width = input.size();
        this.batchSize = shared.pass().batchSize();
        this.ids = ids;
        this.weight = parameters.view(NetworkDescription.EMBEDDING_WEIGHT);
        this.output = shared.embedded();
        boolean training = shared.embeddedGradient() != null;
        this.weightGradient =
                training ? network.precision().slice(network.gradientSlab(), tensor.offset(), tensor.count()) : null;
        this.outputGradient = shared.embeddedGradient();
        this.mask = shared.embeddedMask();
        this.sum = new double[width];
        this.row = new double[width];
    }

    /** {@return what the first layer reads; {@code shared} if others read it, too, and go back before} */
    LayerPass.Source asSource(boolean shared) {
        return new LayerPass.Source(null, output, outputGradient, shared);
    }

    void forward() {
        long bytes = (long) width * network.precision().bytes();
        long positions = ids.byteSize() / Integer.BYTES;
        for (long n = 0; n < positions; n++) {
            int id = ids.getAtIndex(ValueLayout.JAVA_INT, n);
            if (id < 0 || id >= vocabularySize) {
                throw new IllegalArgumentException("tokens[" + n / batchSize + ", " + n % batchSize
                        + "]: expected 0 to " + (vocabularySize - 1) + ", got " + id);
            }
            MemorySegment.copy(weight, id * bytes, output, n * bytes, bytes);
        }
        drop(output);
    }

    private void drop(MemorySegment numbers) {
        if (mask != null) {
            mask.apply(numbers, Math.toIntExact(ids.byteSize() / Integer.BYTES / batchSize));
        }
    }

    void backward() {
        drop(outputGradient);
        long positions = ids.byteSize() / Integer.BYTES;
        for (long n = 0; n < positions; n++) {
            long at = (long) ids.getAtIndex(ValueLayout.JAVA_INT, n) * width;
            network.precision().read(weightGradient, at, sum, width);
            network.precision().read(outputGradient, n * width, row, width);
            for (int w = 0; w < width; w++) {
                sum[w] += row[w];
            }
            network.precision().write(sum, weightGradient, at, width);
        }
    }
}
