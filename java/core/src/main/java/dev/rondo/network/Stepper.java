package dev.rondo.network;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * One sequence, one step at a time, for streams: the state stays between steps. It has a state and buffers of its own
 * and reads the network's weights, so any number of steppers may run on one network, each in a thread of its own. A
 * step allocates nothing.
 *
 * <pre>{@code
 * try (var stepper = network.stepper()) {
 *     var y = new float[network.outputSize()];
 *     for (float[] x : source) {
 *         stepper.step(x, y);
 *     }
 * }
 * }</pre>
 */
public final class Stepper implements AutoCloseable {
    private final Network network;
    private final NetworkPass pass;
    private final float[] x;
    private final int[] token;
    private final SequenceBatch batch;

    Stepper(Network network) {
        network.description().requireForwards("stepper");
        this.network = network;
        this.pass = NetworkPass.inference(network, 1, 1, "stepper").carryState(true);
        boolean tokens = network.description().input().tokens();
        this.x = tokens ? null : new float[network.inputSize()];
        this.token = tokens ? new int[1] : null;
        this.batch = tokens ? SequenceBatch.tokens(token, 1, 1) : SequenceBatch.of(x, 1, 1, x.length);
    }

    /**
     * Takes one step.
     *
     * @param input numbers [I]
     * @param output outputs [O], written
     * @throws IllegalArgumentException if a size does not fit, or the network reads tokens
     * @throws IllegalStateException after {@link #close()} of stepper or network, or while another thread uses this
     *     stepper
     */
    public void step(float[] input, float[] output) {
        Objects.requireNonNull(input, "input: expected numbers, got null");
        Objects.requireNonNull(output, "output: expected room for numbers, got null");
        if (x == null) {
            throw new IllegalArgumentException("input: expected a token, got numbers");
        }
        if (input.length != x.length) {
            throw new IllegalArgumentException("input: expected " + x.length + " numbers, got " + input.length);
        }
        System.arraycopy(input, 0, x, 0, x.length);
        run(output);
    }

    /**
     * Takes one step.
     *
     * @param input token, from 0 to V - 1
     * @param output outputs [O], written
     * @throws IllegalArgumentException if a size does not fit, the token is out of range, or the network reads numbers
     * @throws IllegalStateException after {@link #close()} of stepper or network, or while another thread uses this
     *     stepper
     */
    public void step(int input, float[] output) {
        Objects.requireNonNull(output, "output: expected room for numbers, got null");
        if (token == null) {
            throw new IllegalArgumentException("input: expected " + x.length + " numbers, got a token");
        }
        token[0] = input;
        run(output);
    }

    /**
     * Goes back to the zero state.
     *
     * @throws IllegalStateException after {@link #close()} of stepper or network, or while another thread uses this
     *     stepper
     */
    public void reset() {
        pass.resetState();
    }

    /**
     * Frees state and buffers. Closing twice is harmless.
     *
     * @throws IllegalStateException while another thread steps; nothing is freed then
     */
    @Override
    public void close() {
        pass.close();
    }

    private void run(float[] output) {
        if (output.length != network.outputSize()) {
            throw new IllegalArgumentException(
                    "output: expected " + network.outputSize() + " numbers, got " + output.length);
        }
        pass.forward(batch);
        MemorySegment outputs = pass.outputs();
        if (network.precision() == Precision.FLOAT32) {
            MemorySegment.copy(outputs, ValueLayout.JAVA_FLOAT, 0, output, 0, output.length);
        } else {
            for (int o = 0; o < output.length; o++) {
                output[o] = (float) outputs.getAtIndex(ValueLayout.JAVA_DOUBLE, o);
            }
        }
    }
}
