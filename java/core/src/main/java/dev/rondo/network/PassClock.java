package dev.rondo.network;

/** How long the parts of a pass took, in nanoseconds: a lap is counted for the part that it ends. */
final class PassClock {
    private long input;
    private long head;
    private long last;

    /** Begins a forward pass. */
    void restart() {
        input = 0;
        head = 0;
        resume();
    }

    /** Begins the backward pass. */
    void resume() {
        last = System.nanoTime();
    }

    void inputEnds() {
        input += lap();
    }

    void layersEnd() {
        lap();
    }

    void headEnds() {
        head += lap();
    }

    private long lap() {
        long now = System.nanoTime();
        long took = now - last;
        last = now;
        return took;
    }

    long input() {
        return input;
    }

    long head() {
        return head;
    }
}
