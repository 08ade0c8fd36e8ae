package dev.rondo.train;

/** Writes an event for each step while a recording asks for them; else it does nothing, and makes nothing. */
final class StepRecorder extends StepWatch {
    private final TrainStepEvent probe = new TrainStepEvent();
    private TrainStepEvent event; // null = not recorded
    private long began;
    private long forwardEnded;
    private long backwardEnded;

    @Override
    void begins() {
        event = null;
        if (probe.isEnabled()) {
            event = new TrainStepEvent();
            event.begin();
            began = System.nanoTime();
            forwardEnded = began; // of an update alone, whose other parts nobody ends
            backwardEnded = began;
        }
    }

    @Override
    void forwardEnds() {
        if (event != null) {
            forwardEnded = System.nanoTime();
        }
    }

    @Override
    void backwardEnds() {
        if (event != null) {
            backwardEnded = System.nanoTime();
        }
    }

    @Override
    void ends(long step, double loss, long counted, double gradientNorm) {
        if (event != null) {
            event.forward = forwardEnded - began;
            event.backward = backwardEnded - forwardEnded;
            event.update = System.nanoTime() - backwardEnded;
            event.step = step;
            event.loss = loss;
            event.counted = counted;
            event.gradientNorm = gradientNorm;
            event.commit();
        }
    }
}
