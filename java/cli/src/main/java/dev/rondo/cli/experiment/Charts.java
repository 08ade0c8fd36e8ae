package dev.rondo.cli.experiment;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.Arrays;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** How pictures look. */
public final class Charts {
    private static final Color GRID = new Color(0xE4, 0xE4, 0xE4);
    private static final Color[] COLORS = {new Color(0x55, 0x60, 0x6B), new Color(0xC4, 0x3E, 0x1C),
        new Color(0x1F, 0x77, 0xB4), new Color(0x2E, 0x8B, 0x57), new Color(0x94, 0x67, 0xBD),
        new Color(0xC9, 0x8A, 0x00), new Color(0x17, 0x9C, 0xA8)};

    private Charts() {}

    /** {@return an empty chart of lines} */
    public static XYChart lines(String title, String x, String y) {
        XYChart chart = new XYChartBuilder().width(1000).height(600).title(title).xAxisTitle(x).yAxisTitle(y).build();
        var font = new Font(Font.SANS_SERIF, Font.PLAIN, 15);
        chart.getStyler()
                .setPlotGridLinesColor(GRID)
                .setAxisTitleFont(font)
                .setAxisTickLabelsFont(font)
                .setXAxisDecimalPattern("#,##0")
                .setXAxisTickMarkSpacingHint(100)
                .setMarkerSize(6)
                .setChartBackgroundColor(Color.WHITE)
                .setPlotBorderVisible(false)
                .setChartTitleFont(font.deriveFont(Font.BOLD, 17f))
                .setLegendFont(font)
                .setLegendPosition(LegendPosition.OutsideS)
                .setLegendLayout(LegendLayout.Horizontal)
                .setLegendBorderColor(Color.WHITE)
                .setChartPadding(15);
        return chart;
    }

    /**
     * Adds a line. Lines of one name have one colour; one that is not {@code solid} is dashed, and the legend leaves it
     * out.
     */
    static void add(XYChart chart, String name, boolean solid, double[] x, double[] y) {
        XYSeries series = chart.addSeries(solid ? name : name + " ", x, y);
        series.setMarker(x.length == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE); // a line needs two points
        series.setLineStyle(solid
                ? new BasicStroke(2f)
                : new BasicStroke(2f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {6, 5}, 0));
        series.setShowInLegend(solid);
        var names = chart.getSeriesCollection().stream().map(of -> of.getName().strip()).distinct().toList();
        Color color = COLORS[names.indexOf(name) % COLORS.length];
        series.setLineColor(color);
        series.setMarkerColor(color);
    }

    /** {@return an empty chart of how many trials have succeeded} */
    static XYChart successes(String title) {
        XYChart chart = lines(title, "sequences", "trials that have succeeded");
        chart.getStyler().setYAxisDecimalPattern("0 %");
        return chart;
    }

    /** Adds a line of the share of trials that have succeeded by so many sequences. */
    static void successes(XYChart chart, String name, double[] sequences, int trials) {
        double[] sorted = Arrays.stream(sequences).sorted().toArray();
        var x = new double[2 * sorted.length + 1];
        var y = new double[x.length];
        for (int i = 0; i < sorted.length; i++) {
            x[2 * i + 1] = x[2 * i + 2] = sorted[i];
            y[2 * i + 1] = (double) i / trials;
            y[2 * i + 2] = (i + 1.0) / trials;
        }
        add(chart, name, true, x, y);
    }

    /** Adds dots. */
    static void dots(XYChart chart, String name, double[] x, double[] y) {
        XYSeries series = chart.addSeries(name, x, y);
        series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
        series.setMarker(SeriesMarkers.CIRCLE);
        series.setMarkerColor(COLORS[0]);
    }
}
