package dev.rondo.cli;

import dev.rondo.text.Evaluation;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws training and validation loss over steps into a PNG file. */
final class LossCurve {
    private static final Color TRAINING = new Color(0x7F, 0xA8, 0xD1);
    private static final Color VALIDATION = new Color(0xC4, 0x3E, 0x1C);
    private static final Color GRID = new Color(0xE4, 0xE4, 0xE4);

    private LossCurve() {}

    /**
     * Writes the curve.
     *
     * @param title what was trained, above the curve
     * @param evaluations at least one
     */
    static void write(Path file, String title, List<Evaluation> evaluations) throws IOException {
        XYChart chart = new XYChartBuilder().width(1000).height(600).title(title)
                .xAxisTitle("step").yAxisTitle("loss (nats per character)").build();
        style(chart);
        double[] steps = evaluations.stream().mapToDouble(Evaluation::step).toArray();
        chart.addSeries("training", middles(steps), evaluations.stream().mapToDouble(Evaluation::trainLoss).toArray())
                .setMarker(SeriesMarkers.NONE).setLineColor(TRAINING).setLineWidth(2);
        chart.addSeries("validation", steps, evaluations.stream().mapToDouble(Evaluation::validationLoss).toArray())
                .setMarker(SeriesMarkers.CIRCLE).setMarkerColor(VALIDATION).setLineColor(VALIDATION).setLineWidth(2.5f);
        ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", file.toFile());
    }

    /** {@return where training losses belong, being means over the steps since the evaluation before} */
    private static double[] middles(double[] steps) {
        var middles = new double[steps.length];
        for (int i = 0; i < steps.length; i++) {
            middles[i] = (steps[i] + (i == 0 ? 0 : steps[i - 1])) / 2;
        }
        return middles;
    }

    private static void style(XYChart chart) {
        var font = new Font(Font.SANS_SERIF, Font.PLAIN, 15);
        chart.getStyler()
                .setPlotGridLinesColor(GRID)
                .setAxisTitleFont(font)
                .setAxisTickLabelsFont(font)
                .setXAxisDecimalPattern("#,##0")
                .setYAxisDecimalPattern("0.0")
                .setMarkerSize(6)
                .setChartBackgroundColor(Color.WHITE)
                .setPlotBorderVisible(false)
                .setChartTitleFont(font.deriveFont(Font.BOLD, 17f))
                .setLegendFont(font)
                .setLegendPosition(LegendPosition.InsideNE)
                .setLegendBorderColor(GRID)
                .setChartPadding(15);
    }
}
