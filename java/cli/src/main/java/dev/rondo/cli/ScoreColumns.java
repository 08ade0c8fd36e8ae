package dev.rondo.cli;

import dev.rondo.text.TextScore;
import dev.rondo.text.TextUnit;
import java.util.ArrayList;
import java.util.List;

/** The columns of a score, the same wherever one is shown. */
final class ScoreColumns {
    private ScoreColumns() {}

    static Rows.Column logProbability() {
        return new Rows.Column("log_probability", "log-probability", 15, 4);
    }

    /** {@return how many units of a line were unknown, which only words can be} */
    static Rows.Column unknown(TextUnit unit) {
        return unit == TextUnit.WORD
                ? new Rows.Column("unknown", "unknown", 10, 0)
                : Rows.Column.forPrograms("unknown");
    }

    /** {@return those of scores of a unit, with others before and after them} */
    static List<Rows.Column> of(TextUnit unit, List<Rows.Column> before, Rows.Column after) {
        String one = Figures.brief(unit);
        var columns = new ArrayList<>(before);
        columns.add(logProbability());
        columns.add(new Rows.Column("nats_per_unit", "nats/" + one, 10, 6));
        columns.add(new Rows.Column("bits_per_unit", "bits/" + one, 10, 6));
        columns.add(new Rows.Column("perplexity", "perplexity", 10, 4));
        columns.add(new Rows.Column("units", unit.plural(), 10, 0));
        columns.add(Rows.Column.forPrograms("unit"));
        columns.add(unknown(unit));
        columns.add(after);
        return columns;
    }

    /** {@return a row of these} */
    static Object[] values(List<?> before, TextScore score, String after) {
        var values = new ArrayList<Object>(before);
        values.addAll(List.of(0 - score.nats(), score.natsPerUnit(), score.bitsPerUnit(), score.perplexity(),
                score.predictions(), score.unit().singular(), score.unknown(), after));
        return values.toArray();
    }
}
