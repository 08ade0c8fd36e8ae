package consumer;

import dev.rondo.cell.Execution;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Backends;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Adam;
import dev.rondo.train.Trainer;

/** Trains a small network to say whether a sequence's sum so far is positive, streams one sequence, says on what. */
public final class Main {
    private static final int TIME_STEPS = 12;
    private static final int BATCH_SIZE = 8;
    private static final int STEPS = 60;

    private Main() {}

    /** Prints backend, losses and a streamed answer. */
    public static void main(String[] args) {
        var values = new float[TIME_STEPS * BATCH_SIZE];
        var signs = new int[TIME_STEPS * BATCH_SIZE];
        fill(values, signs);
        try (var network = Network.builder(1).layer(Lstm.of(16)).classes(2).seed(1).build();
                var pass = network.pass(TIME_STEPS, BATCH_SIZE)) {
            System.out.println(Backends.describe(network.backend(), Execution.threads(1)));
            System.out.println("openblas: " + Backends.openBlas());
            var trainer = Trainer.builder(network).optimizer(Adam.of(2e-2)).build();
            var batch = SequenceBatch.of(values, TIME_STEPS, BATCH_SIZE, 1).targets(signs);
            double first = trainer.step(pass, batch).loss();
            double last = first;
            for (int step = 1; step < STEPS; step++) {
                last = trainer.step(pass, batch).loss();
            }
            System.out.println(last < first / 2 ? "trained" : "not trained: " + first + " -> " + last);
            System.out.println("streamed: " + stream(network));
        }
    }

    private static void fill(float[] values, int[] signs) {
        for (int b = 0; b < BATCH_SIZE; b++) {
            float sum = 0;
            for (int t = 0; t < TIME_STEPS; t++) {
                int at = t * BATCH_SIZE + b;
                values[at] = (float) Math.sin(1 + 5 * b + 3 * t * (b + 1));
                sum += values[at];
                signs[at] = sum > 0 ? 1 : 0;
            }
        }
    }

    private static String stream(Network network) {
        try (var stepper = network.stepper()) {
            var output = new float[network.outputSize()];
            for (float x : new float[] {1, 1, 1}) {
                stepper.step(new float[] {x}, output);
            }
            return output[1] > output[0] ? "positive" : "negative";
        }
    }
}
