package dev.rondo.cli;

import dev.rondo.cli.InputLines.Line;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.TokenScore;
import java.util.List;

/** A row for each token of each line. */
final class TokenReport extends LineReport {
    private final LanguageModel model;
    private final int first; // position of the first token that has a score

    TokenReport(LanguageModel model, Streams streams, Rows.Format format) {
        super(model.vocabulary(), new Rows(format, streams.out(), List.of(Rows.Column.forPrograms("file"),
                new Rows.Column("line", "line", 6, 0), new Rows.Column("position", "position", 8, 0),
                new Rows.Column("log_probability", "log-probability", 15, 6), Rows.Column.forPrograms("token"),
                Rows.Column.quoted("text", model.vocabulary().unit().singular()))));
        this.model = model;
        first = model.vocabulary().lineStart().isPresent() ? 1 : 2;
    }

    @Override
    void take(List<Line> lines) {
        each(lines, model::scoreTokens, this::add);
    }

    private void add(Line line, List<TokenScore> scores) {
        for (int i = 0; i < scores.size(); i++) {
            TokenScore score = scores.get(i);
            rows().add(line.file(), line.number(), first + i, 0 - score.nats(), score.token(), score.text());
        }
    }
}
