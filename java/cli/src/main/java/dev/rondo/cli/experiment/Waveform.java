package dev.rondo.cli.experiment;

import dev.rondo.cell.Cell;
import dev.rondo.network.Initialization;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.NonFiniteGradientException;
import dev.rondo.train.Optimizer;
import dev.rondo.train.Trainer;
import java.util.Arrays;

/**
 * A waveform that a network shall redraw from nothing: its input is 1 at each step, its state starts from zero, and its
 * output is to be the waveform.
 *
 * @param values of each step
 */
record Waveform(float[] values) {
    /**
     * What a network drew after it had learned.
     *
     * @param values of each step
     * @param weights how many parameters the network has
     * @param meanSquaredError of the values
     * @param clippedShare the share of steps of which the gradient was longer than the limit
     */
    record Redrawn(float[] values, long weights, double meanSquaredError, double clippedShare) {}

    /** {@return the mean squared error of a constant that is the mean of the waveform} */
    double errorOfTheMean() {
        double mean = 0;
        double squares = 0;
        for (float value : values) {
            mean += value / values.length;
            squares += (double) value * value / values.length;
        }
        return squares - mean * mean;
    }

    /**
     * {@return what a network of one layer, its weights from N(0, 0.1), draws after so many updates}
     *
     * @param limit the norm that gradients are clipped to; infinite = none
     */
    Redrawn learn(Cell cell, Optimizer optimizer, double limit, int updates, long seed) throws InterruptedException {
        int T = values.length;
        var ones = new float[T];
        Arrays.fill(ones, 1);
        SequenceBatch batch = SequenceBatch.of(ones, T, 1, 1).targets(values, 1);
        try (var network = Network.builder(1).layer(cell).outputs(1).loss(Loss.meanSquaredError())
                        .inputWeights(Initialization.normal(0.1)).recurrentWeights(Initialization.normal(0.1))
                        .seed(seed).threads(1).quiet().build();
                var pass = network.pass(T, 1)) {
            var trainer = Trainer.builder(network).optimizer(optimizer)
                    .clip(GradientClipping.globalNorm(limit)).build();
            int clipped = 0;
            for (int i = 0; i < updates; i++) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("waveform: interrupted");
                }
                try {
                    clipped += trainer.step(pass, batch).gradientNorm() > limit ? 1 : 0;
                } catch (NonFiniteGradientException e) {
                    break; // the outputs are no numbers, and their error is not
                }
            }
            pass.forward(batch);
            var drawn = new float[T];
            for (int t = 0; t < T; t++) {
                drawn[t] = (float) network.precision().get(pass.outputs(), t);
            }
            return new Redrawn(drawn, network.parameters().count(), pass.loss(), (double) clipped / updates);
        }
    }
}
