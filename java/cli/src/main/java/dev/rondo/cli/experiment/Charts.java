package dev.rondo.cli.experiment;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** How pictures look. */
public final class Charts {
    private static final Color GRID = new Color(0xE4, 0xE4, 0xE4);

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

    /** Adds a line, dashed if it is not {@code solid}. */
    static XYSeries add(XYChart chart, String name, double[] x, double[] y, boolean solid) {
        XYSeries series = chart.addSeries(name, x, y);
        series.setMarker(x.length == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE); // a line needs two points
        series.setLineStyle(solid
                ? new BasicStroke(2f)
                : new BasicStroke(2f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {6, 5}, 0));
        return series;
    }
}
