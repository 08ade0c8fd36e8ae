package dev.rondo.cli.report;

import dev.rondo.cli.report.Run.Sample;
import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import dev.rondo.train.StepTimes;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Runs as they might have been. */
final class Samples {
    static final StepTimes TIMES = new StepTimes(400_000, 9_000_000, 5_000_000, 600_000);
    static final String HOSTILE = "a <b>bold</b> & \"quoted\" 'text'</pre></script>"
            + "<script>document.title='stolen'</script>"
            + "<img src=http://example.org/x onerror=\"document.title='stolen'\">\u0000\u0007\r\n  indented 🦊 Ü\n";

    private Samples() {}

    /** {@return evaluations every 100 steps and 2 seconds, with losses by number} */
    static List<Evaluation> evaluations(int count, TextUnit unit, IntToDoubleFunction validation) {
        return IntStream.range(0, count).mapToObj(i -> {
            double loss = validation.applyAsDouble(i);
            return new Evaluation(unit, 100L * (i + 1), 2 * (i + 1), loss - 0.1, loss, 40_000 + 500 * Math.sin(i),
                    1 + 0.5 * Math.cos(i), 4e-3 * Math.pow(0.99, i), TIMES, false);
        }).toList();
    }

    /** {@return losses that fall, as they do} */
    static double falling(int i) {
        return 1.3 + 2.2 / Math.sqrt(1 + i) + 0.01 * Math.sin(7 * i);
    }

    static Run run(String name, TextUnit unit, List<Evaluation> evaluations) {
        List<double[]> gradient = IntStream.range(0, 2)
                .mapToObj(layer -> IntStream.range(0, 64).mapToDouble(k -> Math.exp(-0.1 * k * (layer + 1))).toArray())
                .toList();
        Map<String, String> settings = Map.of(
                "model", "lstm of " + name, "clip", "norm:1.2", Run.VOCABULARY, name.charAt(0) + " words");
        return new Run(name, unit, settings, Map.of("CPU", "one"),
                evaluations, List.of(new Sample(100, "early"), new Sample(200, HOSTILE)), gradient);
    }
}
