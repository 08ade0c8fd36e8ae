package dev.rondo.train;

/** A number that goes from one value to another over some updates, by a constant factor each, and stays there. */
record Annealed(double first, double last, long updates) {
    static Annealed constant(double value) {
        return new Annealed(value, value, 1);
    }

    /** {@return the number at an update, counted from 0} */
    double at(long update) {
        return first == last || update >= updates ? last
                : first * Math.pow(last / first, (double) update / updates);
    }

    @Override
    public String toString() {
        return first == last ? Double.toString(first) : first + " to " + last + " in " + updates;
    }
}
