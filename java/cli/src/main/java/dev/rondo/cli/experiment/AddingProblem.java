package dev.rondo.cli.experiment;

import dev.rondo.network.Loss;
import java.util.random.RandomGenerator;

/**
 * Experiment 4 of Hochreiter and Schmidhuber (1997): each step has a number from -1 to 1 and a marker; two numbers are
 * marked, one among the first ten steps and one among the first T / 2 - 1 others; the target is 0.5 + their sum / 4.
 *
 * @param T steps of a sequence, at least 10; it has up to a tenth more
 */
record AddingProblem(int T) implements LongLagTask {
    /** With T = 100. */
    static AddingProblem published() {
        return new AddingProblem(100);
    }

    @Override
    public String name() {
        return "adding";
    }

    @Override
    public String summary() {
        return "the sum of two marked numbers, up to " + longest() + " steps ago (Hochreiter and Schmidhuber 1997)";
    }

    @Override
    public String wasPublished() {
        return "LSTM of 93 weights: success after 74,000 sequences, 1 of 2560 test sequences wrong";
    }

    @Override
    public int inputSize() {
        return 2;
    }

    @Override
    public int outputs() {
        return 1;
    }

    @Override
    public int longest() {
        return T + T / 10;
    }

    @Override
    public Loss loss() {
        return Loss.meanSquaredError();
    }

    @Override
    public double activation(double output) {
        return output;
    }

    @Override
    public double tolerance() {
        return 0.04;
    }

    @Override
    public double meanError() {
        return 0.01;
    }

    @Override
    public long mostSequences() {
        return 300_000;
    }

    @Override
    public int draw(RandomGenerator random, float[][] steps, float[] target) {
        int length = random.nextInt(T, T + T / 10 + 1);
        for (int t = 0; t < length; t++) {
            steps[t][0] = random.nextFloat(-1, 1);
        }
        int first = random.nextInt(10);
        int second = random.nextInt(T / 2 - 1);
        second += second >= first ? 1 : 0;
        steps[0][1] = -1;
        steps[length - 1][1] = -1;
        steps[first][1] = 1;
        steps[second][1] = 1;
        if (first == 0 || second == 0) { // as published: the marked first number is zero
            steps[0][0] = 0;
        }
        target[0] = 0.5f + (steps[first][0] + steps[second][0]) / 4;
        return length;
    }
}
