package dev.rondo.network;

import dev.rondo.cell.Cell;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;

/**
 * The state of one direction of a layer in a pass, and its gradients: kept in place, so that a pass starts from what
 * the planes hold and leaves the last state there. A sequence begins with zeros, with what was given, or with what was
 * learned.
 *
 * <p>B sequences, P<sub>p</sub> width of state plane p.
 */
final class StatePlanes {
    private final Precision precision;
    private final int batchSize;
    private final Workspace workspace;
    private final int[] widths;
    private final MemorySegment[] state; // [B, Pp] each
    private final MemorySegment[] gradient; // [B, Pp] each, of the state before the pass; null without gradients
    private final MemorySegment[] lastGradient; // [B, Pp] each, of the state after the pass; null without gradients
    private final MemorySegment[] given; // [B, Pp] each; null = begins with zeros, or with what was learned
    private final MemorySegment[] old; // [B, Pp] each, while sequences change places; made on first use
    private final MemorySegment[] learned; // [Pp] each, parameters; null without
    private final MemorySegment[] learnedGradient; // [Pp] each; null without

    StatePlanes(NetworkPass owner, int layer, int direction) {
        Network network = owner.network();
        Layer described = network.description().layers().get(layer);
        Cell cell = described.cell();
        this.precision = network.precision();
        this.batchSize = owner.batchSize();
        this.workspace = owner.workspace();
        this.widths = cell.planeWidths();
        boolean learns = described.learnsInitialState();
        this.state = new MemorySegment[widths.length];
        this.gradient = new MemorySegment[widths.length];
        this.lastGradient = new MemorySegment[widths.length];
        this.given = new MemorySegment[widths.length];
        this.old = new MemorySegment[widths.length];
        this.learned = learns ? new MemorySegment[widths.length] : null;
        this.learnedGradient = learns && owner.training() ? new MemorySegment[widths.length] : null;
        for (int plane = 0; plane < widths.length; plane++) {
            state[plane] = allocate(plane);
            gradient[plane] = owner.training() ? allocate(plane) : null;
            lastGradient[plane] = owner.training() ? allocate(plane) : null;
            String name = NetworkDescription.initialState(layer, direction, plane);
            if (learned != null) {
                learned[plane] = network.parameters().view(name);
            }
            if (learnedGradient != null) {
                TensorLayout.Tensor tensor = network.parameters().layout().get(name);
                learnedGradient[plane] = precision.slice(network.gradientSlab(), tensor.offset(), tensor.count());
            }
        }
    }

    private MemorySegment allocate(int plane) {
        return workspace.allocate(precision, (long) batchSize * widths[plane]);
    }

    int count() {
        return widths.length;
    }

    MemorySegment state(int plane) {
        return state[plane];
    }

    MemorySegment gradient(int plane) {
        return gradient[plane];
    }

    MemorySegment lastGradient(int plane) {
        return lastGradient[plane];
    }

    /** {@return with what sequences begin from now on, [B, P]: zeros, until they are written over} */
    MemorySegment given(int plane) {
        if (given[plane] == null) {
            given[plane] = allocate(plane);
        }
        return given[plane];
    }

    /** Lets one sequence begin. */
    void begin(int b) {
        for (int plane = 0; plane < widths.length; plane++) {
            int width = widths[plane];
            if (learned != null) {
                Elementwise.copy(precision, learned[plane], 0, state[plane], (long) b * width, width);
            } else if (given[plane] != null) {
                Elementwise.copy(precision, given[plane], (long) b * width, state[plane], (long) b * width, width);
            } else {
                Elementwise.zero(precision, state[plane], (long) b * width, width);
            }
        }
    }

    /**
     * Lets a sequence begin that was to begin since the last pass: what it begins with may have changed since. Where
     * that is zeros the planes hold them already, or what the caller put there instead.
     */
    void beginAgain(int b) {
        boolean zeros = learned == null;
        for (MemorySegment plane : given) {
            zeros &= plane == null;
        }
        if (!zeros) {
            begin(b);
        }
    }

    /** Puts sequence b into the state of sequence {@code from[b]}. */
    void select(int[] from) {
        for (int plane = 0; plane < widths.length; plane++) {
            if (old[plane] == null) {
                old[plane] = allocate(plane);
            }
            int width = widths[plane];
            old[plane].copyFrom(state[plane]);
            for (int b = 0; b < batchSize; b++) {
                Elementwise.copy(
                        precision, old[plane], (long) from[b] * width, state[plane], (long) b * width, width);
            }
        }
    }

    /** After a backward pass: what was learned gets the sum over the sequences that began with it. */
    void addLearnedGradient(boolean[] began) {
        for (int plane = 0; plane < widths.length && learnedGradient != null; plane++) {
            int width = widths[plane];
            for (int b = 0; b < batchSize; b++) {
                if (began[b]) {
                    Elementwise.add(precision, gradient[plane], (long) b * width, learnedGradient[plane], 0, width);
                }
            }
        }
    }

    void resetLastGradient() {
        for (MemorySegment plane : lastGradient) {
            plane.fill((byte) 0);
        }
    }
}
