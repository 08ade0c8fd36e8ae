package dev.rondo.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the rounds of a comparison tell: one object per cell, shape, mode, threads and system. */
final class PeerFigures {
    /** How the names of our own systems begin. */
    static final String OURS = "rondo";

    /** oneDNN without packing the weights that a training step has changed: shown, but no peer; who trains packs. */
    static final String PREPACKED = "onednn-prepacked";

    private PeerFigures() {}

    /**
     * What was compared.
     *
     * @param cell cell, as on the command line
     * @param shape name of the shape
     * @param mode {@code train} or {@code infer}
     * @param threads of each system
     * @param flops of a call
     */
    record Work(String cell, String shape, String mode, int threads, double flops) {}

    /**
     * Times of one system.
     *
     * @param micros median of each round
     * @param least of all calls
     * @param high 99th percentile of each round
     */
    record Times(double[] micros, double least, double[] high) {
        double median() {
            return Ratios.median(micros);
        }
    }

    /** {@return the figures of all {@code systems} at {@code work}, in their order} */
    static List<Map<String, Object>> of(Work work, Map<String, Times> systems) {
        var best = systems.entrySet().stream()
                .filter(system -> !isOurs(system.getKey()) && !system.getKey().equals(PREPACKED))
                .min(Comparator.comparingDouble(system -> system.getValue().median()));
        var figures = new ArrayList<Map<String, Object>>();
        systems.forEach((system, times) -> {
            var figure = new LinkedHashMap<String, Object>();
            figure.put("cell", work.cell);
            figure.put("shape", work.shape);
            figure.put("mode", work.mode);
            figure.put("threads", work.threads);
            figure.put("system", system);
            figure.put("median_us", times.median());
            figure.put("min_us", times.least);
            figure.put("p99_us", Ratios.median(times.high));
            figure.put("gflops", work.flops / times.median() / 1e3);
            if (isOurs(system) && best.isPresent()) {
                Ratios ratios = Ratios.of(best.get().getValue().micros, times.micros);
                figure.put("best_peer", best.get().getKey());
                figure.put("ratio_best_peer", ratios.median());
                figure.put("ratio_low", ratios.low());
                figure.put("ratio_high", ratios.high());
            }
            figures.add(figure);
        });
        return figures;
    }

    private static boolean isOurs(String system) {
        return system.startsWith(OURS);
    }

    /** {@return the geometric mean over shapes of each ratio to the best peer, by system, cell, mode and threads} */
    static Map<String, Double> geometricMeans(List<Map<String, Object>> figures) {
        var ratios = new TreeMap<String, List<Double>>();
        figures.stream().filter(figure -> figure.containsKey("ratio_best_peer")).forEach(figure -> ratios
                .computeIfAbsent("%s, %s, %s, threads %s".formatted(figure.get("system"), figure.get("cell"),
                        figure.get("mode"), figure.get("threads")), _ -> new ArrayList<>())
                .add((Double) figure.get("ratio_best_peer")));
        var means = new LinkedHashMap<String, Double>();
        ratios.forEach((what, values) -> means.put(what,
                Ratios.geometricMean(values.stream().mapToDouble(Double::doubleValue).toArray())));
        return means;
    }
}
