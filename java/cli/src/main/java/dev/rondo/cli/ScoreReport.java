package dev.rondo.cli;

import dev.rondo.cli.InputLines.Line;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.TextScore;
import java.util.List;

/** A row for each line, and the totals. */
final class ScoreReport extends LineReport {
    private final LanguageModel model;
    private TextScore ofFile;
    private TextScore ofAll;

    ScoreReport(LanguageModel model, Streams streams, Rows.Format format) {
        super(model.vocabulary(), new Rows(format, streams.out(), ScoreColumns.of(model.vocabulary().unit(),
                List.of(Rows.Column.forPrograms("file"), Rows.Column.forPrograms("line")),
                Rows.Column.text("text", "line"))));
        this.model = model;
        ofFile = new TextScore(model.vocabulary().unit(), 0, 0, 0);
        ofAll = ofFile;
    }

    @Override
    void take(List<Line> lines) {
        each(lines, model::score, (line, score) -> {
            rows().add(ScoreColumns.values(List.of(line.file(), line.number()), score, line.text()));
            ofFile = ofFile.plus(score);
            ofAll = ofAll.plus(score);
        });
    }

    @Override
    void endOfFile(String name) {
        total(ofFile, "total of " + name);
        ofFile = new TextScore(ofFile.unit(), 0, 0, 0);
    }

    @Override
    void end() {
        total(ofAll, "total");
    }

    private void total(TextScore score, String name) {
        rows().addTotal(ScoreColumns.values(List.of("", ""), score, name));
        rows().flush();
    }
}
