package dev.rondo.train;

import dev.rondo.kernel.NativeUpdate;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.network.TokenRows;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What an {@link Optimizer} remembers of the parameters that it updates, and the one loop of all optimisers:
 * parameters, gradients and state go through the first-level cache once per step, chunk by chunk, and are clipped,
 * decayed and updated there. The arithmetic is float64; parameters and state lie in the parameters' precision. With
 * NATIVE, built-in rules run in C++ instead, to the same bits.
 *
 * <p>One thread at a time.
 */
public abstract class OptimizerState {
    /** Elements converted and updated at once: all buffers together stay in the first-level cache. */
    private static final int CHUNK = 512;

    private final Optimizer optimizer;
    private final Parameters parameters;
    private final Map<String, MemorySegment> slabs = new LinkedHashMap<>();
    private final MemorySegment[] states;
    private final double[] w = new double[CHUNK];
    private final double[] g = new double[CHUNK];
    private final double[][] state;
    private long steps;

    /**
     * Zeroed state.
     *
     * @param optimizer whose state this is
     * @param parameters that will be updated
     * @param names of the numbers to keep of each parameter, unique among optimisers, for checkpoints: "adam.mean"
     * @throws IllegalArgumentException if a name is given twice
     * @throws IllegalStateException if the parameters are closed
     */
    protected OptimizerState(Optimizer optimizer, Parameters parameters, String... names) {
        this.optimizer = Objects.requireNonNull(optimizer, "optimizer: expected one, got null");
        this.parameters = Objects.requireNonNull(parameters, "parameters: expected some, got null");
        Objects.requireNonNull(names, "names: expected an array, got null");
        checkNames(names);
        this.states = new MemorySegment[names.length];
        for (int s = 0; s < names.length; s++) {
            states[s] = parameters.twin();
            slabs.put(names[s], states[s]);
        }
        this.state = new double[names.length][CHUNK];
    }

    private static void checkNames(String... names) {
        for (int i = 0; i < names.length; i++) {
            Objects.requireNonNull(names[i], "names[" + i + "]: expected a name, got null");
            if (Arrays.asList(names).indexOf(names[i]) < i) {
                throw new IllegalArgumentException("names: expected each once, got " + names[i] + " twice");
            }
        }
    }

    /**
     * Prepares an update.
     *
     * @param step its number, from 1 on
     * @param learningRate of this update
     */
    protected abstract void begin(long step, double learningRate);

    /**
     * Updates {@code count} parameters, each by itself.
     *
     * @param w parameters, to be replaced
     * @param g their gradients, clipped and with weight decay; may be written over
     * @param state what is remembered of each parameter, by the order of the names; to be replaced
     * @param count elements of all these arrays that count
     */
    protected abstract void update(double[] w, double[] g, double[][] state, int count);

    /**
     * Decays {@code count} weights: by default adds {@code factor * w} to {@code g}, which is the gradient of
     * {@code factor / 2 * w^2}, as PyTorch does. Called after {@link #begin}, before {@link #update}, for weights.
     *
     * @param w weights; {@link AdamW} writes to them
     * @param g their gradients, clipped
     * @param factor the optimiser's weight decay, not 0
     * @param count elements of both arrays that count
     */
    protected void decay(double[] w, double[] g, double factor, int count) {
        for (int i = 0; i < count; i++) {
            g[i] += factor * w[i];
        }
    }

    /**
     * Says in {@code update} what {@link #decay} and {@link #update(double[], double[], double[][], int)} do: the
     * native library's body of a built-in rule. Called after {@link #begin}.
     *
     * @return false if there is none
     */
    boolean describe(NativeUpdate update, double decay) {
        return false;
    }

    /** Updates the parameters by {@code gradients}, clipped as these say. */
    final void update(Gradients gradients, double learningRate) {
        steps++;
        begin(steps, learningRate);
        boolean rows = optimizer.zeroGradientChangesNothing() && optimizer.weightDecay() == 0;
        for (int tensor = 0; tensor < gradients.tensors(); tensor++) {
            if (gradients.isFixed(tensor)) {
                continue;
            }
            if (rows && gradients.hasTokenRows(tensor)) {
                updateRows(gradients, tensor);
            } else {
                update(gradients, tensor, gradients.offset(tensor), gradients.end(tensor));
            }
        }
        parameters.changed();
    }

    private void updateRows(Gradients gradients, int tensor) {
        TokenRows rows = gradients.tokenRows();
        long offset = gradients.offset(tensor);
        long width = gradients.rowWidth(tensor);
        for (int row = rows.nextTouched(0); row >= 0; row = rows.nextTouched(row)) {
            int first = row;
            row = rows.nextUntouched(row);
            update(gradients, tensor, offset + first * width, offset + row * width);
        }
    }

    private void update(Gradients gradients, int tensor, long begin, long end) {
        double decay = gradients.isWeight(tensor) ? optimizer.weightDecay() : 0;
        if (gradients.nativeUpdate() != null && describe(gradients.nativeUpdate(), decay)) {
            gradients.update(tensor, parameters.slab(), states, begin, end);
        } else {
            updateInJava(gradients, tensor, decay, begin, end);
        }
    }

    private void updateInJava(Gradients gradients, int tensor, double decay, long begin, long end) {
        Precision precision = parameters.precision();
        for (long at = begin; at < end; at += CHUNK) {
            int count = (int) Math.min(CHUNK, end - at);
            gradients.read(tensor, at, g, count);
            precision.read(parameters.slab(), at, w, count);
            for (int s = 0; s < states.length; s++) {
                precision.read(states[s], at, state[s], count);
            }
            if (decay != 0) {
                decay(w, g, decay, count);
            }
            update(w, g, state, count);
            precision.write(w, parameters.slab(), at, count);
            for (int s = 0; s < states.length; s++) {
                precision.write(state[s], states[s], at, count);
            }
        }
    }

    /** Takes in memory to be written into checkpoints that is no twin of the parameters. */
    final void keep(String name, MemorySegment slab) {
        slabs.put(name, slab);
    }

    /** {@return the element type of what is remembered} */
    Precision precision() {
        return parameters.precision();
    }

    /** {@return what the numbers mean, whatever the optimiser's settings: "Adam [adam.mean, adam.square]"} */
    String kind() {
        return optimizer.getClass().getSimpleName() + " " + slabs.keySet();
    }

    /** {@return how many updates were made} */
    public final long steps() {
        return steps;
    }

    /**
     * Sets how many updates were made, when a checkpoint is restored.
     *
     * @param value at least 0
     * @throws IllegalArgumentException if it is not
     */
    public final void steps(long value) {
        if (value < 0) {
            throw new IllegalArgumentException("steps: expected at least 0, got " + value);
        }
        this.steps = value;
    }

    /**
     * {@return the twins of the parameters that this state consists of, by name: written into checkpoints, read back in
     * place; of an {@link Ekf} its covariance matrices in float64}
     */
    public final Map<String, MemorySegment> slabs() {
        return Collections.unmodifiableMap(slabs);
    }
}
