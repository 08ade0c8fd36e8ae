package dev.rondo.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cli.report.Axis.Fit;
import dev.rondo.cli.report.Axis.Tick;
import dev.rondo.text.TextUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AxisTest {
    private static final int MOST = 7;

    private static List<String> labels(Axis axis) {
        return axis.ticks(MOST).stream().map(Tick::label).toList();
    }

    private static Axis around(Fit fit, double... values) {
        return Axis.around(Arrays.stream(values), fit);
    }

    /** Of whatever values: 2 to 7 labels, all different, all in place, and the values are inside. */
    @ParameterizedTest
    @EnumSource(Fit.class)
    void anyValuesHaveAFewLabels(Fit fit) {
        var random = new Random(1);
        for (int i = 0; i < 2_000; i++) {
            double magnitude = Math.pow(10, random.nextInt(-12, 15));
            double spread = Math.pow(10, random.nextInt(-8, 6));
            double[] values = random.doubles(1 + random.nextInt(4))
                    .map(v -> magnitude * (1 + spread * v) * (fit == Fit.CLOSE && v > 0.9 ? -1 : 1)).toArray();
            Axis axis = around(fit, values);
            List<Tick> ticks = axis.ticks(MOST);
            String what = fit + " " + Arrays.toString(values) + " " + axis + " " + ticks;
            assertTrue(axis.low() < axis.high(), what);
            assertTrue(ticks.size() >= 2 && ticks.size() <= MOST + 1, what);
            assertEquals(ticks.size(), ticks.stream().map(Tick::label).distinct().count(), what);
            assertTrue(ticks.stream().mapToDouble(tick -> axis.at(tick.value()))
                    .allMatch(at -> at > -1e-9 && at < 1 + 1e-9), what);
            assertTrue(ticks.stream().allMatch(tick -> tick.label().length() <= 10), what);
            assertTrue(axis.logarithmic() || DoubleStream.of(values).map(axis::at).allMatch(at -> at >= 0 && at <= 1),
                    what);
        }
    }

    @Test
    void labelsAreRound() {
        assertEquals(List.of("1.5", "2.0", "2.5", "3.0", "3.5", "4.0"), labels(around(Fit.CLOSE, 1.31, 4.2)));
        assertEquals(List.of("0", "10k", "20k", "30k", "40k"), labels(around(Fit.LINEAR_FROM_ZERO, 45_123)));
        assertEquals(List.of("0", "0.001", "0.002", "0.003", "0.004"), labels(around(Fit.FROM_ZERO, 4e-3)));
        assertEquals(List.of("1e-6", "1e-4", "0.01", "1"), labels(around(Fit.LOGARITHMIC, 1, 1e-7)));
        assertEquals(List.of("1", "2", "5", "10", "20"), labels(around(Fit.LOGARITHMIC, 1, 20)));
        assertEquals(List.of("0", "500", "1,000", "1,500", "2,000"), labels(new Axis(0, 2000, false)));
        assertEquals(List.of("0", "0.2M", "0.4M", "0.6M", "0.8M", "1.0M", "1.2M"), labels(new Axis(0, 1.2e6, false)));
    }

    /** A learning rate that ends next to nothing stays linear; losses that ran away do not press down all others. */
    @Test
    void outliersDecideNothing() {
        assertEquals(false, around(Fit.FROM_ZERO, 4e-3, 3e-3, 2e-3, 1e-12).logarithmic());
        Axis ranAway = around(Fit.CLOSE, 4, 3, 2.5, 2.4, 1e30);
        assertTrue(ranAway.logarithmic() && ranAway.high() < 1e6 && ranAway.low() > 1, ranAway.toString());
        assertEquals(new Axis(0, 1, false), around(Fit.CLOSE, Double.NaN, Double.POSITIVE_INFINITY));
        assertTrue(Double.isNaN(ranAway.at(0)) && Double.isNaN(ranAway.at(-1)) && Double.isNaN(ranAway.at(Double.NaN)));
    }

    /** What is equal lies at equal places: a nat is 1.4427 bits, ln 100 nats are a perplexity of 100. */
    @Test
    void theSecondAxisSaysTheSame() {
        Axis nats = new Axis(1, 6, false);
        Axis bits = nats.measured(TextUnit.BYTE);
        assertEquals(nats.at(2), bits.at(2 / Math.log(2)), 1e-12);
        Axis perplexity = nats.measured(TextUnit.WORD);
        assertEquals(nats.at(Math.log(100)), perplexity.at(100), 1e-12);
        assertEquals(List.of("5", "10", "20", "50", "100", "200"), labels(perplexity));
    }

    @Test
    void thinningKeepsPeaksAndEnds() {
        var x = new double[10_000];
        var y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = i;
            y[i] = Math.sin(i);
        }
        y[1234] = -5;
        y[4321] = 7;
        Arrays.fill(y, 6000, 7000, Double.NaN);
        Series thinned = new Series("", 0, x, y).thinned(400);
        assertTrue(thinned.x().length <= 402, thinned.x().length + " points");
        assertEquals(-5, Arrays.stream(thinned.y()).filter(Double::isFinite).min().orElseThrow());
        assertEquals(7, Arrays.stream(thinned.y()).filter(Double::isFinite).max().orElseThrow());
        assertEquals(0, thinned.x()[0]);
        assertEquals(9999, thinned.x()[thinned.x().length - 1]);
        assertTrue(Arrays.stream(thinned.y()).anyMatch(Double::isNaN), "a gap stays one");
        for (int i = 1; i < thinned.x().length; i++) {
            assertTrue(thinned.x()[i] > thinned.x()[i - 1]);
            assertEquals(y[(int) thinned.x()[i]], thinned.y()[i]);
        }
    }
}
