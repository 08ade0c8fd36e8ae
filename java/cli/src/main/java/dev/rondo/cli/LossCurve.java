package dev.rondo.cli;

import dev.rondo.cli.experiment.Charts;
import dev.rondo.text.Evaluation;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws training and validation loss over steps into a PNG file. */
final class LossCurve {
    private static final Color TRAINING = new Color(0x7F, 0xA8, 0xD1);
    private static final Color VALIDATION = new Color(0xC4, 0x3E, 0x1C);

    /** Losses of a training that went astray are drawn here: from some 1e15 on the library's labels never end. */
    private static final double HIGHEST = 1e6;

    /** The least that the axis of losses spans, in nats. */
    private static final double NARROWEST = 0.01;

    private LossCurve() {}

    /**
     * Writes the curve.
     *
     * @param title what was trained, above the curve
     * @param evaluations at least one
     */
    static void write(Path file, String title, List<Evaluation> evaluations) throws IOException {
        ImageIO.write(BitmapEncoder.getBufferedImage(chart(title, evaluations)), "png", file.toFile());
    }

    static XYChart chart(String title, List<Evaluation> evaluations) {
        XYChart chart = Charts.lines(
                title, "step", "loss (nats per " + evaluations.getLast().unit().singular() + ")");
        double[] steps = evaluations.stream().mapToDouble(Evaluation::step).toArray();
        double[] training = losses(evaluations, Evaluation::trainLoss);
        double[] validation = losses(evaluations, Evaluation::validationLoss);
        axes(chart, steps[steps.length - 1], DoubleStream.concat(Arrays.stream(training), Arrays.stream(validation)));
        chart.addSeries("training", middles(steps), training)
                .setMarker(steps.length == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE) // a line needs two points
                .setMarkerColor(TRAINING).setLineColor(TRAINING).setLineWidth(2);
        chart.addSeries("validation", steps, validation)
                .setMarker(SeriesMarkers.CIRCLE).setMarkerColor(VALIDATION).setLineColor(VALIDATION).setLineWidth(2.5f);
        return chart;
    }

    private static double[] losses(List<Evaluation> evaluations, ToDoubleFunction<Evaluation> loss) {
        return evaluations.stream().mapToDouble(loss).map(value -> Math.min(value, HIGHEST)).toArray();
    }

    /** {@return where training losses belong, being means over the steps since the evaluation before} */
    private static double[] middles(double[] steps) {
        var middles = new double[steps.length];
        for (int i = 0; i < steps.length; i++) {
            middles[i] = (steps[i] + (i == 0 ? 0 : steps[i - 1])) / 2;
        }
        return middles;
    }

    /** From step 0 on; a margin above and below, and as many decimals as tell the labels apart. */
    private static void axes(XYChart chart, double lastStep, DoubleStream losses) {
        DoubleSummaryStatistics range = losses.filter(Double::isFinite).summaryStatistics();
        double low = range.getCount() == 0 ? 0 : range.getMin();
        double span = range.getCount() == 0 ? 1 : Math.max(range.getMax() - low, NARROWEST);
        int decimals = Math.max(1, (int) Math.ceil(1 - Math.log10(span)));
        chart.getStyler()
                .setXAxisMin(0.0)
                .setXAxisMax(1.02 * lastStep)
                .setYAxisMin(low - 0.05 * span)
                .setYAxisMax(low + 1.05 * span)
                .setYAxisDecimalPattern("#,##0." + "0".repeat(decimals));
    }
}
