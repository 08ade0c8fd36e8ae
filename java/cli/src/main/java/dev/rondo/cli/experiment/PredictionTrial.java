package dev.rondo.cli.experiment;

import dev.rondo.cell.Cell;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Ekf;
import dev.rondo.train.ParameterGroups;
import dev.rondo.train.Trainer;
import java.util.Arrays;

/**
 * A network that learned to predict the next value of the series of Mackey and Glass, a small one by a multi-stream
 * decoupled Kalman filter, and then goes on by itself.
 *
 * @param oneStep the root mean square error of the next value, on another series, in deviations of it
 * @param growth that of free steps by their number, over {@link #STARTS} starts
 * @param weights how many of its parameters were trained
 */
record PredictionTrial(double oneStep, double[] growth, long weights) {
    /** Steps that networks go on for, the horizon of NRMSE84 among them. */
    static final int FREE = 200;

    /** Places of a series from which networks go on. */
    static final int STARTS = 50;

    private static final int HORIZON = 84;
    private static final int TRAINING = 3000; // values, as many as Jaeger's network learns from
    private static final int STREAMS = 10;
    private static final int WASHOUT = 100; // steps of each sequence in which nothing is learned, or measured

    /** {@return NRMSE84} */
    double far() {
        return growth[HORIZON - 1];
    }

    /** {@return a trial, done} */
    static PredictionTrial run(Cell cell, int epochs, long seed) throws InterruptedException {
        try (var network = ChaosTrial.exact(Network.builder(1).layer(cell).outputs(1).skip()
                .loss(Loss.meanSquaredError()).seed(seed)).build()) {
            train(network, epochs, Series.mackeyGlass(TRAINING + 1, seed));
            return judge(network, Series.mackeyGlass(STARTS * HORIZON + WASHOUT + FREE, ~seed));
        }
    }

    /** {@return a trial of the network of Jaeger's report; its first free step is the next value of another series} */
    static PredictionTrial echoState(int units, long seed) {
        double[] growth = Arrays.copyOf(ChaosTrial.jaeger(units, seed).growth(), FREE);
        return new PredictionTrial(growth[0], growth, units + 1); // the readout and its bias
    }

    /** The series is cut into streams side by side; their first steps are run through without an update. */
    private static void train(Network network, int epochs, double[] series) throws InterruptedException {
        int T = TRAINING / STREAMS;
        var inputs = new double[T * STREAMS];
        var targets = new double[T * STREAMS];
        var counts = new byte[T * STREAMS];
        for (int t = 0; t < T; t++) {
            for (int b = 0; b < STREAMS; b++) {
                inputs[t * STREAMS + b] = series[b * T + t];
                targets[t * STREAMS + b] = series[b * T + t + 1];
                counts[t * STREAMS + b] = (byte) (t < WASHOUT / 2 ? 0 : 1);
            }
        }
        SequenceBatch batch = SequenceBatch.of(inputs, T, STREAMS, 1).targets(targets, 1).targetMask(counts);
        long updates = (long) epochs * (T - WASHOUT / 2);
        Trainer trainer = Trainer.builder(network).learner(Ekf.decoupled(ParameterGroups.perLayer())
                .initialVariance(10).measurementNoise(1, 1e-4, updates).processNoise(1e-4, 1e-8, updates)).build();
        try (var pass = network.pass(T, STREAMS)) {
            for (int epoch = 0; epoch < epochs; epoch++) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("prediction: interrupted");
                }
                trainer.step(pass, batch);
            }
        }
    }

    /** Follows the series from many places side by side, and then goes on from there. */
    private static PredictionTrial judge(Network network, double[] series) {
        double variance = Series.variance(series);
        var x = new double[STARTS];
        var growth = new double[FREE];
        double squares = 0;
        try (var pass = network.inference(1, STARTS).carryState(true)) {
            for (int t = 0; t < WASHOUT + FREE; t++) {
                for (int s = 0; s < STARTS && t <= WASHOUT; s++) {
                    x[s] = series[s * HORIZON + t];
                }
                pass.forward(SequenceBatch.of(x, 1, STARTS, 1));
                double error = 0;
                for (int s = 0; s < STARTS; s++) {
                    x[s] = network.precision().get(pass.outputs(), s);
                    double off = x[s] - series[s * HORIZON + t + 1];
                    error += off * off / STARTS;
                }
                if (t >= WASHOUT / 2 && t <= WASHOUT) {
                    squares += error / (WASHOUT / 2 + 1);
                }
                if (t >= WASHOUT && t - WASHOUT < FREE) {
                    growth[t - WASHOUT] = Math.sqrt(error / variance);
                }
            }
        }
        return new PredictionTrial(Math.sqrt(squares / variance), growth, network.parameters().count());
    }
}
