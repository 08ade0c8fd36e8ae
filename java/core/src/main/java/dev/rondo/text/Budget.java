package dev.rondo.text;

/**
 * How long to train.
 *
 * @param steps training steps, counted from the beginning of the training
 * @param epochs times through the text, counted from the beginning of the training
 * @param seconds time, counted from the beginning of this run, the last evaluation included
 */
public record Budget(long steps, double epochs, double seconds) {
    /** Checks its arguments. */
    public Budget {
        if (steps < 1) {
            throw new IllegalArgumentException("steps: expected at least 1, got " + steps);
        }
        if (!(epochs > 0)) {
            throw new IllegalArgumentException("epochs: expected a number above 0, got " + epochs);
        }
        if (!(seconds > 0)) {
            throw new IllegalArgumentException("minutes: expected a number above 0, got " + seconds / 60);
        }
    }

    /** {@return a budget of steps} */
    public static Budget steps(long count) {
        return new Budget(count, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    /** {@return a budget of epochs} */
    public static Budget epochs(double count) {
        return new Budget(Long.MAX_VALUE, count, Double.POSITIVE_INFINITY);
    }

    /** {@return a budget of time} */
    public static Budget minutes(double count) {
        return new Budget(Long.MAX_VALUE, Double.POSITIVE_INFINITY, count * 60);
    }
}
