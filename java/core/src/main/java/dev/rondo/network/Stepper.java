package dev.rondo.network;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * One sequence, or several side by side, one step at a time, for streams: the state stays between steps. It has a state
 * and buffers of its own and reads the network's weights, so any number of steppers may run on one network, each in a
 * thread of its own. A step allocates nothing.
 *
 * <pre>{@code
 * try (var stepper = network.stepper()) {
 *     var y = new float[network.outputSize()];
 *     for (float[] x : source) {
 *         stepper.step(x, y);
 *     }
 * }
 * }</pre>
 *
 * <p>B streams side by side cost less than B steppers. They need not all have a step at the same time: a mask says
 * which do, and the others stay as they are. All share one clock, where a cell has one (Clockwork): it counts the steps
 * of the stepper, those that a stream leaves out too, and starts anew when all streams do.
 *
 * <pre>{@code
 * try (var stepper = network.stepper(3)) {
 *     var x = new float[3 * network.inputSize()];
 *     var y = new float[3 * network.outputSize()];
 *     stepper.step(x, new boolean[] {true, false, true}, y);      // the second has nothing to say now
 *     stepper.reset(1);                                           // and another takes its place
 * }
 * }</pre>
 */
public final class Stepper implements AutoCloseable {
    private final Network network;
    private final int streams; // B
    private final int width; // O
    private final NetworkPass pass;
    private final float[] x; // [B, I]; null for tokens
    private final int[] tokens; // [B]; null for numbers
    private final int[] lengths; // [B], 1 of a stream that takes the step
    private final SequenceBatch all;
    private final SequenceBatch some;

    Stepper(Network network, int streams) {
        network.description().requireForwards("stepper");
        this.network = network;
        this.streams = streams;
        this.width = network.outputSize();
        if (streams > Integer.MAX_VALUE / width) {
            throw new IllegalArgumentException("streams: expected at most " + Integer.MAX_VALUE / width + ", of "
                    + width + " outputs each, got " + streams);
        }
        this.pass = NetworkPass.inference(network, 1, streams, "stepper").carryState(true);
        boolean ofTokens = network.description().input().tokens();
        this.x = ofTokens ? null : new float[Math.multiplyExact(streams, network.inputSize())];
        this.tokens = ofTokens ? new int[streams] : null;
        this.lengths = new int[streams];
        this.all = ofTokens
                ? SequenceBatch.tokens(tokens, 1, streams)
                : SequenceBatch.of(x, 1, streams, network.inputSize());
        this.some = all.lengths(lengths);
    }

    /**
     * Takes one step of each stream.
     *
     * @param input numbers [B, I]
     * @param output outputs [B, O], written
     * @throws IllegalArgumentException if a size does not fit, or the network reads tokens
     * @throws IllegalStateException after {@link #close()} of stepper or network, or while another thread uses this
     *     stepper
     */
    public void step(float[] input, float[] output) {
        present(input, output);
        take(input);
        run(all, null, output);
    }

    /**
     * Takes one step of some streams.
     *
     * @param input numbers [B, I]; of a stream that takes no step they may be anything
     * @param active [B], whether a stream takes the step
     * @param output outputs [B, O]; written are those of the streams that take the step
     * @throws IllegalArgumentException if a size does not fit, or the network reads tokens
     * @throws IllegalStateException as {@link #step(float[], float[])}
     */
    public void step(float[] input, boolean[] active, float[] output) {
        present(input, output);
        activate(active);
        take(input);
        run(some, active, output);
    }

    /**
     * Takes one step of the one stream.
     *
     * @param input token, from 0 to V - 1
     * @param output outputs [O], written
     * @throws IllegalArgumentException if a size does not fit, the token is out of range, the network reads numbers, or
     *     there are several streams
     * @throws IllegalStateException as {@link #step(float[], float[])}
     */
    public void step(int input, float[] output) {
        Objects.requireNonNull(output, "output: expected room for numbers, got null");
        requireTokens(1);
        tokens[0] = input;
        run(all, null, output);
    }

    /**
     * Takes one step of each stream.
     *
     * @param input tokens [B], each from 0 to V - 1
     * @param output outputs [B, O], written
     * @throws IllegalArgumentException if a size does not fit, a token is out of range, or the network reads numbers
     * @throws IllegalStateException as {@link #step(float[], float[])}
     */
    public void step(int[] input, float[] output) {
        present(input, output);
        requireTokens(input.length);
        System.arraycopy(input, 0, tokens, 0, streams);
        run(all, null, output);
    }

    /**
     * Takes one step of some streams.
     *
     * @param input tokens [B], each from 0 to V - 1; of a stream that takes no step it may be anything
     * @param active [B], whether a stream takes the step
     * @param output outputs [B, O]; written are those of the streams that take the step
     * @throws IllegalArgumentException if a size does not fit, a token is out of range, or the network reads numbers
     * @throws IllegalStateException as {@link #step(float[], float[])}
     */
    public void step(int[] input, boolean[] active, float[] output) {
        present(input, output);
        activate(active);
        requireTokens(input.length);
        for (int b = 0; b < streams; b++) {
            tokens[b] = active[b] ? input[b] : 0;
        }
        run(some, active, output);
    }

    private static void present(Object input, float[] output) {
        Objects.requireNonNull(input, "input: expected numbers or tokens, got null");
        Objects.requireNonNull(output, "output: expected room for numbers, got null");
    }

    private void take(float[] input) {
        if (x == null) {
            throw new IllegalArgumentException("input: expected " + tokens(streams) + ", got numbers");
        }
        if (input.length != x.length) {
            throw new IllegalArgumentException("input: expected " + x.length + " numbers, got " + input.length);
        }
        System.arraycopy(input, 0, x, 0, x.length);
    }

    private void requireTokens(int count) {
        if (tokens == null || count != streams) {
            throw new IllegalArgumentException("input: expected "
                    + (tokens == null ? x.length + " numbers" : tokens(streams)) + ", got " + tokens(count));
        }
    }

    private static String tokens(int count) {
        return count == 1 ? "a token" : count + " tokens";
    }

    private void activate(boolean[] active) {
        Objects.requireNonNull(active, "active: expected a mask, got null");
        if (active.length != streams) {
            throw new IllegalArgumentException("active: expected " + streams + " marks, got " + active.length);
        }
        for (int b = 0; b < streams; b++) {
            lengths[b] = active[b] ? 1 : 0;
        }
    }

    /**
     * Lets all streams begin anew.
     *
     * @throws IllegalStateException after {@link #close()} of stepper or network, or while another thread uses this
     *     stepper
     */
    public void reset() {
        pass.resetState();
    }

    /**
     * Lets one stream begin anew.
     *
     * @param stream from 0 to B - 1
     * @throws IllegalArgumentException if there is no such stream
     * @throws IllegalStateException as {@link #reset()}
     */
    public void reset(int stream) {
        if (stream < 0 || stream >= streams) {
            throw new IllegalArgumentException("stream: expected 0 to " + (streams - 1) + ", got " + stream);
        }
        pass.resetState(stream);
    }

    /**
     * Lets each stream b go on from the state of stream {@code from[b]}, for searches that keep some of several
     * continuations, and some several times.
     *
     * @param from [B], each from 0 to B - 1
     * @throws IllegalArgumentException if it is not so
     * @throws IllegalStateException as {@link #reset()}
     */
    public void select(int... from) {
        pass.select(from);
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

    /** Runs a step; {@code active} is null if all streams take it. */
    private void run(SequenceBatch batch, boolean[] active, float[] output) {
        if (output.length != streams * width) {
            throw new IllegalArgumentException(
                    "output: expected " + streams * width + " numbers, got " + output.length);
        }
        pass.forward(batch);
        MemorySegment outputs = pass.outputs();
        for (int b = 0; b < streams; b++) {
            if (active == null || active[b]) {
                read(outputs, output, b * width, width);
            }
        }
    }

    private void read(MemorySegment outputs, float[] output, int at, int count) {
        if (network.precision() == Precision.FLOAT32) {
            MemorySegment.copy(outputs, ValueLayout.JAVA_FLOAT, (long) at * Float.BYTES, output, at, count);
        } else {
            for (int o = at; o < at + count; o++) {
                output[o] = (float) outputs.getAtIndex(ValueLayout.JAVA_DOUBLE, o);
            }
        }
    }
}
