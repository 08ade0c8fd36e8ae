package dev.rondo.check;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * How far one result lies from what it should be.
 *
 * @param what the result, and the case it comes from
 * @param error relative error, infinite if something is plainly wrong
 * @param tolerance what the error may be
 */
public record Deviation(String what, double error, double tolerance) {
    /** Checks its arguments. */
    public Deviation {
        Objects.requireNonNull(what, "what: expected a text, got null");
    }

    /** {@return whether the error is within the tolerance} */
    public boolean passes() {
        return error <= tolerance;
    }

    /**
     * {@return the one whose error is largest beside its tolerance}
     *
     * @param deviations at least one
     * @throws IllegalArgumentException if there is none
     */
    public static Deviation worst(List<Deviation> deviations) {
        Objects.requireNonNull(deviations, "deviations: expected a list, got null");
        for (int i = 0; i < deviations.size(); i++) {
            Objects.requireNonNull(deviations.get(i), "deviations[" + i + "]: expected one, got null");
        }
        return deviations.stream().max(Comparator.comparingDouble(Deviation::share)).orElseThrow(() ->
                new IllegalArgumentException("deviations: expected at least one, got none"));
    }

    /** The error as a share of the tolerance. */
    private double share() {
        return error == 0 ? 0 : error / tolerance;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s: error %.2e, tolerance %.2e", what, error, tolerance);
    }
}
