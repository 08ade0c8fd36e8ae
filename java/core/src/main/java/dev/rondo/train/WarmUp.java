package dev.rondo.train;

/**
 * A linear rise before another schedule.
 *
 * @param steps updates of the rise
 * @param then what comes after it
 */
record WarmUp(long steps, LearningRate then) implements LearningRate {
    WarmUp {
        Settings.atLeastOne("steps", steps);
    }

    @Override
    public double factor(long step) {
        return step <= steps ? (double) step / steps : then.factor(step - steps);
    }

    @Override
    public LearningRate after(double validationLoss) {
        return new WarmUp(steps, then.after(validationLoss));
    }

    @Override
    public double[] memory() {
        return then.memory();
    }

    @Override
    public LearningRate remembering(double[] memory) {
        return new WarmUp(steps, then.remembering(memory));
    }
}
