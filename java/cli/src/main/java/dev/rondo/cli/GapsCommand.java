package dev.rondo.cli;

import dev.rondo.cell.Execution;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Dataset;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.text.GapModel;
import dev.rondo.text.TextCorpus;
import dev.rondo.text.TextSource;
import dev.rondo.text.Vocabulary;
import dev.rondo.train.Adam;
import dev.rondo.train.EpochResult;
import dev.rondo.train.Epochs;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.Trainer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code rondo gaps}: learns to fill gaps in lines from both sides. */
@Command(name = "gaps", description = {
        "Learns to predict one character, byte or word of a line from all others, before it and behind it, for "
                + "rondo score --fill.",
        "The last tenth of the lines is for validation; the model of the best epoch is kept, also after Ctrl-C."},
        sortOptions = false, sortSynopsis = false)
final class GapsCommand implements Callable<Integer> {
    private static final double LEARNING_RATE = 2e-3;
    private static final double GREATEST_NORM = 5;

    /** One of so many lines is for validation. */
    private static final int VALIDATION = 10;

    @Option(names = "--text", required = true, arity = "1..*", paramLabel = "FILE",
            description = "Text to learn, line by line: files, or directories of them; kept in memory.")
    private List<Path> text;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "Where the model goes.")
    private Path out;

    @Mixin
    private Units units;

    @Option(names = "--hidden", paramLabel = "N", defaultValue = "128",
            description = "LSTM units of each of the two layers in each direction, and numbers of the vector that "
                    + "stands for each token. Default: ${DEFAULT-VALUE}.")
    private int hidden;

    @Option(names = "--gaps", paramLabel = "N", defaultValue = "8",
            description = "Gaps to learn from in each line, at different places. Default: ${DEFAULT-VALUE}.")
    private int gaps;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "32",
            description = "Gaps learned side by side. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "20",
            description = "Times that each gap is learned. Default: ${DEFAULT-VALUE}.")
    private int epochs;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "Of the first weights, the gaps and their order. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--threads", paramLabel = "N", description = "Default: the processors, at most 8.")
    private int threads = Defaults.threads();

    @Spec
    private CommandSpec spec;

    @Mixin
    private Help help;

    private final Streams streams;

    GapsCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        check();
        List<String> lines = lines(Corpus.of(text));
        int learned = lines.size() - Math.max(1, lines.size() / VALIDATION);
        if (learned < 1) {
            throw new Failure("--text: expected at least two lines that are not empty, got " + lines.size());
        }
        List<String> training = lines.subList(0, learned);
        List<String> validation = lines.subList(learned, lines.size());
        Vocabulary vocabulary = units.of(TextCorpus.builder(source(training)).validation(source(validation))).build()
                .vocabulary();
        streams.out().println(Figures.format("%s to learn, %,d to validate with, %s", Figures.count(learned, "line"),
                validation.size(), vocabulary));
        try (var model = new GapModel(vocabulary, network(vocabulary))) {
            Trainer.builder(model.network()).optimizer(Adam.of(LEARNING_RATE))
                    .clip(GradientClipping.globalNorm(GREATEST_NORM)).batchSize(batch).build()
                    .fit(examples(vocabulary, training), examples(vocabulary, validation),
                            Epochs.of(epochs).listener(result -> show(model, result)));
        }
        return 0;
    }

    private void check() {
        Options.atLeast(spec.commandLine(), "--hidden", hidden, 1);
        Options.atLeast(spec.commandLine(), "--gaps", gaps, 1);
        Options.atLeast(spec.commandLine(), "--batch", batch, 1);
        Options.atLeast(spec.commandLine(), "--epochs", epochs, 1);
        Options.checked(spec.commandLine(), () -> Execution.threads(threads));
        units.check(spec.commandLine());
        if (Files.isDirectory(out)) {
            throw new ParameterException(spec.commandLine(), "--out: expected a file, got the directory " + out);
        }
    }

    private static List<String> lines(Corpus corpus) throws IOException {
        try (var reader = new BufferedReader(corpus.text().open())) {
            return reader.lines().filter(line -> !line.isEmpty()).toList();
        }
    }

    private static TextSource source(List<String> lines) {
        return TextSource.of(lines.stream().collect(Collectors.joining("\n", "", "\n")));
    }

    private Network network(Vocabulary vocabulary) {
        Layer both = Layer.of(Lstm.of(hidden)).bidirectional();
        return Network.embedding(vocabulary.size() + 1, hidden).layer(both).layer(both).classes(vocabulary.size())
                .threads(threads).seed(seed).build();
    }

    private Dataset examples(Vocabulary vocabulary, List<String> lines) {
        return GapModel.examples(vocabulary, lines, gaps, seed);
    }

    private void show(GapModel model, EpochResult result) {
        if (result.epoch() == 1) {
            String nats = "nats/" + Figures.brief(model.vocabulary().unit());
            streams.out().println(Figures.format("%6s %8s %15s %15s %9s", "epoch", "step", "train " + nats,
                    "valid " + nats, "accuracy"));
        }
        if (result.best()) {
            try {
                model.save(out);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        streams.out().println(Figures.format("%6d %8d %15.4f %15.4f %7.2f %%%s", result.epoch(), result.steps(),
                result.trainingLoss(), result.validation().loss(), 100 * result.validation().accuracy(),
                result.best() ? "  best" : ""));
    }
}
