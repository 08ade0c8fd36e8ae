package dev.rondo.cli;

import dev.rondo.cli.InputLines.Line;
import dev.rondo.text.GapModel;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.TokenScore;
import dev.rondo.text.UnknownCharacterException;
import java.util.List;

/** The likeliest units at the gap in each line, by a model that reads both sides of it. */
final class GapReport extends LineReport {
    private final GapModel model;
    private final int most;

    GapReport(GapModel model, Streams streams, Rows.Format format, int most) {
        super(model.vocabulary(), new Rows(format, streams.out(), List.of(Rows.Column.forPrograms("file"),
                new Rows.Column("line", "line", 6, 0), new Rows.Column("rank", "rank", 6, 0),
                ScoreColumns.logProbability(), Rows.Column.quoted("filling", "filling"),
                Rows.Column.forPrograms("text"))));
        this.model = model;
        this.most = most;
    }

    @Override
    void take(List<Line> lines) {
        for (Line line : lines) {
            notEmpty(line);
            int rank = 0;
            for (TokenScore filling : fillings(line)) {
                rank++;
                rows().add(line.file(), line.number(), rank, 0 - filling.nats(), filling.text(),
                        line.text().replace(LanguageModel.GAP, filling.text()));
            }
            rows().flush();
        }
    }

    private List<TokenScore> fillings(Line line) {
        try {
            return model.fill(line.text(), most);
        } catch (UnknownCharacterException e) {
            throw unknown(line, e);
        } catch (IllegalArgumentException e) {
            throw new Failure(line.place() + ": " + e.getMessage().replaceFirst("^line: ", ""), e);
        }
    }
}
