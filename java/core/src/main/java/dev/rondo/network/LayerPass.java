package dev.rondo.network;

import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;

/**
 * One layer of a {@link NetworkPass}: its one or two directions, and what is made of their outputs.
 *
 * <pre>
 * forward   directions -> columns of the output [-> sum] [-> * mask] [-> + input]
 * backward  gradient of the output [-> + input's] [-> * mask] -> directions, which add theirs to the input's
 * </pre>
 *
 * <p>T time steps, B sequences, I width of the input, W of the output, P of what one direction puts out.
 */
final class LayerPass implements AutoCloseable {
    private final Layer layer;
    private final Precision precision;
    private final int batchSize;
    private final ActiveRows rows;
    private final DirectionPass[] directions;
    private final int width; // W
    private final boolean readOnce; // by a head, after the last step: there is no output of every step then
    private final MemorySegment output; // [T, B, W], of which a direction writes P columns; null if it is read once
    private final MemorySegment summand; // [T, B, P], what the reverse direction writes; null unless it is added
    private final MemorySegment outputGradient; // [T, B, W]; null without gradients, or if none comes in there
    private final DropoutMask dropout; // null without
    private final LastStep lastStep; // null unless a head reads it, and it is more than one cell's state

    LayerPass(Network network, int number, NetworkPass owner) {
        NetworkDescription description = network.description();
        Workspace workspace = owner.workspace();
        this.layer = description.layers().get(number);
        this.precision = network.precision();
        this.batchSize = owner.batchSize();
        this.rows = owner.rows();
        this.directions = new DirectionPass[layer.directions()];
        for (int direction = 0; direction < directions.length; direction++) {
            directions[direction] = new DirectionPass(network, number, direction, owner);
        }
        long positions = (long) owner.timeSteps() * batchSize;
        this.readOnce = number == description.layers().size() - 1 && description.head().lastStep();
        this.width = layer.outputSize();
        long outputs = positions * width;
        this.output = readOnce ? null : workspace.allocate(precision, outputs);
        this.summand = !readOnce && layer.merge() == Layer.Merge.SUM ? workspace.allocate(precision, outputs) : null;
        this.outputGradient = owner.training() && !readOnce ? workspace.allocate(precision, outputs) : null;
        this.dropout =
                DropoutMask.of(owner, layer.dropout().rate(), layer.dropout().perSequence() || readOnce, width);
        boolean composed = directions.length > 1 || layer.addsInput() || dropout != null;
        this.lastStep = readOnce && composed ? new LastStep(layer, directions, owner, dropout) : null;
    }

    /**
     * What one layer reads, and where the gradient of that goes.
     *
     * @param tokens int32 [T, B]; null for numbers
     * @param values [T, B, I]; null for tokens
     * @param gradient [T, B, I]; null where there is none
     * @param shared whether another reader has put its part of the gradient there before the layer goes back
     */
    record Source(MemorySegment tokens, MemorySegment values, MemorySegment gradient, boolean shared) {}

    /** {@return what the next layer reads} */
    Source asSource() {
        return new Source(null, output, outputGradient, false);
    }

    /** One way to run this layer: with or without lengths and hold. */
    final class Run {
        private final int timeSteps;
        private final Source source;
        private final DirectionPass.Run[] runs;

        private Run(int timeSteps, Source source, MemorySegment lengths, MemorySegment hold) {
            this.timeSteps = timeSteps;
            this.source = source;
            this.runs = new DirectionPass.Run[directions.length];
            for (int direction = 0; direction < runs.length; direction++) {
                // The first to go back assigns the gradient of the input, the others add theirs.
                boolean accumulate = source.shared || layer.addsInput() || direction > 0;
                MemorySegment written = direction == 1 && summand != null ? summand : output;
                runs[direction] = directions[direction].run(timeSteps, new DirectionPass.Operands(source, lengths, hold,
                        columns(written, direction), columns(outputGradient, direction), accumulate));
            }
        }

        void forward(long timeOrigin) {
            for (DirectionPass.Run run : runs) {
                run.forward(timeOrigin);
            }
            if (lastStep != null) {
                lastStep.forward(source);
            } else if (!readOnce) {
                if (summand != null) {
                    Elementwise.add(precision, summand, 0, output, 0, (long) timeSteps * batchSize * width);
                }
                if (dropout != null) {
                    dropout.apply(output, timeSteps);
                }
                addInput(source, timeSteps);
            }
        }

        void backward() {
            if (lastStep != null) {
                lastStep.backward(source, timeSteps);
            } else if (!readOnce) {
                passToInput(source, timeSteps);
                if (dropout != null) {
                    dropout.apply(outputGradient, timeSteps);
                }
            }
            for (DirectionPass.Run run : runs) {
                run.backward();
            }
        }
    }

    /** {@return this layer reading T steps of {@code source}; lengths [B] and hold [T, B] may be null} */
    Run run(int timeSteps, Source source, MemorySegment lengths, MemorySegment hold) {
        return new Run(timeSteps, source, lengths, hold);
    }

    /** What belongs to one direction in a matrix of T * B rows: a half of the columns, or all; null of null. */
    private DirectionPass.Columns columns(MemorySegment all, int direction) {
        if (all == null) {
            return null;
        }
        long first = layer.merge() == Layer.Merge.CONCATENATE ? (long) direction * layer.cell().outputSize() : 0;
        long count = all.byteSize() / precision.bytes() - first;
        return new DirectionPass.Columns(precision.slice(all, first, count), width);
    }

    private void addInput(Source source, int timeSteps) {
        if (!layer.addsInput()) {
            return;
        }
        for (int t = 0; t < timeSteps; t++) {
            for (int b = 0; b < batchSize; b++) {
                if (rows.active(t, b)) {
                    long at = ((long) t * batchSize + b) * width;
                    Elementwise.add(precision, source.values, at, output, at, width);
                }
            }
        }
    }

    /** The gradient of what was added to the output is that of the output. */
    private void passToInput(Source source, int timeSteps) {
        if (!layer.addsInput() || source.gradient == null) {
            return;
        }
        for (int t = 0; t < timeSteps; t++) {
            for (int b = 0; b < batchSize; b++) {
                long at = ((long) t * batchSize + b) * width;
                if (!source.shared) {
                    Elementwise.zero(precision, source.gradient, at, width);
                }
                if (rows.active(t, b)) {
                    Elementwise.add(precision, outputGradient, at, source.gradient, at, width);
                }
            }
        }
    }

    /** Draws the masks of T steps, from step {@code first} on of the {@code drawn} that masks are drawn for. */
    void drawMasks(SeededRandom random, int first, int timeSteps, int drawn) {
        if (dropout != null) {
            dropout.draw(random, first, timeSteps, drawn);
        }
        for (DirectionPass direction : directions) {
            direction.drawMasks(random, first, timeSteps, drawn);
        }
    }

    /** {@return the masks of the last forward pass, of the forward direction} */
    LayerMasks masks() {
        return directions[0].masks(dropout == null ? null : dropout.factors());
    }

    /** Takes the network's parameters into the tables on tokens, if there are some. */
    void updateTables() {
        for (DirectionPass direction : directions) {
            if (direction.table() != null) {
                direction.table().update();
            }
        }
    }

    /** {@return the weights on the tokens themselves; null without} */
    TokenTable table() {
        return directions[0].table();
    }

    /** {@return what a head reads: [T, B, W], or [B, W] after the last step, which may be the state itself} */
    MemorySegment read() {
        if (!readOnce) {
            return output;
        }
        return lastStep == null ? directions[0].states().state(0) : lastStep.output();
    }

    /** {@return the gradient of {@link #read()}; null without gradients} */
    MemorySegment readGradient() {
        if (!readOnce) {
            return outputGradient;
        }
        return lastStep == null ? directions[0].states().lastGradient(0) : lastStep.gradient();
    }

    /** {@return whether others may have written to {@link #readGradient()}, for it is that of a state} */
    boolean readsState() {
        return readOnce && lastStep == null;
    }

    int statePlanes() {
        return directions.length * directions[0].states().count();
    }

    /** {@return the planes that {@code plane} is one of, those of the reverse direction coming behind the others} */
    StatePlanes states(int plane) {
        return directions[plane / directions[0].states().count()].states();
    }

    /** {@return the place of {@code plane} among those of its direction} */
    int ofDirection(int plane) {
        return plane % directions[0].states().count();
    }

    Stream<StatePlanes> states() {
        return Stream.of(directions).map(DirectionPass::states);
    }

    @Override
    public void close() {
        for (DirectionPass direction : directions) {
            direction.close();
        }
    }
}
