package dev.rondo.cli;

import dev.rondo.cli.InputLines.Line;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.RankedText;
import dev.rondo.text.UnknownCharacterException;
import java.util.List;

/** The best fillings of the gap in each line. */
final class FillReport extends LineReport {
    private final LanguageModel model;
    private final List<String> candidates; // null = all units of the model
    private final int most;

    FillReport(LanguageModel model, Streams streams, Rows.Format format, List<String> candidates, int most) {
        super(model.vocabulary(), new Rows(format, streams.out(), List.of(Rows.Column.forPrograms("file"),
                new Rows.Column("line", "line", 6, 0), new Rows.Column("rank", "rank", 6, 0),
                ScoreColumns.logProbability(), ScoreColumns.unknown(model.vocabulary().unit()),
                Rows.Column.quoted("filling", "filling"), Rows.Column.forPrograms("text"))));
        this.model = model;
        this.candidates = candidates;
        this.most = most;
        if (candidates != null) {
            candidates.forEach(this::check);
        }
    }

    private void check(String candidate) {
        try {
            model.vocabulary().encode(candidate);
        } catch (UnknownCharacterException e) {
            throw new Failure("--candidates: '" + candidate + "': " + e.getMessage(), e);
        }
    }

    @Override
    void take(List<Line> lines) {
        for (Line line : lines) {
            notEmpty(line);
            int rank = 0;
            for (RankedText filling : fillings(line)) {
                rank++;
                rows().add(line.file(), line.number(), rank, 0 - filling.score().nats(),
                        filling.score().unknown(), filling.text(),
                        line.text().replace(LanguageModel.GAP, filling.text()));
            }
            rows().flush();
        }
    }

    private List<RankedText> fillings(Line line) {
        try {
            return candidates == null
                    ? model.fill(line.text(), most)
                    : model.fill(line.text(), candidates, most);
        } catch (UnknownCharacterException e) {
            throw unknown(line, e);
        } catch (IllegalArgumentException e) {
            throw new Failure(line.place() + ": " + e.getMessage().replaceFirst("^line: ", ""), e);
        }
    }
}
