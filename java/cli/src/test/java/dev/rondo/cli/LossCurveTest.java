package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import dev.rondo.train.StepTimes;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.style.XYStyler;

/** The curve shows what it is drawn from, however few, small or large the losses are. */
class LossCurveTest {
    private static final StepTimes NO_TIMES = new StepTimes(0, 0, 0, 0);
    private static final int VALIDATION_COLOUR = 0xFFC43E1C;

    @BeforeAll
    static void withoutScreen() {
        System.setProperty("java.awt.headless", "true");
    }

    /** Evaluations every 10 steps; the validation loss is a tenth above that of the training. */
    private static List<Evaluation> evaluations(double... losses) {
        var evaluations = new ArrayList<Evaluation>();
        for (double loss : losses) {
            long step = 10L * (evaluations.size() + 1);
            evaluations.add(new Evaluation(
                    TextUnit.CHARACTER, step, step, loss, 1.1 * loss, 1000, 1, 0.1, NO_TIMES, true));
        }
        return evaluations;
    }

    private static XYStyler style(double... losses) {
        return LossCurve.chart("", evaluations(losses)).getStyler();
    }

    /** Pixels of the validation's colour above the legend, which lies below the axis. */
    private static long validationPixels(double... losses) {
        BufferedImage image = BitmapEncoder.getBufferedImage(LossCurve.chart("", evaluations(losses)));
        int[] pixels = image.getRGB(0, 0, image.getWidth(), 500, null, 0, image.getWidth());
        return Arrays.stream(pixels).filter(pixel -> pixel == VALIDATION_COLOUR).count();
    }

    @Test
    void oneEvaluationIsADot() {
        assertTrue(validationPixels(3.1) > 10);
    }

    @Test
    void decimalsFollowTheRange() {
        assertEquals("#,##0.0", style(4.6, 1.5).getYAxisDecimalPattern());
        assertEquals("#,##0.000", style(0.03, 0.02).getYAxisDecimalPattern());
    }

    @Test
    void noCurveLiesOnTheEdge() {
        XYStyler style = style(4.6, 1.5);
        assertTrue(style.getYAxisMin() < 1.5 && style.getYAxisMax() > 1.1 * 4.6);
        assertTrue(style.getXAxisMin() <= 0 && style.getXAxisMax() > 20);
    }

    @Test
    void lossesWithoutBoundOrNumberAreDrawn() {
        assertTrue(validationPixels(4, 1e30) > 100);
        assertTrue(validationPixels(4, Double.POSITIVE_INFINITY) > 100);
        assertTrue(validationPixels(4, Double.NaN) > 10);
        assertEquals(0, validationPixels(Double.NaN));
    }
}
