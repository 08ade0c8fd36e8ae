package dev.rondo.memory;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * All parameters of a model in one flat slab, with named views. Gradients and optimiser state are {@link #twin() twins}
 * of the slab, so that norm, clipping, update and checkpoint are flat loops.
 *
 * <p>Whoever writes into the slab calls {@link #changed()}: plans keep packed copies of the weights and look at
 * {@link #version()} to know whether these are still good.
 */
public final class Parameters {
    private final Workspace workspace;
    private final TensorLayout layout;
    private final Precision precision;
    private final MemorySegment slab;
    private volatile long version;

    /**
     * Zeroed parameters.
     *
     * @param workspace owner of their memory
     * @param layout names, shapes and places
     * @param precision element type
     * @throws IllegalStateException if the workspace is closed
     */
    public Parameters(Workspace workspace, TensorLayout layout, Precision precision) {
        this.workspace = Objects.requireNonNull(workspace, "workspace: expected one, got null");
        this.layout = Objects.requireNonNull(layout, "layout: expected one, got null");
        this.precision = Objects.requireNonNull(precision, "precision: expected one, got null");
        this.slab = workspace.allocate(precision, layout.count());
    }

    /** {@return the owner of the memory} */
    public Workspace workspace() {
        return workspace;
    }

    /** {@return names, offsets and shapes} */
    public TensorLayout layout() {
        return layout;
    }

    /** {@return the element type} */
    public Precision precision() {
        return precision;
    }

    /** {@return the number of parameters} */
    public long count() {
        return layout.count();
    }

    /** {@return the whole slab} */
    public MemorySegment slab() {
        return slab;
    }

    /**
     * {@return a view of one tensor}
     *
     * @param name its name
     * @throws IllegalArgumentException if there is none of that name
     * @throws IllegalStateException if the workspace is closed
     */
    public MemorySegment view(String name) {
        workspace.requireOpen();
        TensorLayout.Tensor tensor = layout.get(name);
        return precision.slice(slab, tensor.offset(), tensor.count());
    }

    /**
     * {@return zeroed memory of the slab's size, in the same workspace}
     *
     * @throws IllegalStateException if the workspace is closed
     */
    public MemorySegment twin() {
        return workspace.allocate(precision, layout.count());
    }

    /** {@return how often {@link #changed()} was called} */
    public long version() {
        return version;
    }

    /** Says that the slab was written to. One thread at a time writes parameters. */
    @SuppressWarnings("NonAtomicOperationOnVolatileField")
    public void changed() {
        version = version + 1;
    }
}
