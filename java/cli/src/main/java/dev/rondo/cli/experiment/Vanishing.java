package dev.rondo.cli.experiment;

import dev.rondo.cell.elman.Elman;
import dev.rondo.check.GradientFlow;
import dev.rondo.check.RecurrentJacobian;
import dev.rondo.network.Initialization;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.NonFiniteGradientException;
import dev.rondo.train.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;

/**
 * How far back gradients reach in several cells, before and after they have learned the adding problem for a while: the
 * norm of dL/dstate by lag, the spectral radius of the recurrent Jacobian, and how many steps clipping had to shorten.
 */
final class Vanishing implements Experiment {
    private static final String ROW = "%-16s %-9s %6s %10s %10s %10s %8s %8s";
    private static final int SEQUENCES = 20;
    private static final double LIMIT = 1;
    private static final int[] LAGS = {10, 50, 100};
    private static final int[] STEPS = {5, 20, 40, 60, 80, 99}; // of which the Jacobian is looked at

    private final int trainingSteps;
    private final List<Contestant> contestants;

    Vanishing() {
        this(2000, List.of(Contestant.ELMAN,
                new Contestant("Elman ReLU, I", Elman.relu(32), Initialization.identity(), Map.of()),
                Contestant.LSTM, Contestant.CLOSED_LSTM, Contestant.GRU, Contestant.CLOCKWORK));
    }

    Vanishing(int trainingSteps, List<Contestant> contestants) {
        this.trainingSteps = trainingSteps;
        this.contestants = contestants;
    }

    @Override
    public String name() {
        return "vanishing";
    }

    @Override
    public String summary() {
        return "how far back gradients reach, by cell, before and after training";
    }

    /** What is seen of one network at one time; {@code clipped} is the share of steps, or NaN. */
    private record Look(Contestant contestant, String when, GradientFlow flow, double radius, double clipped) {
        /** {@return the norm by lag, as a share of that of lag 1} */
        double[] norms() {
            double[] norms = flow.norms(0);
            return Arrays.stream(norms).map(norm -> norm / norms[0]).toArray();
        }
    }

    @Override
    public Findings run(long seed, int threads, Progress progress) throws InterruptedException {
        try (var pool = Executors.newFixedThreadPool(threads)) {
            List<Future<List<Look>>> looks = contestants.stream()
                    .map(contestant -> pool.submit(() -> looks(contestant, seed)))
                    .toList();
            try {
                return findings(looks, progress);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    private List<Look> looks(Contestant contestant, long seed) throws InterruptedException {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        var task = AddingProblem.published();
        var seen = new Sequences(task, SEQUENCES);
        seen.draw(random);
        var learned = new Sequences(task, SEQUENCES);
        try (var network = contestant.network(task, seed);
                var pass = network.pass(task.longest(), SEQUENCES)) {
            Look start = look(contestant, "start", network, seen.batch(), Double.NaN);
            var trainer = Trainer.builder(network).optimizer(Adam.of(2e-3))
                    .clip(GradientClipping.globalNorm(LIMIT)).build();
            int clipped = 0;
            for (int i = 0; i < trainingSteps; i++) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("vanishing: interrupted");
                }
                learned.draw(random);
                try {
                    clipped += trainer.step(pass, learned.batch()).gradientNorm() > LIMIT ? 1 : 0;
                } catch (NonFiniteGradientException e) {
                    break; // what is left is looked at
                }
            }
            return List.of(start,
                    look(contestant, "trained", network, seen.batch(), (double) clipped / trainingSteps));
        }
    }

    private static Look look(
            Contestant contestant, String when, Network network, SequenceBatch batch, double clipped) {
        double radius = Arrays.stream(STEPS)
                .mapToDouble(step -> RecurrentJacobian.of(network, batch, 0, step).spectralRadius())
                .average().orElseThrow();
        return new Look(contestant, when, GradientFlow.of(network, batch), radius, clipped);
    }

    private Findings findings(List<Future<List<Look>>> futures, Progress progress) throws InterruptedException {
        var report = new ArrayList<String>();
        report.add("gradient of the loss by the state, by lag: steps from the end of sequences of the adding problem");
        report.add("reach: lag at which its norm falls below 1 % of that of lag 1; radius: of the Jacobian of a step");
        report.add(String.format(Locale.ROOT, ROW, "cell", "when", "reach", "lag 10", "lag 50", "lag 100",
                "radius", "clipped"));
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.lines("Gradient by lag; dashed: before training", "lag (steps)",
                "norm of dL/dstate, share of that of lag 1");
        chart.getStyler().setYAxisLogarithmic(true);
        for (Future<List<Look>> future : futures) {
            for (Look look : Trials.result(future)) {
                report.add(line(look));
                figures.add(figures(look));
                draw(chart, look);
                progress.line(look.contestant.name() + ", " + look.when + ": " + look.flow.describe(0));
            }
        }
        return new Findings(report, figures, chart);
    }

    private static String line(Look look) {
        double[] norms = look.norms();
        Object[] shares = Arrays.stream(LAGS).mapToObj(lag -> String.format(Locale.ROOT, "%.2g", norms[lag - 1]))
                .toArray();
        return String.format(Locale.ROOT, ROW, look.contestant.name(), look.when, look.flow.reach(0),
                shares[0], shares[1], shares[2], String.format(Locale.ROOT, "%.3f", look.radius),
                Double.isNaN(look.clipped) ? "-" : String.format(Locale.ROOT, "%.1f %%", 100 * look.clipped));
    }

    private static Map<String, Object> figures(Look look) {
        var figures = new LinkedHashMap<String, Object>();
        figures.put("cell", look.contestant.name());
        figures.put("when", look.when);
        figures.put("reach", look.flow.reach(0));
        figures.put("norms", look.flow.norms(0));
        figures.put("spectral_radius", look.radius);
        figures.put("steps_clipped", Double.isNaN(look.clipped) ? null : look.clipped);
        return figures;
    }

    /** A logarithmic axis has no zero. */
    private static void draw(XYChart chart, Look look) {
        double[] norms = look.norms();
        int[] lags = IntStream.range(0, norms.length).filter(k -> norms[k] > 1e-12).toArray();
        if (lags.length > 0) {
            Charts.add(chart, look.contestant.name(), !look.when.equals("start"),
                    Arrays.stream(lags).mapToDouble(k -> k + 1).toArray(),
                    Arrays.stream(lags).mapToDouble(k -> norms[k]).toArray());
        }
    }
}
