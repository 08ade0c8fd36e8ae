package dev.rondo.network;

import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A direction with zoneout in a pass without gradients: after each step every state is what is to be expected of it,
 * {@code rate * old + (1 - rate) * new}. No cell knows of that, so the steps are passes of their own.
 *
 * <p>T time steps, B sequences, I width of the input, P<sub>p</sub> width of state plane p.
 */
final class ZoneoutSteps {
    private final double rate;
    private final Precision precision;
    private final ActiveRows rows;
    private final int batchSize;
    private final int outputSize; // P0
    private final CellPlan plan;
    private final CellPass step;
    private final MemorySegment input; // [B, I] or int32 [B], of one step
    private final MemorySegment takes; // int32 [B], 1 where a sequence takes the step, as lengths of it
    private final StatePlanes states;
    private final MemorySegment[] old; // [B, Pp] each

    /** Steps of {@code direction}, whose pass of one step {@code builder} has all but input and lengths. */
    ZoneoutSteps(NetworkPass owner, double rate, CellPlan plan, CellPass.Builder builder, boolean tokens,
            StatePlanes states) {
        Workspace workspace = owner.workspace();
        this.rate = rate;
        this.precision = owner.network().precision();
        this.rows = owner.rows();
        this.batchSize = owner.batchSize();
        this.outputSize = plan.cell().outputSize();
        this.plan = plan;
        this.states = states;
        this.old = new MemorySegment[states.count()];
        for (int plane = 0; plane < old.length; plane++) {
            old[plane] = workspace.allocateBytes(states.state(plane).byteSize());
        }
        int inputSize = plan.largest().inputSize();
        this.input = tokens
                ? workspace.allocateBytes((long) batchSize * Integer.BYTES)
                : workspace.allocate(precision, (long) batchSize * inputSize);
        this.takes = workspace.allocateBytes((long) batchSize * Integer.BYTES);
        this.step = (tokens ? builder.tokens(input) : builder.input(input, inputSize)).lengths(takes).build();
    }

    void forward(int timeSteps, long timeOrigin, boolean reversed, DirectionPass.Operands operands) {
        LayerPass.Source source = operands.source();
        MemorySegment all = source.tokens() != null ? source.tokens() : source.values();
        for (int i = 0; i < timeSteps; i++) {
            int t = reversed ? timeSteps - 1 - i : i;
            MemorySegment.copy(all, t * input.byteSize(), input, 0, input.byteSize());
            for (int b = 0; b < batchSize; b++) {
                takes.setAtIndex(ValueLayout.JAVA_INT, b, rows.active(t, b) ? 1 : 0);
            }
            for (int plane = 0; plane < old.length; plane++) {
                old[plane].copyFrom(states.state(plane));
            }
            step.timeOrigin(timeOrigin + t);
            plan.forward(step);
            blend(t);
            if (operands.output() != null) {
                putOut(t, operands.output());
            }
        }
    }

    private void blend(int t) {
        for (int plane = 0; plane < old.length; plane++) {
            MemorySegment state = states.state(plane);
            int width = (int) (state.byteSize() / precision.bytes()) / batchSize;
            for (int b = 0; b < batchSize; b++) {
                for (long at = (long) b * width; at < (b + 1L) * width && rows.active(t, b); at++) {
                    double expected = rate * precision.get(old[plane], at) + (1 - rate) * precision.get(state, at);
                    precision.set(state, at, expected);
                }
            }
        }
    }

    private void putOut(int t, DirectionPass.Columns output) {
        for (int b = 0; b < batchSize; b++) {
            long at = ((long) t * batchSize + b) * output.rowStride();
            if (rows.within(t, b)) {
                Elementwise.copy(precision, states.state(0), (long) b * outputSize, output.values(), at, outputSize);
            } else {
                Elementwise.zero(precision, output.values(), at, outputSize);
            }
        }
    }
}
