package dev.rondo.train;

import dev.rondo.memory.Parameters;

/** A rule that turns gradients into updates; a value without state of its own. */
public interface Optimizer {
    /** {@return fresh state for {@code parameters}, in memory of their workspace} */
    OptimizerState start(Parameters parameters);
}
