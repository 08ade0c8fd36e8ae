package dev.rondo.network;

import dev.rondo.cell.Cell;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * Writes the first values of all parameters, drawn in the order of the slab, but row by row of what they compute:
 * weights are the same whether tokens come as ids or as one-hot numbers.
 */
final class FirstParameters {
    /** Uniform with variance 1, which the rule of Glorot and Bengio expects of an input. */
    private static final Initialization EMBEDDING = Initialization.uniform(Math.sqrt(3));

    /** What a unit is multiplied with that sees its own past alone. */
    private static final Initialization OWN_STATE = (rows, columns, fanOut, random) ->
            (row, column) -> random.nextDouble();

    private final NetworkDescription description;
    private final Parameters parameters;
    private final Initialization inputWeights;
    private final Initialization recurrentWeights; // null = by the cell's size
    private final Initialization embeddingWeights;
    private final RandomGenerator random;

    FirstParameters(NetworkDescription description, Parameters parameters, Network.Builder builder) {
        this.description = description;
        this.parameters = parameters;
        this.inputWeights = builder.inputWeights;
        this.recurrentWeights = builder.recurrentWeights;
        this.embeddingWeights = builder.embeddingWeights != null
                ? builder.embeddingWeights
                : description.head().tied() ? Initialization.uniform(1 / Math.sqrt(description.topSize())) : EMBEDDING;
        this.random = new SeededRandom(builder.seed);
    }

    void write() {
        TensorLayout layout = parameters.layout();
        if (description.input() instanceof NetworkInput.Embedding) {
            writeMatrix(layout.get(NetworkDescription.EMBEDDING_WEIGHT), embeddingWeights);
        }
        for (int layer = 0; layer < description.layers().size(); layer++) {
            for (int direction = 0; direction < description.layers().get(layer).directions(); direction++) {
                writeCell(layer, description.offset(layer, direction, layout));
            }
        }
        if (description.head().dense() && !description.head().tied()) {
            writeMatrix(layout.get(description.headWeight()), inputWeights);
        }
        if (description.head().loss() instanceof Loss.AdaptiveSoftmax softmax) {
            for (int i = 0; i < softmax.cutoffs().size(); i++) {
                writeMatrix(layout.get(NetworkDescription.tail(i) + "projection"), inputWeights);
                writeMatrix(layout.get(NetworkDescription.tail(i) + "weight"), inputWeights);
            }
        }
        if (description.head().skip()) {
            writeMatrix(layout.get("head.skipWeight"), inputWeights);
        }
        parameters.changed();
    }

    private void writeCell(int layer, long offset) {
        Cell cell = description.layers().get(layer).cell();
        TensorLayout own = description.cellLayout(layer);
        double[] first = cell.firstParameters(description.inputSize(layer), description.inputKind(layer), random);
        if (first != null) {
            for (int i = 0; i < first.length; i++) {
                set(offset + i, first[i]);
            }
            return;
        }
        for (ParameterBlock block : cell.blocks(description.inputSize(layer), description.inputKind(layer))) {
            if (block.source() == Source.ONE) {
                writeBiases(cell, block, offset);
            } else if (block.source() == Source.POINTWISE) {
                writeOnes(block, offset);
            } else {
                writeWeights(cell, block, offset, fanOut(own.get(block.tensor()), block));
            }
        }
    }

    /** {@return how many units an element of the source feeds} Beside a block's columns a tensor may have others. */
    private static int fanOut(TensorLayout.Tensor tensor, ParameterBlock block) {
        return (int) (tensor.count() / (block.columnStride() == 1 ? block.rowStride() : block.width()));
    }

    private void writeBiases(Cell cell, ParameterBlock block, long layer) {
        for (int r = 0; r < block.rows(); r++) {
            set(layer + block.offset() + (long) r * block.rowStride(), cell.initialBias(block.row() + r));
        }
    }

    /** Factors of what the pointwise part makes leave it as it is. */
    private void writeOnes(ParameterBlock block, long layer) {
        for (int r = 0; r < block.rows(); r++) {
            set(layer + block.offset() + (long) r * block.rowStride(), 1);
        }
    }

    /**
     * Gate by gate, H rows each; a block whose rows are no gates is one matrix, and that on a cache plane, which feeds
     * one gate of any width. Weights of own states are asked for singly.
     */
    private void writeWeights(Cell cell, ParameterBlock block, long layer, int fanOut) {
        Initialization rule = rule(cell, block);
        int width = block.elementwise() ? 1 : block.width();
        boolean gates = block.source() != Source.CACHE && block.rows() % cell.hiddenSize() == 0;
        int gate = gates ? cell.hiddenSize() : block.rows();
        boolean singly = isOfOwnState(block);
        int rows = singly ? 1 : gate;
        for (int first = 0; first < block.rows(); first += rows) {
            Initialization.Weights weights = ask(rule, layer + block.offset(), rows, width, singly ? 1 : fanOut);
            for (int r = 0; r < rows; r++) {
                long row = layer + block.offset() + (long) (first + r) * block.rowStride();
                for (int j = 0; j < width; j++) {
                    set(row + (long) j * block.columnStride(), weights.at(r, j));
                }
            }
        }
    }

    private Initialization rule(Cell cell, ParameterBlock block) {
        if (block.source() == Source.INPUT) {
            return inputWeights;
        }
        if (isOfOwnState(block)) {
            return recurrentWeights == null ? OWN_STATE : recurrentWeights;
        }
        return recurrentWeights == null || block.elementwise()
                ? Initialization.uniform(1 / Math.sqrt(cell.hiddenSize()))
                : recurrentWeights;
    }

    private static boolean isOfOwnState(ParameterBlock block) {
        return block.elementwise() && block.source() == Source.PREVIOUS_STATE && block.plane() == 0;
    }

    private void writeMatrix(TensorLayout.Tensor matrix, Initialization rule) {
        int rows = matrix.shape().get(0);
        int columns = matrix.shape().get(1);
        Initialization.Weights weights = ask(rule, matrix.offset(), rows, columns, rows);
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < columns; j++) {
                set(matrix.offset() + (long) r * columns + j, weights.at(r, j));
            }
        }
    }

    /** {@return what the rule says of the parameter at {@code index}}; it may be a user's own, so it is looked at */
    private Initialization.Weights ask(Initialization rule, long index, int rows, int columns, int fanOut) {
        return Objects.requireNonNull(rule.of(rows, columns, fanOut, random), () -> parameters.layout().at(index).name()
                + ": expected weights by " + (rule == inputWeights
                        ? "inputWeights" : rule == embeddingWeights ? "embeddingWeights" : "recurrentWeights")
                + ", got null");
    }

    private void set(long index, double value) {
        Precision precision = parameters.precision();
        if (!Double.isFinite(precision == Precision.FLOAT32 ? (float) value : value)) { // a double may be too large
            TensorLayout.Tensor tensor = parameters.layout().at(index);
            throw new IllegalArgumentException(tensor.element(index - tensor.offset()) + ": expected a finite "
                    + precision + ", got " + value);
        }
        precision.set(parameters.slab(), index, value);
    }
}
