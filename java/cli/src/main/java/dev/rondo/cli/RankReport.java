package dev.rondo.cli;

import dev.rondo.cli.InputLines.Line;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.RankedText;
import dev.rondo.text.Ranking;
import dev.rondo.text.UnknownCharacterException;
import java.util.ArrayList;
import java.util.List;

/** All lines, the best first. */
final class RankReport extends LineReport {
    private final LanguageModel model;
    private final Ranking ranking;
    private final List<Line> candidates = new ArrayList<>();

    RankReport(LanguageModel model, Streams streams, Rows.Format format, Ranking ranking) {
        super(model.vocabulary(), new Rows(format, streams.out(), ScoreColumns.of(model.vocabulary().unit(),
                List.of(new Rows.Column("rank", "rank", 6, 0), Rows.Column.forPrograms("file"),
                        new Rows.Column("line", "line", 6, 0)),
                Rows.Column.text("text", "candidate"))));
        this.model = model;
        this.ranking = ranking;
    }

    @Override
    void take(List<Line> lines) {
        for (Line line : lines) {
            notEmpty(line);
            try {
                model.vocabulary().encode(line.text());
            } catch (UnknownCharacterException e) {
                throw unknown(line, e);
            }
        }
        candidates.addAll(lines);
    }

    @Override
    void end() {
        int rank = 0;
        for (RankedText ranked : model.rank(candidates.stream().map(Line::text).toList(), ranking)) {
            Line line = candidates.get(ranked.index());
            rank++;
            rows().add(ScoreColumns.values(List.of(rank, line.file(), line.number()), ranked.score(), line.text()));
        }
        rows().flush();
    }
}
