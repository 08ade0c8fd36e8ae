package dev.rondo.train;

import dev.rondo.network.NetworkPass;

/** Takes the times of the parts of each step as they end, if the step has them. It makes nothing while it does. */
class StepWatch {
    private long began;
    private long forwardEnded;
    private long backwardBegan;
    private long backwardEnded;
    private long inputTook; // by the pass
    private long headTook;
    private long input; // this and all below of the last step that ended
    private long head;
    private long forward;
    private long backward; // with setting gradients to zero before it
    private long zeroing;
    private long update;

    /** {@return one that writes Flight Recorder events, too, unless this Java has no Flight Recorder} */
    static StepWatch make() {
        try {
            return new StepRecorder();
        } catch (NoClassDefFoundError e) { // no module jdk.jfr in this runtime image
            return new StepWatch();
        }
    }

    /** Parts that the step does not have begin and end here. */
    void begins() {
        began = System.nanoTime();
        forwardEnded = began;
        backwardBegan = began;
        backwardEnded = began;
        inputTook = 0;
        headTook = 0;
    }

    final void forwardEnds(NetworkPass pass) {
        forwardEnded = System.nanoTime();
        backwardBegan = forwardEnded;
        backwardEnded = forwardEnded;
        take(pass);
    }

    /** Gradients are zero. */
    final void backwardBegins() {
        backwardBegan = System.nanoTime();
    }

    final void backwardEnds(NetworkPass pass) {
        backwardEnded = System.nanoTime();
        take(pass);
    }

    private void take(NetworkPass pass) {
        inputTook = pass.inputNanos();
        headTook = pass.headNanos();
    }

    void ends(long step, double loss, long counted, double gradientNorm) {
        input = inputTook;
        head = headTook;
        forward = forwardEnded - began;
        zeroing = backwardBegan - forwardEnded;
        backward = backwardEnded - forwardEnded;
        update = System.nanoTime() - backwardEnded;
    }

    final long forward() {
        return forward;
    }

    final long backward() {
        return backward;
    }

    final long update() {
        return update;
    }

    final StepTimes times() {
        return new StepTimes(input, forward + backward - zeroing - input - head, head, zeroing + update);
    }
}
