package dev.rondo.network;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import dev.rondo.network.NetworkInput.Embedding;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A direction of the first layer on the tokens themselves, behind an embedding, for inference: its input weights are
 * embedding weightIh<sup>T</sup>, a row per token, so that a token costs the copy of a row instead of a product. Made
 * anew when the network's parameters have changed.
 *
 * <p>V tokens, W numbers per token.
 */
final class TokenTable {
    /** More numbers would take too much memory, each pass having its own, and too long to make for a few tokens. */
    static final long MOST = 1 << 20;

    private final Network network;
    private final String prefix; // of the layer's tensors in the network's layout
    private final int vocabularySize;
    private final int width;
    private final Set<String> inputWeights; // names of the tensors that multiply the input, [V, rows] here
    private final Parameters parameters;
    private final Products products;
    private long version = -1;

    private TokenTable(Network network, Embedding input, int direction, Workspace workspace) {
        Cell cell = network.description().layers().getFirst().cell();
        this.network = network;
        this.prefix = NetworkDescription.prefix(0, direction);
        this.vocabularySize = input.vocabularySize();
        this.width = input.size();
        this.inputWeights = cell.blocks(vocabularySize, InputKind.TOKENS).stream()
                .filter(block -> block.source() == ParameterBlock.Source.INPUT)
                .map(ParameterBlock::tensor)
                .collect(Collectors.toSet());
        TensorLayout layout = cell.layout(vocabularySize, InputKind.TOKENS);
        this.parameters = new Parameters(workspace, layout, network.precision());
        this.products = Products.of(network.backend(), network.precision(), network.execution());
    }

    /**
     * {@return the table of a direction in a pass without gradients; null where there is no embedding, others read it
     * too, or the table would be too large, and for REFERENCE, which computes what the equations say}
     */
    static TokenTable of(Network network, NetworkPass pass, int direction) {
        NetworkDescription description = network.description();
        Layer layer = description.layers().getFirst();
        if (pass.training() || network.backend() == Backend.REFERENCE || layer.addsInput() || description.head().skip()
                || !(description.input() instanceof Embedding input)) {
            return null;
        }
        long numbers = (long) input.vocabularySize() * layer.cell().rows();
        return numbers <= MOST ? new TokenTable(network, input, direction, pass.workspace()) : null;
    }

    /** {@return what the layer shall run on} */
    Parameters parameters() {
        return parameters;
    }

    /** {@return V, as the layer's input size} */
    int vocabularySize() {
        return vocabularySize;
    }

    /** Takes the network's parameters, if they have changed. */
    void update() {
        long now = network.parameters().version();
        if (now == version) {
            return;
        }
        for (TensorLayout.Tensor tensor : parameters.layout().tensors()) {
            MemorySegment from = network.parameters().view(prefix + tensor.name());
            MemorySegment to = parameters.view(tensor.name());
            if (inputWeights.contains(tensor.name())) {
                multiply(from, to, tensor.shape().getLast());
            } else {
                to.copyFrom(from);
            }
        }
        parameters.changed();
        version = now;
    }

    /** onTokens [V, rows] = embedding [V, W] weights [rows, W]^T. */
    private void multiply(MemorySegment weights, MemorySegment onTokens, int rows) {
        Matrix embedding =
                Matrix.of(network.parameters().view(NetworkDescription.EMBEDDING_WEIGHT), vocabularySize, width);
        Matrix byWidth = Matrix.of(weights, rows, width).transposed();
        products.multiply(embedding, byWidth, Matrix.of(onTokens, vocabularySize, rows), false);
    }
}
