package dev.rondo.cli;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.Execution;
import dev.rondo.network.Cells;
import dev.rondo.network.Layer;
import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.TextCorpus;
import dev.rondo.train.Optimizers;
import dev.rondo.train.Schedules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code rondo train}: a language model, begun or gone on with. */
@Command(name = "train", description = {"Trains a language model of characters, bytes, words or sub-words.",
        "The last 10 %% of the text is for validation, or another text. Ctrl-C saves and says how to go on."},
        sortOptions = false, sortSynopsis = false)
final class TrainCommand implements Callable<Integer> {
    private static final String LENGTH = "length";

    /** Of each piece of the text in a step. */
    private static final int TIME_STEPS = 64;

    /** Options that a training keeps. */
    private static final List<String> KEPT = List.of("--text", "--validation", "--unit", "--min-count",
            "--vocabulary-size", "--lower-case", "--tokenizer", "--cell", "--hidden", "--layers", "--dropout",
            "--batch", "--optimizer", "--schedule", "--seed", "--out");

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

    @Option(names = "--cell", paramLabel = "CELL", defaultValue = "lstm",
            description = "Cell of the layers, with options after a colon, as in gru:reset=before; rondo info lists "
                    + "them. Default: ${DEFAULT-VALUE}.")
    private String cell;

    @Option(names = "--hidden", paramLabel = "N", defaultValue = "256",
            description = "Units of each layer. Default: ${DEFAULT-VALUE}.")
    private int hidden;

    @Option(names = "--layers", paramLabel = "N", defaultValue = "1",
            description = "Layers. Default: ${DEFAULT-VALUE}.")
    private int layers;

    @Option(names = "--dropout", paramLabel = "RATE", defaultValue = "0",
            description = "Share of what each layer hands on that is left out at random in training, from 0 to below "
                    + "1. Default: ${DEFAULT-VALUE}.")
    private double dropout;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "32",
            description = "Pieces of the text learned side by side, 64 units of each in a step: a short text "
                    + "wants fewer. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(names = "--optimizer", paramLabel = "RULE", defaultValue = "adam:learningRate=0.004",
            description = "sgd, nesterov, rmsprop, adagrad, adam or adamw, with numbers after a colon: "
                    + "sgd:learningRate=1,momentum=0.9. Default: ${DEFAULT-VALUE}.")
    private String optimizer;

    @Option(names = "--schedule", paramLabel = "RULE", defaultValue = "constant",
            description = "How the learning rate changes, in steps: constant, step:factor=0.1,steps=1000, "
                    + "exponential:factor=0.5,steps=1000, cosine:steps=5000, or plateau:factor=0.5,patience=3 "
                    + "(evaluations); warmUp=100 after a comma rises before it. Default: ${DEFAULT-VALUE}.")
    private String schedule;

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

    @Option(names = "--out", paramLabel = "DIR",
            description = "Where model, text, evaluations and curve go. Default: runs/TIME.")
    private Path out;

    @Option(names = "--resume", paramLabel = "DIR",
            description = "Goes on with the training in DIR, with its text and settings, to the length that it was to "
                    + "have or to a new one. Lengths count from its beginning.")
    private Path resume;

    @Option(names = "--json", paramLabel = "FILE",
            description = "Appends JSON lines, an object for each evaluation: step, seconds, unit, train_loss, "
                    + "validation_loss (nats per unit), units_per_second, gradient_norm (before clipping), "
                    + "learning_rate.")
    private Path json;

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
        atLeastOne("--hidden", hidden);
        cell();
        parsed("--optimizer", "optimizer", Optimizers::parse, optimizer);
        parsed("--schedule", "schedule", Schedules::parse, schedule);
        atLeastOne("--layers", layers);
        checked(() -> Layer.of(cell()).dropout(dropout));
        atLeastOne("--batch", batch);
        if (threads != null && (threads < 1 || threads > Execution.MOST_THREADS)) {
            throw new ParameterException(spec.commandLine(),
                    "--threads: expected 1 to " + Execution.MOST_THREADS + ", got " + threads);
        }
        if (length != null) {
            checked(() -> length.budget(0));
        }
        units.check(spec.commandLine());
        if (resume != null) {
            for (String option : KEPT) {
                if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
                    throw new ParameterException(spec.commandLine(),
                            "--resume goes on with the settings of its directory: it cannot be had with " + option);
                }
            }
        }
    }

    /** What an option is given may be wrong; the library names it as the option is named. */
    private void checked(Runnable check) {
        try {
            check.run();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
        }
    }

    private void atLeastOne(String option, int value) {
        if (value < 1) {
            throw new ParameterException(spec.commandLine(), option + ": expected at least 1, got " + value);
        }
    }

    private Cell cell() {
        return parsed("--cell", "cell", text -> Cells.parse(text, hidden), cell);
    }

    /** What {@code text} says; what is wrong with it is said under the name of the option. */
    private <V> V parsed(String option, String subject, Function<String, V> parser, String text) {
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(), option + ": " + e.getMessage().replaceFirst("^" + subject + ":? ", ""), e);
        }
    }

    private int begin() throws IOException {
        RunDirectory directory = out == null ? RunDirectory.byTime() : new RunDirectory(out);
        if (directory.isResumable()) {
            throw new Failure(out + ": holds a training already; --resume " + out + " goes on with it");
        }
        directory.refuseToReplace();
        Corpus source = text == null ? Corpus.ofProject(home()) : Corpus.of(text);
        TextCorpus.Builder corpus = units.of(TextCorpus.builder(source.text())).directory(directory.path());
        if (validation != null) {
            corpus.validation(Corpus.of(validation).text());
        }
        var session = new TrainingSession(streams, directory, json);
        boolean existed = Files.exists(directory.path());
        try {
            return train(directory, source, corpus.build(), session);
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

    private int train(RunDirectory directory, Corpus source, TextCorpus corpus, TrainingSession session)
            throws IOException {
        checkBatch(corpus);
        TrainingLength wanted = length == null ? TrainingLength.byDefault() : length;
        try (LanguageModelTrainer trainer = LanguageModelTrainer.builder(corpus)
                .cell(cell()).layers(layers).dropout(dropout).batchSize(batch).timeSteps(TIME_STEPS).seed(seed)
                .optimizer(Optimizers.parse(optimizer)).learningRate(Schedules.parse(schedule))
                .backend(backend).threads(threads == null ? Defaults.threads() : threads)
                .directory(directory.path()).note(LENGTH, wanted.toString())
                .listener(session)
                .build()) {
            if (validation == null) {
                corpus.writeValidation(directory.validationText());
            }
            session.introduce(trainer, source.describe(), corpus);
            return session.run(trainer, wanted);
        }
    }

    /** With a smaller batch the text may do; what is too short for any is the library's to say. */
    private void checkBatch(TextCorpus corpus) {
        long most = corpus.training().length() / TIME_STEPS;
        if (most > 0 && batch > most) {
            throw new Failure("text: expected at least " + (long) batch * TIME_STEPS + " "
                    + corpus.vocabulary().unit().plural() + " to learn from for --batch " + batch + ", got "
                    + corpus.training().length() + "; --batch " + most + " is the most for it");
        }
    }

    private int goOn() throws IOException {
        var directory = new RunDirectory(resume);
        if (!directory.isResumable()) {
            throw new Failure(resume + ": no training to resume (" + LanguageModelTrainer.LAST + " is not there)");
        }
        TextCorpus corpus = directory.corpus();
        TrainingLength wanted = length != null ? length : TrainingLength.parse(
                LanguageModelTrainer.note(resume, LENGTH).orElse(TrainingLength.byDefault().toString()));
        var session = new TrainingSession(streams, directory, json);
        LanguageModelTrainer.Builder builder = LanguageModelTrainer.resume(resume, corpus)
                .note(LENGTH, wanted.toString()).listener(session);
        if (backend != null) {
            builder.backend(backend);
        }
        if (threads != null) {
            builder.threads(threads);
        }
        try (LanguageModelTrainer trainer = builder.build()) {
            session.introduce(trainer, "that of " + resume, corpus);
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
