package dev.rondo.network;

import dev.rondo.memory.Precision;

/** Adds up what {@link Metrics} are made of, batch by batch. */
final class MetricsCounter {
    private final Loss kind;
    private final Precision precision;
    private final int outputs;
    private final double[] row; // [O]
    private final double[] wanted; // [O]
    private final long[][] confusion; // [actual][predicted]; null without
    private double sum;
    private double weight;
    private long counted;
    private long numbers;
    private long right;
    private long exact;

    /**
     * Counts for {@code network}.
     *
     * @throws IllegalArgumentException if it has no loss
     */
    MetricsCounter(Network network) {
        this.kind = network.description().head().loss();
        if (kind == null) {
            throw new IllegalArgumentException("network: expected one with a loss, got one without");
        }
        this.precision = network.precision();
        this.outputs = network.outputSize();
        this.row = new double[outputs];
        this.wanted = new double[outputs];
        boolean matrix = kind.classTargets() && outputs <= Metrics.CONFUSION_CLASSES;
        this.confusion = matrix ? new long[outputs][outputs] : null;
    }

    /** Adds the last forward pass of {@code pass}. */
    void add(NetworkPass pass) {
        sum += pass.loss() * pass.lossWeight();
        weight += pass.lossWeight();
        counted += pass.counted();
        Targets targets = pass.targets();
        for (int n = 0; n < targets.positions() && !(kind instanceof Loss.MeanSquaredError); n++) {
            if (targets.counts(n) > 0) {
                precision.read(pass.outputs(), (long) n * outputs, row, outputs);
                if (kind.classTargets()) {
                    addClass(targets.classOf(n));
                } else {
                    addLabels(targets, n);
                }
            }
        }
    }

    /** {@return the first position that counts of which an output, or number it shall be, is not finite; -1 if none} */
    int firstNotFinite(NetworkPass pass) {
        Targets targets = pass.targets();
        for (int n = 0; n < targets.positions(); n++) {
            if (targets.counts(n) > 0) {
                precision.read(pass.outputs(), (long) n * outputs, row, outputs);
                if (!kind.classTargets()) {
                    targets.numbersOf(n, wanted);
                }
                for (int o = 0; o < outputs; o++) {
                    boolean matters = kind.classTargets() || targets.counts(n, o);
                    if (matters && !Double.isFinite(row[o] + wanted[o])) {
                        return n;
                    }
                }
            }
        }
        return -1;
    }

    private void addClass(int actual) {
        int predicted = 0;
        for (int o = 1; o < outputs; o++) {
            predicted = row[o] > row[predicted] ? o : predicted;
        }
        numbers++;
        right += predicted == actual ? 1 : 0;
        if (confusion != null) {
            confusion[actual][predicted]++;
        }
    }

    private void addLabels(Targets targets, int n) {
        targets.numbersOf(n, wanted);
        int good = 0;
        for (int o = 0; o < outputs; o++) {
            good += targets.counts(n, o) && row[o] > 0 == wanted[o] >= 0.5 ? 1 : 0;
        }
        numbers += targets.counts(n);
        right += good;
        exact += good == targets.counts(n) ? 1 : 0;
    }

    Loss kind() {
        return kind;
    }

    double loss() {
        return sum / weight;
    }

    double weight() {
        return weight;
    }

    long counted() {
        return counted;
    }

    long numbers() {
        return numbers;
    }

    long right() {
        return right;
    }

    long exact() {
        return exact;
    }

    long[][] confusion() {
        return confusion;
    }
}
