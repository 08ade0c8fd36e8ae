package dev.rondo.train;

import java.lang.foreign.MemorySegment;
import java.util.Map;

/** What an {@link Optimizer} remembers of the parameters that it updates. One thread at a time. */
public interface OptimizerState {
    /**
     * Updates the parameters.
     *
     * @param gradients laid out as the parameters; read only
     * @param scale factor on the gradients, from clipping
     */
    void update(MemorySegment gradients, double scale);

    /** {@return how many updates were made} */
    long steps();

    /** Sets how many updates were made, when a checkpoint is restored. */
    void steps(long value);

    /**
     * {@return the twins of the parameters that this state consists of, by name: written into checkpoints, read back in
     * place}
     */
    Map<String, MemorySegment> slabs();
}
