package dev.rondo.cli;

import dev.rondo.text.LanguageModel;
import dev.rondo.text.TextScore;
import dev.rondo.text.TextSource;
import dev.rondo.text.TextUnit;
import dev.rondo.text.UnknownCharacterException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PushbackReader;
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
        "Log-probabilities are natural; figures per character, byte or word are means over those predicted."},
        sortOptions = false, sortSynopsis = false)
final class ScoreCommand implements Callable<Integer> {
    private static final String STANDARD_INPUT = "-";

    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = "Directory that rondo train wrote, or a model file.")
    private Path model;

    @Option(names = "--stream",
            description = "Takes each file as one stream: every character but the first is predicted from those before "
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
            var total = new TextScore(language.vocabulary().unit(), 0, 0, 0);
            for (String file : files) {
                total = total.plus(stream ? scoreStream(language, file) : scoreLines(language, file));
            }
            if (!stream || files.size() > 1) {
                row(total, "total");
            }
        }
        return 0;
    }

    private TextSource open(String file) {
        return file.equals(STANDARD_INPUT)
                ? () -> TextSource.utf8(streams.in(), name(file))
                : TextSource.of(List.of(Path.of(file)));
    }

    private TextScore scoreStream(LanguageModel language, String file) throws IOException {
        try {
            TextScore score = language.scoreStream(notEmpty(open(file), file));
            row(score, name(file));
            return score;
        } catch (UnknownCharacterException e) {
            throw new Failure(name(file) + ": " + e.getMessage(), e);
        }
    }

    private static TextSource notEmpty(TextSource text, String file) {
        return () -> {
            var in = new PushbackReader(text.open());
            int first = in.read();
            if (first < 0) {
                throw new Failure(name(file) + ": is empty");
            }
            in.unread(first);
            return in;
        };
    }

    private TextScore scoreLines(LanguageModel language, String file) throws IOException {
        var total = new TextScore(language.vocabulary().unit(), 0, 0, 0);
        int number = 0;
        try (var lines = new BufferedReader(notEmpty(open(file), file).open())) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                TextScore score = language.score(line);
                row(score, line);
                total = total.plus(score);
            }
        } catch (UnknownCharacterException e) {
            throw new Failure(name(file) + ", line " + number + ": " + e.getMessage(), e);
        }
        if (files.size() > 1) {
            row(total, "total of " + name(file));
        }
        return total;
    }

    private static String name(String file) {
        return file.equals(STANDARD_INPUT) ? "standard input" : file;
    }

    /** Before the first row, so that nothing but the error is said of a text that cannot be scored. */
    private void header(TextUnit unit) {
        if (headed) {
            return;
        }
        headed = true;
        String one = Figures.brief(unit);
        streams.out().println(Figures.format("%15s %10s %10s %10s %10s%s  %s", "log-probability", "nats/" + one,
                "bits/" + one, "perplexity", unit.plural(), unit == TextUnit.WORD ? "    unknown" : "",
                stream ? "file" : "line"));
    }

    private void row(TextScore score, String what) {
        header(score.unit());
        boolean none = score.predictions() == 0; // an empty line: certain, and no mean to speak of
        streams.out().println(Figures.format("%15.4f %10s %10s %10s %10d%s  %s", 0 - score.nats(),
                none ? "-" : Figures.format("%.6f", score.natsPerUnit()),
                none ? "-" : Figures.format("%.6f", score.bitsPerUnit()),
                none ? "-" : Figures.format("%.4f", score.perplexity()), score.predictions(),
                score.unit() == TextUnit.WORD ? Figures.format(" %10d", score.unknown()) : "", what));
    }
}
