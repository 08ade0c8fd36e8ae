package dev.rondo.train;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.network.MaskDraw;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;

/**
 * Gradients of the outputs of a stream by all parameters, as the stream goes on: what learners other than BPTT are, and
 * what a Kalman filter takes its derivatives from. For each piece of the stream, in this order:
 *
 * <pre>
 * enter(pass)                 where the caller's pass is about to start from
 * forward(piece, masks)       y
 * addGradient(seed)           any number of times: the gradients get seed dy/dw
 * advance()                   the next piece follows, or enter is called again
 * </pre>
 *
 * <p>Row o of dy/dw, for sequence b, is what a seed adds that is 1 at (b, o) and else 0. The parameters may be changed
 * after {@code advance()}; what is remembered of earlier steps is that of the parameters as they were then.
 */
interface OnlineGradients extends NetworkPass.Companion {
    /** {@return the most steps that a piece may have} */
    int mostSteps();

    /** Takes over states, clock, and which sequences begin anew, from a pass of the same network and batch size. */
    void enter(NetworkPass pass);

    /**
     * Runs the network over a piece of the stream; targets are not looked at.
     *
     * @param masks of dropout and zoneout that it has; null where nothing is drawn
     * @return its outputs, as {@link NetworkPass#outputs()} has them
     */
    MemorySegment forward(SequenceBatch piece, MaskDraw masks);

    /**
     * Adds to the network's gradients those of all steps so far.
     *
     * @param outputGradient as {@link NetworkPass#outputGradient()}, of the piece that ran forward
     */
    void addGradient(MemorySegment outputGradient);

    /** Takes the piece into what is remembered. */
    void advance();

    /** After {@link #advance}: puts the states that the pieces ended in into a pass, for it to go on from. */
    void leave(NetworkPass pass);

    /** After {@link #advance}: adds to a checkpoint what is remembered. */
    void write(Checkpoint.Builder checkpoint);

    /** Takes over what is remembered in a checkpoint, of an equal network and as many sequences; or changes nothing. */
    void restore(Checkpoint checkpoint) throws CheckpointException;
}
