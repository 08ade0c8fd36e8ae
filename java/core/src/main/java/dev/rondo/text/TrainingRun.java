package dev.rondo.text;

import dev.rondo.text.TrainingSummary.Ending;
import dev.rondo.train.StepResult;
import dev.rondo.train.StepTimes;
import java.io.IOException;

/** One run of a training: time, averages, and when to evaluate. */
final class TrainingRun {
    /** Evaluations and checkpoints by time take at most about one part in so many. */
    private static final double EVALUATION_SHARE = 10;

    /** The shortest time between evaluations: what a curve needs, and no more. */
    private static final double SHORTEST_INTERVAL = 2;

    private static final double NANOS = 1e9;
    private static final StepTimes NO_TIMES = new StepTimes(0, 0, 0, 0);

    private final LanguageModelTrainer training;
    private final Budget budget;
    private final long begin = System.nanoTime();
    private double evaluationSeconds; // of all evaluations and checkpoints
    private double lastDuration; // of the last of them
    private double lastEvaluated; // when the last of them ended
    private long units;
    private long evaluatedStep = -1;
    private Evaluation last;
    private Evaluation best;

    // Since the last evaluation.
    private double nats;
    private long counted;
    private long steps;
    private StepTimes times = NO_TIMES; // summed

    TrainingRun(LanguageModelTrainer training, Budget budget) {
        this.training = training;
        this.budget = budget;
    }

    TrainingSummary run() throws IOException {
        training.begin();
        StepResult result = null;
        double learningRate = Double.NaN;
        while (!training.stopRequested() && !training.isExhausted() && share() < 1) {
            learningRate = training.learningRate();
            result = training.step();
            units += result.counted();
            nats += result.loss() * result.counted();
            counted += result.counted();
            steps++;
            times = times.plus(training.stepTimes());
            training.listener().step(progress(result));
            if (evaluationDue()) {
                evaluate(result, learningRate);
            }
        }
        Ending ending = share() >= 1 ? Ending.BUDGET : training.isExhausted() ? Ending.PATIENCE : Ending.STOPPED;
        if (ending == Ending.STOPPED) {
            training.save();
        } else if (result != null && evaluatedStep != training.steps()) {
            evaluate(result, learningRate);
        }
        return new TrainingSummary(training.steps(), seconds(), last, best, ending);
    }

    private double seconds() {
        return (System.nanoTime() - begin) / NANOS;
    }

    /** How much of the budget is used up; the last evaluation's time is set aside. */
    private double share() {
        double ofSteps = (double) training.steps() / budget.steps();
        double ofEpochs = training.epochs() / budget.epochs();
        double ofTime = (seconds() + lastDuration) / budget.seconds();
        return Math.max(0, Math.max(ofTime, Math.max(ofSteps, ofEpochs)));
    }

    private TrainingProgress progress(StepResult result) {
        return new TrainingProgress(result.step(), training.epochs(), seconds(), Math.min(1, share()), result.loss(),
                result.gradientNorm(), units / (seconds() - evaluationSeconds));
    }

    private boolean evaluationDue() {
        if (training.evaluateEvery() > 0) {
            return training.steps() % training.evaluateEvery() == 0;
        }
        return seconds() - lastEvaluated > Math.max(SHORTEST_INTERVAL, EVALUATION_SHARE * lastDuration);
    }

    private void evaluate(StepResult result, double learningRate) throws IOException {
        double started = seconds();
        double validationLoss = training.validate();
        boolean lowest = training.keepBest(validationLoss);
        training.save();
        double unitsPerSecond = counted / (started - lastEvaluated);
        last = new Evaluation(training.unit(), result.step(), started, nats / counted, validationLoss, unitsPerSecond,
                result.gradientNorm(), learningRate, times.dividedBy(steps), lowest);
        if (best == null || Double.isNaN(best.validationLoss()) || validationLoss < best.validationLoss()) {
            best = last;
        }
        nats = 0;
        counted = 0;
        steps = 0;
        times = NO_TIMES;
        evaluatedStep = result.step();
        training.listener().evaluation(last); // what it does takes time, which is none of the training's
        lastEvaluated = seconds();
        lastDuration = lastEvaluated - started;
        evaluationSeconds += lastDuration;
    }
}
