package dev.rondo.cli;

import dev.rondo.text.GapModel;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.Ranking;
import dev.rondo.text.TextScore;
import dev.rondo.text.TextSource;
import dev.rondo.text.UnknownCharacterException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rondo score}: how well a model foresees lines, their tokens, or a text as a whole; ranks, and fills gaps. */
@Command(name = "score", description = {
        "Shows how well a trained model foresees text: a row for each line, and the total.",
        "Log-probabilities are natural; figures per character, byte or word are means over those predicted."},
        sortOptions = false, sortSynopsis = false)
final class ScoreCommand implements Callable<Integer> {
    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = "Directory that rondo train wrote, or a model file; of --fill, one of rondo gaps as well.")
    private Path model;

    @ArgGroup
    private Question question = new Question();

    /** What is asked, if it is not the score of each line. */
    private static final class Question {
        @Option(names = "--stream",
                description = "Takes each file as one stream: every character but the first is predicted from those "
                        + "before it. The nats per character of a validation text are its validation loss.")
        private boolean stream;

        @Option(names = "--tokens", description = "A row for each character, byte or word of each line.")
        private boolean tokens;

        @Option(names = "--rank", description = "Takes all lines as candidates and shows the likeliest first.")
        private boolean rank;

        @Option(names = "--fill", description = "Shows what fills the gap ___ in each line best: with which the whole "
                + "line is likeliest.")
        private boolean fill;
    }

    @Option(names = "--per-unit",
            description = "Ranks by the probability per character, byte or word, for candidates of unequal length.")
    private boolean perUnit;

    @Option(names = "--candidates", paramLabel = "FILE|A,B,C",
            description = "What to fill gaps with: the lines of a file, or a list. Default: each character or word "
                    + "that the model knows.")
    private String candidates;

    @Option(names = "--candidate", paramLabel = "TEXT",
            description = "One to fill gaps with, as it is; may be given several times.")
    private List<String> singly = List.of();

    @Option(names = "--top", paramLabel = "N", defaultValue = "5",
            description = "Fillings to show for each line. Default: ${DEFAULT-VALUE}.")
    private int top;

    @Option(names = "--format", paramLabel = "FORMAT", defaultValue = "table",
            description = "table, or for programs json (an object a line) or tsv (a header, then rows), without "
                    + "totals, numbers with all digits. Default: ${DEFAULT-VALUE}.")
    private Rows.Format format;

    @Parameters(paramLabel = "FILE", arity = "0..*", defaultValue = InputLines.STANDARD_INPUT,
            description = "Text to score; - or nothing is standard input.")
    private List<String> files;

    @Spec
    private CommandSpec spec;

    @Mixin
    private Help help;

    private final Streams streams;

    ScoreCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        check();
        List<String> fillings = readCandidates();
        if (question.fill && GapModel.isIn(model)) {
            fillFromBothSides();
            return 0;
        }
        try (var language = LanguageModel.load(model, network -> network.threads(Defaults.threads()))) {
            if (question.stream) {
                scoreStreams(language);
            } else {
                report(reportOf(language, fillings));
            }
        }
        return 0;
    }

    private void check() {
        only("--per-unit", question.rank, "--rank");
        only("--candidates", question.fill, "--fill");
        only("--candidate", question.fill, "--fill");
        only("--top", question.fill, "--fill");
        Options.atLeast(spec.commandLine(), "--top", top, 1);
    }

    private void only(String option, boolean asked, String question) {
        if (!asked && spec.commandLine().getParseResult().hasMatchedOption(option)) {
            throw new ParameterException(spec.commandLine(), option + " is for " + question);
        }
    }

    /** {@return what to fill gaps with; null for whatever the model knows} */
    private List<String> readCandidates() throws IOException {
        if (candidates == null) {
            return singly.isEmpty() ? null : singly;
        }
        Path file = Path.of(candidates);
        var all = new ArrayList<>(singly);
        if (Files.exists(file)) {
            try (var lines = new BufferedReader(TextSource.of(List.of(file)).open())) {
                all.addAll(lines.lines().toList());
            }
        } else if (candidates.contains(",")) {
            all.addAll(List.of(candidates.split(",", -1)));
        } else {
            throw new Failure("--candidates: expected a file or a list, as in lord,lady, got " + candidates
                    + ", and there is no such file; --candidate takes a single one");
        }
        return all;
    }

    private void fillFromBothSides() throws IOException {
        if (candidates != null || !singly.isEmpty()) {
            throw new Failure(model + ": holds a model of gaps, which knows the units to try: no candidates with it");
        }
        try (var gaps = GapModel.load(model, network -> network.threads(Defaults.threads()))) {
            report(new GapReport(gaps, streams, format, top));
        }
    }

    private LineReport reportOf(LanguageModel language, List<String> fillings) {
        if (question.tokens) {
            return new TokenReport(language, streams, format);
        }
        if (question.rank) {
            return new RankReport(language, streams, format, perUnit ? Ranking.PER_UNIT : Ranking.PROBABILITY);
        }
        if (question.fill) {
            return new FillReport(language, streams, format, fillings, top);
        }
        return new ScoreReport(language, streams, format);
    }

    private void report(LineReport report) throws IOException {
        for (String file : files) {
            var lines = new InputLines(file, streams);
            lines.forEach(report::take);
            if (files.size() > 1) {
                report.endOfFile(lines.name());
            }
        }
        report.end();
    }

    private void scoreStreams(LanguageModel language) throws IOException {
        var rows = new Rows(format, streams.out(),
                ScoreColumns.of(language.vocabulary().unit(), List.of(), Rows.Column.text("file", "file")));
        var total = new TextScore(language.vocabulary().unit(), 0, 0, 0);
        for (String file : files) {
            var text = new InputLines(file, streams);
            try {
                TextScore score = language.scoreStream(text.source());
                rows.add(ScoreColumns.values(List.of(), score, text.name()));
                total = total.plus(score);
            } catch (UnknownCharacterException e) {
                throw new Failure(text.name() + ": " + e.getMessage(), e);
            }
        }
        if (files.size() > 1) {
            rows.addTotal(ScoreColumns.values(List.of(), total, "total"));
        }
        rows.flush();
    }
}
