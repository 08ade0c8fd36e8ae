package dev.rondo.train;

/** Writes an event for each step, too, while a recording asks for them; else it makes nothing. */
final class StepRecorder extends StepWatch {
    private final TrainStepEvent probe = new TrainStepEvent();
    private TrainStepEvent event; // null = not recorded

    @Override
    void begins() {
        event = null;
        if (probe.isEnabled()) {
            event = new TrainStepEvent();
            event.begin();
        }
        super.begins();
    }

    @Override
    void ends(long step, double loss, long counted, double gradientNorm) {
        super.ends(step, loss, counted, gradientNorm);
        if (event != null) {
            StepTimes times = times();
            event.forward = forward();
            event.backward = backward();
            event.update = update();
            event.input = times.input();
            event.recurrent = times.recurrent();
            event.head = times.head();
            event.optimizer = times.optimizer();
            event.step = step;
            event.loss = loss;
            event.counted = counted;
            event.gradientNorm = gradientNorm;
            event.commit();
        }
    }
}
