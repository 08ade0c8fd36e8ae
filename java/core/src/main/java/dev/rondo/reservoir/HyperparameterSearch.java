package dev.rondo.reservoir;

import dev.rondo.cell.CellShape;
import dev.rondo.network.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Looks for settings whose error on validation data is small, by trying those of a grid or drawn ones.
 *
 * <pre>{@code
 * HyperparameterSearch.Result result = HyperparameterSearch.random(50, 1)
 *         .range("inputScaling", 0.1, 1).logarithmic("lambda", 1e-10, 1e-2)
 *         .threads(4)
 *         .run(trial -> {
 *             try (var model = EchoStateNetwork.builder(1, 1).reservoir(Reservoir.of(100)).seed(trial.seed())
 *                     .options(network -> network.threads(1).quiet()).build()) {
 *                 model.train(Ridge.of(trial.get("lambda")), Arrays.copyOf(inputs, 800), Arrays.copyOf(targets, 800));
 *                 double squares = 0; // over data that were not trained on
 *                 for (int t = 800; t < 1000; t++) {
 *                     double output = model.generate(new double[][] {inputs[t]})[0][0];
 *                     squares += Math.pow(output - targets[t][0], 2);
 *                 }
 *                 return squares / 200;
 *             }
 *         });
 * System.out.println(result.best());
 * }</pre>
 *
 * <p>Trials and their seeds are drawn before the first runs, so the result is the same on any number of threads if each
 * trial's is. A search is a value: each method returns another.
 */
public final class HyperparameterSearch {
    private final int draws; // 0 = grid
    private final long seed;
    private final int threads;
    private final Listener listener;
    private final Map<String, Setting> settings; // in the order given

    /** Where the values of one setting come from: those of a grid, or a draw. */
    private record Setting(double[] values, Function<SeededRandom, Double> draw) {}

    /**
     * Settings to be tried.
     *
     * @param number from 0
     * @param seed of the trial, to draw from what it draws
     * @param values by the names of the settings
     */
    public record Trial(int number, long seed, Map<String, Double> values) {
        /** Copies the values. */
        public Trial {
            values = Collections.unmodifiableMap(
                    new LinkedHashMap<>(Objects.requireNonNull(values, "values: expected a map, got null")));
        }

        /**
         * {@return the value of a setting}
         *
         * @param name its name
         * @throws IllegalArgumentException if there is no such setting
         */
        public double get(String name) {
            Double value = values.get(Objects.requireNonNull(name, "name: expected a setting's, got null"));
            if (value == null) {
                throw new IllegalArgumentException("name: expected one of " + values.keySet() + ", got " + name);
            }
            return value;
        }
    }

    /**
     * What became of a trial.
     *
     * @param trial its settings
     * @param error as its run gave it; NaN is worse than any other
     */
    public record Outcome(Trial trial, double error) {
        /** Checks its arguments. */
        public Outcome {
            Objects.requireNonNull(trial, "trial: expected one, got null");
        }
    }

    /**
     * What a search found.
     *
     * @param outcomes of all trials, in their order
     */
    public record Result(List<Outcome> outcomes) {
        /** Copies the list. */
        public Result {
            Objects.requireNonNull(outcomes, "outcomes: expected a list, got null");
            for (int i = 0; i < outcomes.size(); i++) {
                Objects.requireNonNull(outcomes.get(i), "outcomes[" + i + "]: expected an outcome, got null");
            }
            outcomes = List.copyOf(outcomes);
        }

        /** {@return the outcome of the smallest error, the first of equal ones} */
        public Outcome best() {
            Outcome best = outcomes.getFirst();
            for (Outcome outcome : outcomes) {
                best = Double.compare(outcome.error, best.error) < 0 ? outcome : best; // NaN comes last
            }
            return best;
        }
    }

    /** Hears of trials as they end. */
    @FunctionalInterface
    public interface Listener {
        /**
         * Hears of a trial that ended; called by the thread that called {@code run}.
         *
         * @param outcome of the trial
         * @param done trials that have ended
         * @param all trials that there are
         */
        void ended(Outcome outcome, int done, int all);
    }

    private HyperparameterSearch(
            int draws, long seed, int threads, Listener listener, Map<String, Setting> settings) {
        this.draws = draws;
        this.seed = seed;
        this.threads = threads;
        this.listener = listener;
        this.settings = settings;
    }

    /**
     * {@return a search that tries each combination of {@linkplain #values values}, the last setting changing first}
     *
     * @param seed what the trials' seeds are drawn from
     */
    public static HyperparameterSearch grid(long seed) {
        return new HyperparameterSearch(0, seed, 1, (_, _, _) -> {}, Map.of());
    }

    /**
     * {@return a search that draws each setting of each trial by itself (Bergstra and Bengio, "Random search for
     * hyper-parameter optimization", 2012)}
     *
     * @param trials how many, at least 1
     * @param seed what settings and the trials' seeds are drawn from
     * @throws IllegalArgumentException if {@code trials} is below 1
     */
    public static HyperparameterSearch random(int trials, long seed) {
        return new HyperparameterSearch(CellShape.atLeastOne("trials", trials), seed, 1, (_, _, _) -> {}, Map.of());
    }

    /**
     * {@return this search with a setting that has one of some values}
     *
     * @param name the setting's
     * @param values at least one; each as likely as any other, of a random search
     * @throws IllegalArgumentException if there is none, or the setting is there already
     */
    public HyperparameterSearch values(String name, double... values) {
        double[] copy = RidgeRegression.present("values", values).clone();
        if (copy.length == 0) {
            throw new IllegalArgumentException("values: expected at least one, got none");
        }
        return with(name, new Setting(copy, random -> copy[random.nextInt(copy.length)]));
    }

    /**
     * {@return this random search with a setting drawn evenly}
     *
     * @param name the setting's
     * @param from the smallest value
     * @param to the largest, above
     * @throws IllegalArgumentException if it is not, the setting is there already, or the search is a grid
     */
    public HyperparameterSearch range(String name, double from, double to) {
        requireDraws("range", name, from, to);
        return with(name, new Setting(null, random -> random.nextDouble(from, to)));
    }

    /**
     * {@return this random search with a setting whose logarithm is drawn evenly}
     *
     * @param name the setting's
     * @param from the smallest value, above 0
     * @param to the largest, above {@code from}
     * @throws IllegalArgumentException if it is not, the setting is there already, or the search is a grid
     */
    public HyperparameterSearch logarithmic(String name, double from, double to) {
        requireDraws("logarithmic", name, from, to);
        if (!(from > 0)) {
            throw new IllegalArgumentException("from: expected a number above 0, got " + from);
        }
        double low = StrictMath.log(from);
        double high = StrictMath.log(to);
        return with(name, new Setting(null, random -> StrictMath.exp(random.nextDouble(low, high))));
    }

    private void requireDraws(String kind, String name, double from, double to) {
        Objects.requireNonNull(name, "name: expected a setting's, got null");
        if (draws == 0) {
            throw new IllegalArgumentException(kind + ": expected a random search, got a grid, which takes values");
        }
        if (!(from < to && Double.isFinite(to - from))) {
            throw new IllegalArgumentException("to: expected a number above " + from + ", got " + to);
        }
    }

    private HyperparameterSearch with(String name, Setting setting) {
        Objects.requireNonNull(name, "name: expected a setting's, got null");
        var all = new LinkedHashMap<>(settings);
        if (all.putIfAbsent(name, setting) != null) {
            throw new IllegalArgumentException("name: expected a new one, got " + name + " twice");
        }
        return new HyperparameterSearch(draws, seed, threads, listener, all);
    }

    /**
     * {@return this search with trials that run side by side; by default one runs after the other}
     *
     * @param count of threads, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public HyperparameterSearch threads(int count) {
        return new HyperparameterSearch(draws, seed, CellShape.atLeastOne("threads", count), listener, settings);
    }

    /**
     * {@return this search with somebody who hears of each trial}
     *
     * @param hears by default nobody
     */
    public HyperparameterSearch listener(Listener hears) {
        Objects.requireNonNull(hears, "hears: expected a listener, got null");
        return new HyperparameterSearch(draws, seed, threads, hears, settings);
    }

    /**
     * Tries all.
     *
     * @param error runs a trial and says its error; called in a thread of the search's own
     * @return all outcomes
     * @throws IllegalArgumentException if the search has no settings
     * @throws IllegalStateException if a trial fails, with its exception as the cause; no further ones are begun then
     * @throws InterruptedException if the thread is interrupted; trials that run are interrupted, too
     */
    public Result run(ToDoubleFunction<Trial> error) throws InterruptedException {
        Objects.requireNonNull(error, "error: expected a function, got null");
        List<Trial> trials = trials();
        var outcomes = new Outcome[trials.size()];
        try (var pool = Executors.newFixedThreadPool(Math.min(threads, trials.size()))) {
            try {
                var ended = new ExecutorCompletionService<Outcome>(pool);
                trials.forEach(trial -> ended.submit(() -> outcome(trial, error)));
                for (int done = 1; done <= outcomes.length; done++) {
                    Outcome outcome = next(ended);
                    outcomes[outcome.trial.number] = outcome;
                    listener.ended(outcome, done, outcomes.length);
                }
            } finally {
                pool.shutdownNow();
            }
        }
        return new Result(Arrays.asList(outcomes));
    }

    private static Outcome outcome(Trial trial, ToDoubleFunction<Trial> error) {
        try {
            return new Outcome(trial, error.applyAsDouble(trial));
        } catch (RuntimeException e) {
            throw new IllegalStateException("trial " + trial.number + " " + trial.values + ": " + e.getMessage(), e);
        }
    }

    private static Outcome next(CompletionService<Outcome> ended) throws InterruptedException {
        try {
            return ended.take().get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw (RuntimeException) e.getCause();
        }
    }

    private List<Trial> trials() {
        if (settings.isEmpty()) {
            throw new IllegalArgumentException("settings: expected at least one, got none");
        }
        int count = draws;
        if (draws == 0) {
            count = settings.values().stream().mapToInt(setting -> setting.values.length)
                    .reduce(1, Math::multiplyExact);
        }
        var random = new SeededRandom(seed);
        var trials = new ArrayList<Trial>(count);
        for (int number = 0; number < count; number++) {
            long own = random.nextLong();
            trials.add(new Trial(number, own, draws == 0 ? combination(number) : drawn(random)));
        }
        return trials;
    }

    private Map<String, Double> drawn(SeededRandom random) {
        var values = new LinkedHashMap<String, Double>();
        settings.forEach((name, setting) -> values.put(name, setting.draw.apply(random)));
        return values;
    }

    private Map<String, Double> combination(int number) {
        var values = new LinkedHashMap<String, Double>();
        int rest = number;
        for (var setting : settings.entrySet().stream().toList().reversed()) {
            double[] choices = setting.getValue().values;
            values.putFirst(setting.getKey(), choices[rest % choices.length]);
            rest /= choices.length;
        }
        return values;
    }
}
