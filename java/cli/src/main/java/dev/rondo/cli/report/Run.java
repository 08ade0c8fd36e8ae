package dev.rondo.cli.report;

import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of one training.
 *
 * @param name to tell it from others
 * @param unit that its figures are of
 * @param settings by name, in the order to show them in
 * @param machine that it ran on last, and with which software, likewise
 * @param evaluations by step
 * @param samples text it made up meanwhile, by step
 * @param gradientByLag of each layer, the norm at lag k is element k - 1; empty if it is not known
 */
public record Run(
        String name,
        TextUnit unit,
        Map<String, String> settings,
        Map<String, String> machine,
        List<Evaluation> evaluations,
        List<Sample> samples,
        List<double[]> gradientByLag) {
    /** Name of the setting that says which text is learned. */
    public static final String TEXT = "text";

    /** Name of the setting by which texts are told from each other. */
    public static final String FINGERPRINT = "fingerprint";

    /** Name of the setting that says what is known of the units. */
    public static final String VOCABULARY = "vocabulary";

    /** Name of the setting that says how much there is to validate with. */
    public static final String VALIDATION = "validation";

    /**
     * Text that a model made up.
     *
     * @param step after which it did
     * @param text as it came
     */
    public record Sample(long step, String text) {}

    /** Takes copies. */
    public Run {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        machine = Collections.unmodifiableMap(new LinkedHashMap<>(machine));
        evaluations = List.copyOf(evaluations);
        samples = List.copyOf(samples);
        gradientByLag = List.copyOf(gradientByLag);
    }

    /** {@return the evaluation with the lowest validation loss; none if there is none with a finite one} */
    Optional<Evaluation> best() {
        return evaluations.stream()
                .filter(e -> Double.isFinite(e.validationLoss()))
                .min(Comparator.comparingDouble(Evaluation::validationLoss));
    }

    Optional<Evaluation> last() {
        return evaluations.isEmpty() ? Optional.empty() : Optional.of(evaluations.getLast());
    }
}
