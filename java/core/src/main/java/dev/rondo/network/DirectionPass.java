package dev.rondo.network;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;

/**
 * One direction of a layer of a {@link NetworkPass}: its plan, its states, what it draws in training.
 *
 * <p>T time steps, B sequences.
 */
final class DirectionPass implements AutoCloseable {
    private final Network network;
    private final boolean reversed;
    private final boolean fixed; // the parameters have no gradient
    private final Cell cell;
    private final CellShape shape;
    private final TokenTable table; // null but for the first layer of a pass that has one
    private final Parameters parameters;
    private final long offset;
    private final CellPlan plan;
    private final StatePlanes states;
    private final MemorySegment cache;
    private final DropoutMask recurrentMask; // null without
    private final ZoneoutHold zoneout; // null without, and without gradients
    private final ZoneoutSteps zoneoutSteps; // null without, and with gradients

    /** Direction 0 runs forwards, direction 1 in reverse. */
    DirectionPass(Network network, int layer, int direction, NetworkPass owner) {
        NetworkDescription description = network.description();
        Precision precision = network.precision();
        Workspace workspace = owner.workspace();
        this.network = network;
        this.reversed = direction == 1;
        this.fixed = description.layers().get(layer).isFixed();
        this.cell = description.layers().get(layer).cell();
        this.table = layer == 0 ? TokenTable.of(network, owner, direction) : null;
        int inputSize = table == null ? description.inputSize(layer) : table.vocabularySize();
        this.shape = cell.shape(owner.timeSteps(), owner.batchSize(), inputSize);
        this.parameters = table == null ? network.parameters() : table.parameters();
        this.offset = table == null ? description.offset(layer, direction, parameters.layout()) : 0;
        this.plan = cell.kernel(network.backend()).plan(cell, shape, precision, network.execution());
        this.states = new StatePlanes(owner, layer, direction);
        this.cache = owner.training()
                ? workspace.allocateBytes(plan.cacheBytes(shape.timeSteps(), shape.batchSize()))
                : null;
        Dropout dropout = description.layers().get(layer).dropout();
        this.recurrentMask = DropoutMask.of(owner, dropout.recurrent(), true, cell.outputSize());
        this.zoneout = dropout.zoneout() > 0 && owner.training() ? new ZoneoutHold(owner, dropout, cell) : null;
        boolean tokens = table != null || description.inputKind(layer) == InputKind.TOKENS;
        this.zoneoutSteps = dropout.zoneout() > 0 && !owner.training()
                ? new ZoneoutSteps(owner, dropout.zoneout(), plan, withStates(1), tokens, states)
                : null;
    }

    private CellPass.Builder withStates(int timeSteps) {
        CellShape now = cell.shape(timeSteps, shape.batchSize(), shape.inputSize());
        CellPass.Builder builder = CellPass.of(cell, now, parameters, offset);
        for (int plane = 0; plane < states.count(); plane++) {
            builder.initial(plane, states.state(plane)).last(plane, states.state(plane));
        }
        return builder;
    }

    /** Draws the masks of T steps, from step {@code first} on of the {@code drawn} that masks are drawn for. */
    void drawMasks(SeededRandom random, int first, int timeSteps, int drawn) {
        if (recurrentMask != null) {
            recurrentMask.draw(random, first, timeSteps, drawn);
        }
        if (zoneout != null) {
            zoneout.draw(random, first, timeSteps, drawn);
        }
    }

    /** {@return the masks of the last forward pass; {@code output} is that of what the layer hands on} */
    LayerMasks masks(MemorySegment output) {
        return new LayerMasks(output, recurrentMask == null ? null : recurrentMask.factors(),
                zoneout == null ? null : zoneout.hold());
    }

    /** Columns of a matrix of T * B rows: those that this direction reads or writes. */
    record Columns(MemorySegment values, long rowStride) {}

    /**
     * What one run works on beside states and parameters.
     *
     * @param lengths int32 [B]; null if all are T
     * @param hold bytes [T, B]; null if no state is held
     * @param output where P0 columns go; null if nobody reads them
     * @param outputGradient where their gradient comes in; null without
     * @param accumulate whether the gradient of the input is added to what is there
     */
    record Operands(LayerPass.Source source, MemorySegment lengths, MemorySegment hold, Columns output,
            Columns outputGradient, boolean accumulate) {}

    /** One way to run this direction: with or without lengths and hold. */
    interface Run {
        void forward(long timeOrigin);

        void backward();
    }

    private record Whole(CellPlan plan, CellPass pass, CellGradients gradients) implements Run {
        @Override
        public void forward(long timeOrigin) {
            pass.timeOrigin(timeOrigin);
            plan.forward(pass);
        }

        @Override
        public void backward() {
            plan.backward(pass, gradients);
        }
    }

    private record ByStep(ZoneoutSteps steps, int timeSteps, boolean reversed, Operands operands) implements Run {
        @Override
        public void forward(long timeOrigin) {
            steps.forward(timeSteps, timeOrigin, reversed, operands);
        }

        @Override
        public void backward() {
            throw new IllegalStateException("backward: expected a pass with gradients, got one without");
        }
    }

    /** {@return this direction over T steps of {@code operands}} */
    Run run(int timeSteps, Operands operands) {
        if (zoneoutSteps != null) {
            return new ByStep(zoneoutSteps, timeSteps, reversed, operands);
        }
        CellPass.Builder builder = withStates(timeSteps).reversed(reversed);
        if (operands.source.tokens() != null) {
            builder.tokens(operands.source.tokens());
        } else {
            builder.input(operands.source.values(), shape.inputSize());
        }
        if (operands.output != null) {
            builder.output(operands.output.values, operands.output.rowStride);
        }
        if (operands.lengths != null) {
            builder.lengths(operands.lengths);
        }
        if (zoneout != null) {
            builder.hold(zoneout.hold(), shape.hiddenSize());
        } else if (operands.hold != null) {
            builder.hold(operands.hold, 1);
        }
        if (recurrentMask != null) {
            builder.recurrentMask(recurrentMask.factors());
        }
        if (cache != null) {
            builder.cache(cache);
        }
        CellPass pass = builder.build();
        return new Whole(plan, pass, cache == null ? null : gradients(pass, operands));
    }

    private CellGradients gradients(CellPass pass, Operands operands) {
        Precision precision = network.precision();
        long count = pass.params().byteSize() / precision.bytes();
        CellGradients.Builder builder = CellGradients.of(pass);
        if (!fixed) {
            builder.params(precision.slice(network.gradientSlab(), offset, count));
        }
        if (operands.outputGradient != null) {
            builder.output(operands.outputGradient.values, operands.outputGradient.rowStride);
        }
        if (operands.source.gradient() != null) {
            builder.input(operands.source.gradient(), shape.inputSize(), operands.accumulate);
        }
        for (int plane = 0; plane < states.count(); plane++) {
            builder.initial(plane, states.gradient(plane)).last(plane, states.lastGradient(plane));
        }
        return builder.build();
    }

    /** {@return the weights on the tokens themselves, to be updated before this runs; null without} */
    TokenTable table() {
        return table;
    }

    StatePlanes states() {
        return states;
    }

    @Override
    public void close() {
        plan.close();
    }
}
