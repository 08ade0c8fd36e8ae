package dev.rondo.cli.experiment;

import dev.rondo.network.Loss;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Experiment 6a of Hochreiter and Schmidhuber (1997): among random symbols a to d there are two that are X or Y, at
 * steps 10 to 20 and 50 to 60; the class is which they are, in their order. A sequence of 100 to 110 symbols starts
 * with E and ends with B.
 *
 * @param unit 10, or another number that all of these are multiples of, at least 1
 */
record TemporalOrder(int unit) implements LongLagTask {
    private static final int X = 4;
    private static final int E = 6;
    private static final int B = 7;

    /** As it was published. */
    static TemporalOrder published() {
        return new TemporalOrder(10);
    }

    @Override
    public String name() {
        return "temporal-order";
    }

    @Override
    public String summary() {
        return "the order of two symbols, " + 4 * unit + " to " + 10 * unit
                + " steps ago (Hochreiter and Schmidhuber 1997, task 6a)";
    }

    @Override
    public String wasPublished() {
        return "LSTM of 156 weights: success after 31,390 sequences, 1 of 2560 test sequences wrong";
    }

    @Override
    public int inputSize() {
        return 8;
    }

    @Override
    public int outputs() {
        return 4;
    }

    @Override
    public int longest() {
        return 11 * unit;
    }

    @Override
    public Loss loss() {
        return Loss.sigmoidCrossEntropy();
    }

    @Override
    public double activation(double output) {
        return 1 / (1 + Math.exp(-output));
    }

    @Override
    public double tolerance() {
        return 0.3;
    }

    @Override
    public double meanError() {
        return 0.1;
    }

    @Override
    public long mostSequences() {
        return 100_000;
    }

    @Override
    public int draw(RandomGenerator random, float[][] steps, float[] target) {
        int length = random.nextInt(10 * unit, longest() + 1);
        int first = random.nextInt(unit, 2 * unit + 1);
        int second = random.nextInt(5 * unit, 6 * unit + 1);
        int symbols = random.nextInt(4); // XX, XY, YX, YY
        for (int t = 1; t < length - 1; t++) {
            steps[t][random.nextInt(4)] = 1;
        }
        steps[0][E] = 1;
        steps[length - 1][B] = 1;
        put(steps[first], X + symbols / 2);
        put(steps[second], X + symbols % 2);
        target[symbols] = 1;
        return length;
    }

    private static void put(float[] step, int symbol) {
        Arrays.fill(step, 0);
        step[symbol] = 1;
    }
}
