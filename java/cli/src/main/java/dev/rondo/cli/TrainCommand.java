package dev.rondo.cli;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.text.Evaluation;
import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.TextCorpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code rondo train}: a language model, begun or gone on with. */
@Command(name = "train", description = {"Trains a language model of characters, bytes, words or sub-words.",
        "The last 10 %% of the text is for validation, or another text. Ctrl-C saves and says how to go on."},
        sortOptions = false, sortSynopsis = false)
final class TrainCommand implements Callable<Integer> {
    private static final String LENGTH = "length";

    /** Options that a training that is resumed may be given anew. */
    private static final Set<String> NOT_KEPT =
            Set.of("--steps", "--epochs", "--minutes", "--backend", "--threads", "--resume", "--json", "--patience",
                    "--report", "--tensorboard");

    @Option(names = "--preset", paramLabel = "NAME",
            description = "Settings that were published together, in the place of the defaults: char-rnn, "
                    + "zaremba-small, zaremba-medium or zaremba-large. What is said beside it counts more. The "
                    + "settings of NAME are shown before the training begins.")
    private String preset;

    @Option(names = "--text", arity = "1..*", paramLabel = "FILE|DIR",
            description = "Text to learn, UTF-8; of a directory all text files below it, but for hidden ones and "
                    + "directories called target, build or runs. Default: the sources and documents of Rondo.")
    private List<Path> text;

    @Option(names = "--validation", arity = "1..*", paramLabel = "FILE|DIR",
            description = "Text to validate with, as --text. Default: the last 10 %% of the text, at most a million "
                    + "units, then not learned.")
    private List<Path> validation;

    @Mixin
    private Units units;

    @Mixin
    private ModelOptions model;

    @Mixin
    private LearningOptions learning;

    @ArgGroup
    private TrainingLength length;

    @Option(names = "--backend", paramLabel = "B",
            description = "${COMPLETION-CANDIDATES}. Default: the fastest that runs here.")
    private Backend backend;

    @Option(names = "--threads", paramLabel = "N", description = "Default: the processors, at most 8.")
    private Integer threads;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "The same seed, backend and threads give the same model after the same steps. "
                    + "Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--seeds", paramLabel = "N", defaultValue = "1",
            description = "Trains N models, by the seeds from --seed on, one after the other, into DIR/seed-1 and so "
                    + "on, and says what they give on average. Default: ${DEFAULT-VALUE}.")
    private int seeds;

    @Option(names = "--out", paramLabel = "DIR",
            description = "Where model, text, evaluations and curve go. Default: runs/TIME.")
    private Path out;

    @Option(names = "--resume", paramLabel = "DIR",
            description = "Goes on with the training in DIR, with its text and settings, to the length that it was to "
                    + "have or to a new one. Lengths count from its beginning. With those of --seeds, too, as they "
                    + "were begun.")
    private Path resume;

    @Option(names = "--json", paramLabel = "FILE",
            description = "Appends JSON lines, an object for each evaluation: seed, step, seconds, unit, "
                    + "train_loss, validation_loss (nats per unit), units_per_second, gradient_norm (before clipping), "
                    + "learning_rate, and of a step on average input_ms, recurrent_ms, head_ms, optimizer_ms.")
    private Path json;

    @Mixin
    private ReportOptions reports;

    @Spec
    private CommandSpec spec;

    @Mixin
    private Help help;

    private final Streams streams;

    TrainCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        checkOptions();
        return resume == null ? begin() : goOn();
    }

    private void checkOptions() {
        CommandLine commandLine = spec.commandLine();
        if (preset != null && !Preset.names().contains(preset)) {
            throw new ParameterException(
                    commandLine, "--preset: expected one of " + Preset.names() + ", got " + preset);
        }
        model.check(commandLine, units.areWords());
        learning.check(commandLine);
        Options.atLeast(commandLine, "--seeds", seeds, 1);
        if (threads != null) {
            Options.checked(commandLine, () -> Execution.threads(threads));
        }
        if (length != null) {
            Options.checked(commandLine, () -> length.budget(0));
        }
        units.check(commandLine);
        if (resume != null) {
            commandLine.getParseResult().matchedOptions().stream().map(OptionSpec::longestName)
                    .filter(option -> !NOT_KEPT.contains(option)).findFirst().ifPresent(option -> {
                        throw new ParameterException(commandLine, "--resume goes on with the settings of its directory:"
                                + " it cannot be had with " + option);
                    });
        }
    }

    private int begin() throws IOException {
        RunDirectory directory = out == null ? RunDirectory.byTime() : new RunDirectory(out);
        if (preset != null) {
            streams.out().println("preset: " + Preset.of(preset).describe());
        }
        if (seeds == 1) {
            return begin(directory, seed, new ArrayList<>());
        }
        boolean existed = Files.exists(directory.path());
        var runs = new SeedRuns(directory.path());
        boolean again = runs.isResumable();
        runs.keep(spec.root().commandLine().getParseResult().expandedArgs());
        try {
            return train(runs, again);
        } finally {
            runs.discardIfEmpty(existed);
        }
    }

    /** Trains by each seed: begins, goes on, or leaves alone what has come to its end. */
    private int train(SeedRuns runs, boolean again) throws IOException {
        var results = new ArrayList<Evaluation>();
        for (long each = seed; each < seed + seeds; each++) {
            streams.out().println(Figures.format("seed %d, %d of %d", each, each - seed + 1, seeds));
            RunDirectory directory = runs.of(each);
            if (again && !directory.isResumable()) {
                directory.discard(); // of one that broke off before its first step
            }
            int exitCode = directory.isResumable()
                    ? goOn(directory, each, results)
                    : begin(directory, each, results);
            streams.out().println();
            if (exitCode != 0) {
                long left = seed + seeds - 1 - each;
                streams.out().println((left == 0 ? "" : Figures.count(left, "seed") + " not begun; ")
                        + "to go on with all of them:");
                streams.out().println("  " + Invocation.command() + " train --resume "
                        + Invocation.quoted(runs.path()));
                return exitCode;
            }
        }
        SeedTable.print(streams.out(), seed, results);
        return 0;
    }

    private int goOn(RunDirectory directory, long seed, List<Evaluation> results) throws IOException {
        int exitCode = 0;
        try {
            if (!new Journal(directory).isEnded()) {
                exitCode = goOn(directory, session(directory, seed));
            }
        } catch (NothingLeft _) { // it broke off after its last step
            streams.out().println("nothing left of its length");
        }
        EvaluationLog.best(new EvaluationLog(directory.evaluations()).read()).ifPresent(results::add);
        return exitCode;
    }

    private TrainingSession session(RunDirectory directory, long seed) throws IOException {
        return new TrainingSession(
                streams, directory, seed, json, seeds == 1 ? reports : reports.below("seed-" + seed));
    }

    private int begin(RunDirectory directory, long seed, List<Evaluation> results) throws IOException {
        if (directory.isResumable()) {
            throw new Failure(directory.path() + ": holds a training already; --resume " + directory.path()
                    + " goes on with it");
        }
        directory.refuseToReplace();
        Corpus source = text == null ? Corpus.ofProject(home()) : Corpus.of(text);
        TextCorpus.Builder corpus = units.of(TextCorpus.builder(source.text())).directory(directory.path());
        if (validation != null) {
            corpus.validation(Corpus.of(validation).text());
        }
        TrainingSession session = session(directory, seed);
        boolean existed = Files.exists(directory.path());
        try {
            int exitCode = train(directory, source, corpus.build(), session, seed);
            results.add(session.best());
            return exitCode;
        } catch (IOException | RuntimeException e) {
            if (!directory.isResumable() && Files.isDirectory(directory.path())) {
                directory.discard();
                if (!existed) {
                    Files.deleteIfExists(directory.path());
                }
            }
            throw e;
        }
    }

    private int train(RunDirectory directory, Corpus source, TextCorpus corpus, TrainingSession session, long seed)
            throws IOException {
        learning.check(corpus);
        model.load(corpus.vocabulary());
        TrainingLength wanted = length == null ? TrainingLength.byDefault() : length;
        LanguageModelTrainer.Builder builder = learning.of(LanguageModelTrainer.builder(corpus))
                .network(_ -> model.network(corpus.vocabulary())).seed(seed)
                .backend(backend).threads(threads == null ? Defaults.threads() : threads)
                .directory(directory.path()).note(LENGTH, wanted.toString()).listener(session);
        if (preset != null) {
            builder.note("preset", preset);
        }
        model.notes().forEach(builder::note);
        try (LanguageModelTrainer trainer = builder.build()) {
            model.begin(trainer.model().network());
            if (validation == null) {
                corpus.writeValidation(directory.validationText());
            }
            session.introduce(trainer, source.describe(), corpus);
            return session.run(trainer, wanted);
        }
    }

    private int goOn() throws IOException {
        var directory = new RunDirectory(resume);
        if (directory.isResumable()) {
            return goOn(directory, session(directory, directory.seed()));
        }
        var runs = new SeedRuns(resume);
        if (!runs.isResumable()) {
            throw new Failure(resume + ": no training to resume (" + LanguageModelTrainer.LAST + " is not there)");
        }
        spec.commandLine().getParseResult().matchedOptions().stream().map(OptionSpec::longestName)
                .filter(option -> NOT_KEPT.contains(option) && !option.equals("--resume")).findFirst()
                .ifPresent(option -> {
                    throw new ParameterException(spec.commandLine(), "--resume of trainings by several seeds goes on "
                            + "as they were begun: it cannot be had with " + option);
                });
        return Rondo.run(streams, runs.arguments().toArray(String[]::new));
    }

    private int goOn(RunDirectory directory, TrainingSession session) throws IOException {
        Path path = directory.path();
        TextCorpus corpus = directory.corpus();
        TrainingLength wanted = length != null ? length : TrainingLength.parse(
                LanguageModelTrainer.note(path, LENGTH).orElse(TrainingLength.byDefault().toString()));
        LanguageModelTrainer.Builder builder = LanguageModelTrainer.resume(path, corpus)
                .note(LENGTH, wanted.toString()).listener(session);
        if (backend != null) {
            builder.backend(backend);
        }
        if (threads != null) {
            builder.threads(threads);
        }
        if (spec.commandLine().getParseResult().hasMatchedOption("--patience")) {
            builder.patience(learning.patience());
        }
        try (LanguageModelTrainer trainer = builder.build()) {
            session.introduce(trainer, "that of " + path, corpus);
            return session.run(trainer, wanted);
        }
    }

    private static Path home() {
        String home = System.getProperty("rondo.home");
        if (home == null) {
            throw new Failure("no text to learn: --text FILE names some (the rondo script would take its own sources)");
        }
        return Path.of(home);
    }
}
