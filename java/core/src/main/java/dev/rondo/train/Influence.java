package dev.rondo.train;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import java.lang.foreign.MemorySegment;

/**
 * What is known of ds/dw, the derivatives of a network's state by its parameters, for B sequences: the influence matrix
 * M of real-time recurrent learning, or what stands for it. With a step s' = F(s, x, w),
 *
 * <pre>
 * M' = dF/ds M + dF/dw     M = 0 where a sequence begins, but for a learned initial state, of which it is the identity
 * </pre>
 */
interface Influence extends AutoCloseable {
    /**
     * One step of one sequence, layer by layer.
     *
     * @param inputs what each layer reads; of a token the number alone
     * @param states the state of each layer before the step, plane after plane
     * @param masks of each layer
     * @param token the embedded token; -1 without an embedding
     * @param time absolute time of the step
     */
    record Step(double[][] inputs, double[][] states, StepMasks[] masks, int token, long time) {}

    /** Lets sequence {@code b} begin anew. */
    void begin(int b);

    /** Takes in a step that sequence {@code b} has made. */
    void advance(int b, Step step);

    /**
     * Adds dL/ds M to the gradients.
     *
     * @param byState dL/ds of each layer, of sequence {@code b} in the state that it is in, plane after plane
     * @param gradients laid out as the parameters
     */
    void addGradient(int b, double[][] byState, MemorySegment gradients);

    /** Adds to a checkpoint what is known. */
    void write(Checkpoint.Builder checkpoint);

    /** Takes over what is known in a checkpoint, of an equal network and as many sequences; or changes nothing. */
    void restore(Checkpoint checkpoint) throws CheckpointException;

    @Override
    void close();
}
