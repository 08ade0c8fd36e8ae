package dev.rondo.cli;

import dev.rondo.check.GradientFlow;
import dev.rondo.cli.report.EventFile;
import dev.rondo.cli.report.Report;
import dev.rondo.cli.report.Run.Sample;
import dev.rondo.kernel.Backends;
import dev.rondo.network.Network;
import dev.rondo.text.Evaluation;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.Sampling;
import dev.rondo.text.TrainingProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Writes down what a training came by, for reports, while it runs: into its directory whatever {@code rondo report}
 * wants, a web page and event files where they are wanted.
 */
final class TrainingRecord implements AutoCloseable {
    private static final Sampling SAMPLING = Sampling.defaults().temperature(0.8).seed(1);
    private static final int SAMPLE_CHARACTERS = 400;
    private static final int SAMPLE_WORDS = 80;

    /** How often text is made up in a run. */
    private static final int SAMPLES = 10;

    /** The page is written so seldom that it takes at most one part in so many of the time. */
    private static final double PAGE_SHARE = 50;

    private final RunDirectory directory;
    private final ReportOptions wanted;
    private final Map<String, String> facts;
    private final LanguageModelTrainer trainer;
    private final Journal journal;
    private EventFile events; // null = not wanted, or not begun
    private boolean begun;
    private double share; // of the budget
    private double nextSample;
    private long nextPage = System.nanoTime();

    /**
     * The record of a run of a training.
     *
     * @param facts of the training, beside its settings
     */
    TrainingRecord(RunDirectory directory, ReportOptions wanted, Map<String, String> facts,
            LanguageModelTrainer trainer) {
        this.directory = directory;
        this.wanted = wanted;
        this.facts = facts;
        this.trainer = trainer;
        this.journal = new Journal(directory);
    }

    /** A step was made: with the first of them there is a training, with settings in its checkpoint. */
    void step(TrainingProgress progress, List<Evaluation> before) throws IOException {
        share = progress.share();
        if (begun) {
            return;
        }
        begun = true;
        var settings = new LinkedHashMap<>(facts);
        LanguageModelTrainer.settings(directory.last())
                .forEach((name, value) -> settings.put(ModelText.setting(name), value));
        var machine = new LinkedHashMap<>(Machine.facts());
        Network network = trainer.model().network();
        machine.put("backend", network.backend() + ", " + Backends.details(network.backend(), network.execution()));
        journal.session(trainer.model().vocabulary().unit(), settings, machine);
        if (wanted.tensorBoard() != null) {
            beginEvents(progress.step() - 1, before);
        }
        page();
    }

    /** In a directory that is new, what was before is told as well. */
    private void beginEvents(long step, List<Evaluation> before) throws IOException {
        boolean isNew = !Files.isDirectory(wanted.tensorBoard());
        events = EventFile.open(wanted.tensorBoard(), step);
        if (isNew && !before.isEmpty()) {
            double begin = System.currentTimeMillis() / 1e3 - before.getLast().seconds();
            for (Evaluation e : before) {
                events.append(e, begin + e.seconds());
            }
        }
    }

    void evaluation(Evaluation e) throws IOException {
        if (share >= nextSample) {
            nextSample = (Math.floor(share * SAMPLES) + 1) / SAMPLES;
            sample(e.step());
        }
        if (events != null) {
            events.append(e, System.currentTimeMillis() / 1e3);
        }
        if (System.nanoTime() >= nextPage) {
            page();
        }
    }

    private void sample(long step) throws IOException {
        var text = new StringBuilder();
        sample(trainer.model(), text::append);
        journal.sample(new Sample(step, text.toString()));
    }

    /** Makes up text: the same as ever by the same model. */
    static void sample(LanguageModel model, Consumer<String> sink) {
        boolean words = !Figures.inBits(model.vocabulary().unit());
        model.generate("", SAMPLING, words ? SAMPLE_WORDS : SAMPLE_CHARACTERS, sink);
    }

    void gradient(long step, GradientFlow flow, int layers) throws IOException {
        journal.gradient(step, IntStream.range(0, layers).mapToObj(flow::norms).toList());
    }

    /** The run ended, after so many seconds of training in all. */
    void end(double seconds, boolean stopped) throws IOException {
        journal.end(seconds, stopped);
    }

    private void page() throws IOException {
        if (wanted.report() == null) {
            return;
        }
        long started = System.nanoTime();
        Report.write(wanted.page(), List.of(journal.read(directory.name()).orElseThrow()));
        nextPage = System.nanoTime() + (long) (PAGE_SHARE * (System.nanoTime() - started));
    }

    /** Writes what is wanted a last time. */
    @Override
    public void close() throws IOException {
        if (events != null) {
            events.close();
        }
        if (begun) {
            page();
        }
    }
}
