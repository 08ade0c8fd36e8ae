package dev.rondo.cli.experiment;

import dev.rondo.cell.Backend;
import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.cell.reservoir.Reservoir.Distribution;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.reservoir.EchoStateNetwork;
import dev.rondo.reservoir.Ridge;
import java.util.Arrays;

/**
 * An echo state network that learned the series of Mackey and Glass and goes on by itself.
 *
 * @param error as the source of the set-up measures it
 * @param growth the root mean square error by the number of steps since it went on, in deviations of the series
 */
record ChaosTrial(double error, double[] growth) {
    /** Steps that networks go on for. */
    static final int FREE = 500;

    private static final int MINIMAL_TRAINING = 2000;
    private static final int MINIMAL_WASHOUT = 100;
    private static final int MINIMAL_ERROR = 100; // steps of which the error is the mean

    private static final int JAEGER_TRAINING = 3000;
    private static final int JAEGER_WASHOUT = 1000;
    private static final int JAEGER_ERROR = 84; // step of which the error is taken
    private static final int STARTS = 50; // places of a series from which networks go on

    /** {@return options of a network of one thread, in float64, which VECTOR does not have} */
    static Network.Builder exact(Network.Builder builder) {
        return builder.precision(Precision.FLOAT64).threads(1).quiet()
                .backend(Backends.best() == Backend.VECTOR ? Backend.REFERENCE : null);
    }

    /** The set-up of Lukosevicius' minimal program: the error is the mean square of the first hundred free steps. */
    static ChaosTrial minimal(int units, double[] series, long seed) {
        Reservoir cell = Reservoir.of(units).dense().leak(0.3).spectralRadius(1.25).inputScaling(0.5).biasScaling(0.5);
        try (var model = EchoStateNetwork.builder(0, 1).feedback().reservoir(cell).seed(seed)
                .options(ChaosTrial::exact).build()) {
            model.train(Ridge.of(1e-8).washout(MINIMAL_WASHOUT), Series.rows(series, 0, MINIMAL_TRAINING));
            double[][] free = model.generate(FREE);
            double deviation = Math.sqrt(Series.variance(series));
            double[] errors = new double[FREE];
            Arrays.setAll(errors, t -> Math.abs(free[t][0] - series[MINIMAL_TRAINING + t]));
            double mean = Arrays.stream(errors).limit(MINIMAL_ERROR).map(e -> e * e).average().orElseThrow();
            return new ChaosTrial(mean, Arrays.stream(errors).map(e -> e / deviation).toArray());
        }
    }

    /** {@return how long the series of a trial is} */
    static int minimalLength() {
        return MINIMAL_TRAINING + FREE;
    }

    /**
     * The set-up of Jaeger's report: the error is that of the 84th free step, root mean square over starts, in
     * deviations of the series.
     */
    static ChaosTrial jaeger(int units, long seed) {
        double C = 0.44;
        double a = 0.9;
        Reservoir cell = Reservoir.of(units).density(Math.max(0.0125, 5.0 / units)).seed(seed)
                .recurrentWeights(Distribution.BERNOULLI).leak(C * a).gain(C).spectralRadius(0.79)
                .inputScaling(0.56).biasScaling(0.028);
        try (var model = EchoStateNetwork.builder(0, 1).feedback().readsInput(false).reservoir(cell).seed(seed)
                .options(ChaosTrial::exact).build()) {
            model.train(Ridge.of(1e-12).washout(JAEGER_WASHOUT),
                    Series.rows(Series.mackeyGlass(JAEGER_TRAINING, seed), 0, JAEGER_TRAINING));
            double[] growth = growth(model, seed);
            return new ChaosTrial(growth[JAEGER_ERROR - 1], growth);
        }
    }

    /** Goes on from places of another series, from all of them side by side, after having followed it for a while. */
    private static double[] growth(EchoStateNetwork model, long seed) {
        double[] series = Series.mackeyGlass(STARTS * JAEGER_ERROR + JAEGER_WASHOUT + FREE, ~seed);
        double deviation = Math.sqrt(Series.variance(series));
        var values = new double[STARTS];
        var growth = new double[FREE];
        try (var streams = model.stream(STARTS)) {
            for (int t = 0; t < JAEGER_WASHOUT; t++) {
                at(series, t, values);
                streams.force(new double[0], values);
            }
            var outputs = new double[STARTS];
            for (int t = 0; t < FREE; t++) {
                at(series, JAEGER_WASHOUT + t, values);
                streams.step(new double[0], outputs);
                double squares = 0;
                for (int s = 0; s < STARTS; s++) {
                    squares += (outputs[s] - values[s]) * (outputs[s] - values[s]) / STARTS;
                }
                growth[t] = Math.sqrt(squares) / deviation;
            }
        }
        return growth;
    }

    private static void at(double[] series, int time, double[] values) {
        Arrays.setAll(values, s -> series[s * JAEGER_ERROR + time]);
    }
}
