package dev.rondo.check;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * How far one result lies from what it should be.
 *
 * @param what the result, and the case it comes from
 * @param error relative error, infinite if something is plainly wrong
 * @param tolerance what the error may be
 */
public record Deviation(String what, double error, double tolerance) {
    /** {@return whether the error is within the tolerance} */
    public boolean passes() {
        return error <= tolerance;
    }

    /** {@return that of {@code deviations} whose error is largest beside its tolerance} */
    public static Deviation worst(List<Deviation> deviations) {
        return deviations.stream().max(Comparator.comparingDouble(Deviation::share)).orElseThrow();
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
