package dev.rondo.text;

/**
 * How long to train: until the first of three limits is reached.
 *
 * @param steps training steps, counted from the beginning of the training; at least 1
 * @param epochs times through the text, counted from the beginning of the training; above 0, infinite = no limit
 * @param seconds time, counted from the beginning of this run, the last evaluation included; above 0, infinite = no
 *     limit
 */
public record Budget(long steps, double epochs, double seconds) {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
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

    /**
     * {@return a budget of steps}
     *
     * @param count at least 1
     * @throws IllegalArgumentException if it is not above 0
     */
    public static Budget steps(long count) {
        return new Budget(count, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    /**
     * {@return a budget of epochs}
     *
     * @param count above 0; a part of one is possible
     * @throws IllegalArgumentException if it is not above 0
     */
    public static Budget epochs(double count) {
        return new Budget(Long.MAX_VALUE, count, Double.POSITIVE_INFINITY);
    }

    /**
     * {@return a budget of time}
     *
     * @param count minutes, above 0
     * @throws IllegalArgumentException if it is not above 0
     */
    public static Budget minutes(double count) {
        return new Budget(Long.MAX_VALUE, Double.POSITIVE_INFINITY, count * 60);
    }
}
