package dev.rondo.cli;

import dev.rondo.cell.Backend;
import dev.rondo.check.GradientFlow;
import dev.rondo.cli.report.Run;
import dev.rondo.kernel.Backends;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import dev.rondo.text.Evaluation;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.TextCorpus;
import dev.rondo.text.TextUnit;
import dev.rondo.text.Tokens;
import dev.rondo.text.TrainingListener;
import dev.rondo.text.TrainingProgress;
import dev.rondo.text.TrainingSummary;
import dev.rondo.text.TrainingSummary.Ending;
import dev.rondo.train.NonFiniteGradientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One run of a training: what is shown meanwhile, what is written down, what Ctrl-C does, what is left at the end. */
final class TrainingSession implements TrainingListener {
    private static final int REACH_STEPS = 64;
    private static final int REACH_PIECES = 8;

    private final Streams streams;
    private final RunDirectory directory;
    private final long seed;
    private final Path json; // null = none wanted
    private final ReportOptions reports;
    private final Map<String, String> facts = new LinkedHashMap<>(); // for the record
    private final List<Evaluation> evaluations = new ArrayList<>(); // of all runs of this training
    private double secondsBefore; // of the runs before this one
    private Tokens validation;
    private ProgressDisplay display; // while it runs
    private TrainingRecord record; // likewise

    TrainingSession(Streams streams, RunDirectory directory, long seed, Path json, ReportOptions reports)
            throws IOException {
        this.streams = streams;
        this.directory = directory;
        this.seed = seed;
        this.json = json;
        this.reports = reports;
        if (json != null) {
            new EvaluationLog(json).open();
        }
        reports.makeDirectory();
    }

    /** Says what runs and what it learns. */
    void introduce(LanguageModelTrainer trainer, String source, TextCorpus corpus) {
        validation = corpus.validation();
        Network network = trainer.model().network();
        say("%s", Backends.describe(network.backend(), network.execution()));
        say("text: %s; vocabulary of %s; %,d %s to learn from, %,d for validation", source, corpus.vocabulary(),
                corpus.training().length(), unit(trainer).plural(), corpus.validation().length());
        String model = Figures.format("%s, %s, %s", ModelText.layers(network.description()),
                ModelText.input(network.description()), Figures.count(network.parameters().count(), "parameter"));
        say("model: %s", model);
        facts.put(Run.TEXT, source);
        facts.put(Run.FINGERPRINT, corpus.fingerprint());
        facts.put(Run.VOCABULARY, corpus.vocabulary().toString());
        facts.put("training", Figures.format("%,d %s", corpus.training().length(), unit(trainer).plural()));
        facts.put(Run.VALIDATION, Figures.format("%,d %s", corpus.validation().length(), unit(trainer).plural()));
        facts.put("model", model);
    }

    /** Trains, and shows the result; {@return the exit code} */
    int run(LanguageModelTrainer trainer, TrainingLength length) throws IOException {
        evaluations.addAll(new EvaluationLog(directory.evaluations()).read());
        secondsBefore = Math.max(new Journal(directory).seconds(),
                evaluations.isEmpty() ? 0 : evaluations.getLast().seconds());
        long stepsBefore = trainer.steps();
        if (length.isOver(stepsBefore, secondsBefore)) {
            throw nothingLeft(length, stepsBefore);
        }
        say("training: %s, into %s (Ctrl-C saves)", length.describe(), directory.path());
        TrainingSummary summary;
        int exitCode;
        try (var recorded = new TrainingRecord(directory, reports, facts, trainer)) {
            record = recorded;
            try (var shown = ProgressDisplay.on(streams, unit(trainer));
                    var interruption = new Interruption(() -> interrupt(trainer))) {
                display = shown;
                summary = trainer.run(length.budget(secondsBefore));
                exitCode = summary.stopped() ? interruption.exitCode() : 0;
            } catch (NonFiniteGradientException e) {
                throw new Failure(
                        e.getMessage() + "; the checkpoints in " + directory.path() + " are from before it", e);
            }
            recorded.end(secondsBefore + summary.seconds(), summary.stopped());
            if (summary.ending() == Ending.PATIENCE) {
                say("ended at step %,d: patience is at its end (--patience)", summary.step());
            } else if (summary.step() == stepsBefore && !summary.stopped()) {
                throw nothingLeft(length, stepsBefore);
            }
            showResult();
            showReach(trainer);
        }
        reports.say(streams.out());
        if (summary.stopped()) {
            showHowToResume(summary.step());
        } else {
            showSample(trainer.model().network().backend());
        }
        return exitCode;
    }

    /** {@return the evaluation with the lowest validation loss; null if there was none} */
    Evaluation best() {
        return EvaluationLog.best(evaluations).orElse(null);
    }

    @Override
    public void step(TrainingProgress progress) {
        display.step(progress);
        try {
            record.step(progress, evaluations);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    @Override
    public void evaluation(Evaluation e) {
        var overall = new Evaluation(e.unit(), e.step(), secondsBefore + e.seconds(), e.trainLoss(),
                e.validationLoss(), e.unitsPerSecond(), e.gradientNorm(), e.learningRate(), e.stepTimes(), e.best());
        display.evaluation(overall);
        evaluations.add(overall);
        try {
            new EvaluationLog(directory.evaluations()).append(overall, seed);
            if (json != null) {
                new EvaluationLog(json).append(overall, seed);
            }
            record.evaluation(overall);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private void interrupt(LanguageModelTrainer trainer) {
        trainer.stop();
        streams.err().println("\nrondo: saving; once more ends at once");
    }

    private void showResult() throws IOException {
        if (evaluations.isEmpty()) {
            return;
        }
        Evaluation last = evaluations.getLast();
        Evaluation best = best();
        say("validation: %s nats per %s, %s, at step %,d%s", Figures.decimal(best.validationLoss(), 4),
                best.unit().singular(), Figures.measure(best.unit(), best.validationLoss(), 4), best.step(),
                best == last ? "" : Figures.format(" (best; %s nats at step %,d)",
                        Figures.decimal(last.validationLoss(), 4), last.step()));
        draw(Figures.format("Validation loss: %s nats, %s at step %,d", Figures.decimal(best.validationLoss(), 3),
                Figures.measure(best.unit(), best.validationLoss(), 3), best.step()));
    }

    /** How far back the network could learn from, at the end: over a few pieces of the validation text. */
    private void showReach(LanguageModelTrainer trainer) throws IOException {
        Network network = trainer.model().network();
        int steps = (int) Math.min(REACH_STEPS, validation.length() - 1);
        boolean masks = network.description().drawsMasks();
        if (steps < 1 || masks) { // by dropout each lag would be seen through other masks
            return;
        }
        int pieces = (int) Math.min(REACH_PIECES, (validation.length() - 1) / steps);
        var ids = new int[steps * pieces];
        var next = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            int at = i % pieces * steps + i / pieces;
            ids[i] = validation.at(at);
            next[i] = validation.at(at + 1);
        }
        GradientFlow flow = GradientFlow.of(network, SequenceBatch.tokens(ids, steps, pieces).targets(next));
        record.gradient(trainer.steps(), flow, network.description().layers().size());
        say("%s", flow.describe(0));
    }

    private void draw(String title) throws IOException {
        try {
            LossCurve.write(directory.curve(), title, evaluations);
            say("loss curve: %s", directory.curve());
        } catch (RuntimeException | LinkageError | InternalError e) { // a Java without fonts throws any of these
            streams.err().println("rondo: warning: no loss curve, this Java cannot draw: " + Failure.oneLine("" + e));
        }
    }

    private void showSample(Backend backend) throws IOException {
        say("model: %s, which makes up text like this:%n", directory.best());
        try (var model = LanguageModel.load(directory.path(), network -> network.backend(backend).threads(1))) {
            TrainingRecord.sample(model, streams.out()::print);
        }
        say("%n%nfor more: %s generate --model %s", Invocation.command(), Invocation.quoted(directory.path()));
    }

    private void showHowToResume(long step) {
        say("stopped and saved at step %,d; to go on:", step);
        say("  %s train --resume %s%s", Invocation.command(), Invocation.quoted(directory.path()),
                (json == null ? "" : " --json " + Invocation.quoted(json)) + reports.text());
    }

    private static TextUnit unit(LanguageModelTrainer trainer) {
        return trainer.model().vocabulary().unit();
    }

    private NothingLeft nothingLeft(TrainingLength length, long steps) {
        return new NothingLeft(directory.path() + ": nothing left of its " + length.describe() + " after "
                + Figures.count(steps, "step") + "; --steps, --epochs or --minutes says how far to go on");
    }

    private void say(String format, Object... values) {
        streams.out().println(Figures.format(format, values));
    }
}
