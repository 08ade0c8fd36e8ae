package dev.rondo.network;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;

/**
 * One layer of a {@link NetworkPass}: its plan, states, output and their gradients. States are kept in place: a pass
 * starts from what the planes hold and leaves the last state there.
 *
 * <p>T time steps, B sequences, P<sub>p</sub> width of state plane p.
 */
final class LayerPass implements AutoCloseable {
    private final Network network;
    private final Cell cell;
    private final CellShape shape;
    private final TokenTable table; // null but for the first layer of a pass that has one
    private final Parameters parameters;
    private final long offset;
    private final CellPlan plan;
    private final MemorySegment[] state; // [B, Pp] each
    private final MemorySegment[] stateGradient; // [B, Pp] each, of the state before the pass; null without gradients
    private final MemorySegment[] lastGradient; // [B, Pp] each, of the state after the pass; null without gradients
    private final MemorySegment output; // [T, B, P0]
    private final MemorySegment outputGradient; // [T, B, P0]; null without gradients, or if none comes in there
    private final MemorySegment cache;

    LayerPass(Network network, int layer, NetworkPass owner) {
        NetworkDescription description = network.description();
        Precision precision = network.precision();
        Workspace workspace = owner.workspace();
        this.network = network;
        this.cell = description.layers().get(layer);
        this.table = layer == 0 ? TokenTable.of(network, owner) : null;
        int inputSize = table == null ? description.inputSize(layer) : table.vocabularySize();
        this.shape = cell.shape(owner.timeSteps(), owner.batchSize(), inputSize);
        this.parameters = table == null ? network.parameters() : table.parameters();
        this.offset = table == null ? description.offset(layer, parameters.layout()) : 0;
        this.plan = cell.kernel(network.backend()).plan(cell, shape, precision, network.execution());
        int planes = cell.planeWidths().length;
        this.state = new MemorySegment[planes];
        this.stateGradient = new MemorySegment[planes];
        this.lastGradient = new MemorySegment[planes];
        for (int plane = 0; plane < planes; plane++) {
            long count = (long) shape.batchSize() * cell.planeWidths()[plane];
            state[plane] = workspace.allocate(precision, count);
            stateGradient[plane] = owner.training() ? workspace.allocate(precision, count) : null;
            lastGradient[plane] = owner.training() ? workspace.allocate(precision, count) : null;
        }
        long outputs = shape.rows() * cell.outputSize();
        this.output = workspace.allocate(precision, outputs);
        boolean top = layer == description.layers().size() - 1;
        boolean read = !(top && description.head().lastStep());
        this.outputGradient = owner.training() && read ? workspace.allocate(precision, outputs) : null;
        this.cache = owner.training()
                ? workspace.allocateBytes(plan.cacheBytes(shape.timeSteps(), shape.batchSize()))
                : null;
    }

    /** What one layer reads, and where the gradient of that goes; null where there is none. */
    record Source(MemorySegment tokens, MemorySegment values, MemorySegment gradient) {}

    /** One way to run this layer: with or without lengths and hold. */
    record Run(CellPlan plan, CellPass pass, CellGradients gradients) {
        void forward(long timeOrigin) {
            pass.timeOrigin(timeOrigin);
            plan.forward(pass);
        }

        void backward() {
            plan.backward(pass, gradients);
        }
    }

    /** {@return what the next layer reads} */
    Source asSource() {
        return new Source(null, output, outputGradient);
    }

    /** {@return this layer reading T steps of {@code source}; lengths [B] and hold [T, B] may be null} */
    Run run(int timeSteps, Source source, MemorySegment lengths, MemorySegment hold) {
        CellShape now = cell.shape(timeSteps, shape.batchSize(), shape.inputSize());
        CellPass.Builder builder = CellPass.of(cell, now, parameters, offset);
        if (source.tokens != null) {
            builder.tokens(source.tokens);
        } else {
            builder.input(source.values, shape.inputSize());
        }
        for (int plane = 0; plane < state.length; plane++) {
            builder.initial(plane, state[plane]).last(plane, state[plane]);
        }
        builder.output(output, cell.outputSize());
        if (lengths != null) {
            builder.lengths(lengths);
        }
        if (hold != null) {
            builder.hold(hold, 1);
        }
        if (cache != null) {
            builder.cache(cache);
        }
        CellPass pass = builder.build();
        return new Run(plan, pass, cache == null ? null : gradients(pass, source));
    }

    private CellGradients gradients(CellPass pass, Source source) {
        Precision precision = network.precision();
        long count = pass.params().byteSize() / precision.bytes();
        CellGradients.Builder builder = CellGradients.of(pass)
                .params(precision.slice(network.gradientSlab(), offset, count));
        if (outputGradient != null) {
            builder.output(outputGradient, cell.outputSize());
        }
        if (source.gradient != null) {
            builder.input(source.gradient, shape.inputSize(), false);
        }
        for (int plane = 0; plane < state.length; plane++) {
            builder.initial(plane, stateGradient[plane]).last(plane, lastGradient[plane]);
        }
        return builder.build();
    }

    /** {@return the layer's weights on the tokens themselves, to be updated before it runs; null without} */
    TokenTable table() {
        return table;
    }

    MemorySegment output() {
        return output;
    }

    MemorySegment outputGradient() {
        return outputGradient;
    }

    int statePlanes() {
        return state.length;
    }

    MemorySegment state(int plane) {
        return state[plane];
    }

    MemorySegment stateGradient(int plane) {
        return stateGradient[plane];
    }

    MemorySegment lastGradient(int plane) {
        return lastGradient[plane];
    }

    void resetLastGradient() {
        for (MemorySegment plane : lastGradient) {
            plane.fill((byte) 0);
        }
    }

    void resetState() {
        for (MemorySegment plane : state) {
            plane.fill((byte) 0);
        }
    }

    void resetState(int sequence) {
        for (MemorySegment plane : state) {
            long bytes = plane.byteSize() / shape.batchSize();
            plane.asSlice(sequence * bytes, bytes).fill((byte) 0);
        }
    }

    @Override
    public void close() {
        plan.close();
    }
}
