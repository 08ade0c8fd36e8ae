package dev.rondo.cli;

import dev.rondo.text.LanguageModel;
import dev.rondo.text.TextScore;
import dev.rondo.text.UnknownCharacterException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rondo score}: how well a model foresees each line of a text, or a text as a whole. */
@Command(name = "score", description = {
        "Shows how well a trained model foresees text: a row for each line, and the total.",
        "Log-probabilities are natural; figures per character are means over the characters predicted."},
        sortOptions = false, sortSynopsis = false)
final class ScoreCommand implements Callable<Integer> {
    private static final String STANDARD_INPUT = "-";

    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = "Directory that rondo train wrote, or a model file.")
    private Path model;

    @Option(names = "--stream",
            description = "Takes each file as one stream: every character but the first is predicted from all before "
                    + "it. The nats per character of a validation text are its validation loss.")
    private boolean stream;

    @Parameters(paramLabel = "FILE", arity = "0..*", defaultValue = STANDARD_INPUT,
            description = "Text to score; - or nothing is standard input.")
    private List<String> files;

    @Mixin
    private Help help;

    private final Streams streams;
    private boolean headed;

    ScoreCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        try (var language = LanguageModel.load(model, network -> network.threads(Defaults.threads()))) {
            var total = new TextScore(0, 0);
            for (String file : files) {
                String text = read(file);
                TextScore score = stream ? scoreStream(language, text, file) : scoreLines(language, text, file);
                total = sum(total, score);
            }
            if (!stream || files.size() > 1) {
                row(total, "total");
            }
        }
        return 0;
    }

    private String read(String file) throws IOException {
        String text = file.equals(STANDARD_INPUT)
                ? Utf8.decode(streams.in().readAllBytes(), name(file))
                : Utf8.read(Path.of(file));
        if (text.isEmpty()) {
            throw new Failure(name(file) + ": is empty");
        }
        return text;
    }

    private TextScore scoreStream(LanguageModel language, String text, String file) {
        try {
            TextScore score = language.scoreStream(text);
            row(score, name(file));
            return score;
        } catch (UnknownCharacterException e) {
            throw new Failure(name(file) + ": " + e.getMessage(), e);
        }
    }

    private TextScore scoreLines(LanguageModel language, String text, String file) {
        var total = new TextScore(0, 0);
        int number = 0;
        for (String line : (Iterable<String>) text.lines()::iterator) {
            number++;
            try {
                TextScore score = language.score(line);
                row(score, line);
                total = sum(total, score);
            } catch (UnknownCharacterException e) {
                throw new Failure(name(file) + ", line " + number + ": " + e.getMessage(), e);
            }
        }
        if (files.size() > 1) {
            row(total, "total of " + name(file));
        }
        return total;
    }

    private static TextScore sum(TextScore a, TextScore b) {
        return new TextScore(a.nats() + b.nats(), a.predictions() + b.predictions());
    }

    private static String name(String file) {
        return file.equals(STANDARD_INPUT) ? "standard input" : file;
    }

    /** Before the first row, so that nothing but the error is said of a text that cannot be scored. */
    private void header() {
        if (headed) {
            return;
        }
        headed = true;
        streams.out().println(Figures.format("%15s %10s %10s %10s %10s  %s",
                "log-probability", "nats/char", "bits/char", "perplexity", "characters", stream ? "file" : "line"));
    }

    private void row(TextScore score, String what) {
        header();
        boolean none = score.predictions() == 0; // an empty line: certain, and no mean to speak of
        streams.out().println(Figures.format("%15.4f %10s %10s %10s %10d  %s", 0 - score.nats(),
                none ? "-" : Figures.format("%.6f", score.natsPerCharacter()),
                none ? "-" : Figures.format("%.6f", score.bitsPerCharacter()),
                none ? "-" : Figures.format("%.4f", score.perplexity()), score.predictions(), what));
    }
}
