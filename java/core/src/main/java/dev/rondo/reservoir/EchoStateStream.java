package dev.rondo.reservoir;

import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * One stream of an {@link EchoStateNetwork}, or several side by side, step by step; each has a state of its own. A step
 * allocates nothing, but for {@link #collect}, which does now and then.
 *
 * <pre>{@code
 * try (var stream = model.stream()) {
 *     var y = new double[model.outputSize()];
 *     for (double[] x : measured) {
 *         stream.step(x, y);
 *     }
 * }
 * }</pre>
 *
 * <p>Or learning while it runs, by recursive least squares:
 *
 * <pre>{@code
 * var rule = RecursiveLeastSquares.of(model.features(), model.outputSize()).forgetting(0.999);
 * try (var stream = model.stream()) {
 *     var y = new double[model.outputSize()];
 *     for (int t = 0; t < measured.size(); t++) {
 *         stream.learn(measured.get(t), wanted.get(t), rule, y);      // y: what was expected before
 *     }
 * }
 * model.readout(rule.readout());
 * }</pre>
 *
 * <p>Or training on data that are not kept, however many they are:
 *
 * <pre>{@code
 * try (var stream = model.stream(); var regression = RidgeRegression.of(model.features(), model.outputSize())) {
 *     for (int t = 0; t < measured.size(); t++) {
 *         if (t < 100) {
 *             stream.force(measured.get(t), wanted.get(t));           // until the zero state is forgotten
 *         } else {
 *             stream.collect(measured.get(t), wanted.get(t), regression);
 *         }
 *     }
 *     model.readout(regression.solve(1e-6));
 * }
 * }</pre>
 */
public final class EchoStateStream implements AutoCloseable {
    private final EchoStateNetwork model;
    private final EchoStateSettings settings;
    private final Precision precision;
    private final int streams; // B
    private final NetworkPass pass;
    private final double[] read; // by the reservoir, [B, I + O]
    private final SequenceBatch batch; // a view of these
    private final double[] last; // what is fed back, [B, O]
    private final double[][] states; // of one stream, of each layer
    private final double[] features; // of one stream, [F]
    private final double[] output; // of one stream, [O]
    private final double[] target; // of one stream, [O]
    private SeededRandom noise; // of collect; null = none

    EchoStateStream(EchoStateNetwork model, int streams) {
        Network network = model.network();
        this.model = model;
        this.settings = model.settings();
        this.precision = network.precision();
        this.streams = streams;
        this.read = new double[Math.multiplyExact(streams, settings.reads())];
        this.batch = SequenceBatch.of(read, 1, streams, settings.reads());
        this.last = new double[Math.multiplyExact(streams, settings.outputs())];
        this.states = network.description().layers().stream()
                .map(layer -> new double[layer.outputSize()]).toArray(double[][]::new);
        this.features = new double[model.features()];
        this.output = new double[settings.outputs()];
        this.target = new double[settings.outputs()];
        drawNoise();
        this.pass = network.inference(1, streams).carryState(true); // last: it is to be closed
    }

    /**
     * Takes a step; the outputs are fed back in the next one.
     *
     * @param input [B, I]; empty where there is none
     * @param output written, [B, O]
     * @throws IllegalArgumentException if a size does not fit
     * @throws IllegalStateException before training; after {@link #close()} of stream or model, or while another thread
     *     uses this stream
     */
    public void step(double[] input, double[] output) {
        RidgeRegression.sized("input", input, streams * settings.inputs());
        RidgeRegression.sized("output", output, last.length);
        LinearReadout readout = model.readout();
        advance(input);
        for (int b = 0; b < streams; b++) {
            readFeatures(b);
            readout.apply(features, this.output);
            System.arraycopy(this.output, 0, output, b * this.output.length, this.output.length);
        }
        System.arraycopy(output, 0, last, 0, last.length);
    }

    /**
     * Takes a step after which targets are fed back instead of outputs (teacher forcing).
     *
     * @param input [B, I]; empty where there is none
     * @param target [B, O]
     * @throws IllegalArgumentException if a size does not fit
     * @throws IllegalStateException after {@link #close()} of stream or model, or while another thread uses this stream
     */
    public void force(double[] input, double[] target) {
        RidgeRegression.sized("input", input, streams * settings.inputs());
        RidgeRegression.sized("target", target, last.length);
        advance(input);
        System.arraycopy(target, 0, last, 0, last.length);
    }

    /**
     * Takes a step and learns from it, stream by stream; targets are fed back.
     *
     * @param input [B, I]; empty where there is none
     * @param target [B, O]
     * @param rule of F features and O outputs
     * @param output written: what the rule said before it learned from the stream, [B, O]
     * @throws IllegalArgumentException if a size does not fit, or a target is NaN or infinite
     * @throws IllegalStateException after {@link #close()} of stream or model, or while another thread uses this
     *     stream; or as {@link RecursiveLeastSquares#learn} says
     */
    public void learn(double[] input, double[] target, RecursiveLeastSquares rule, double[] output) {
        RidgeRegression.present("input", input);
        RidgeRegression.present("target", target);
        RidgeRegression.present("output", output);
        Objects.requireNonNull(rule, "rule: expected one, got null");
        requireSizes("rule", rule.features(), rule.outputs());
        RidgeRegression.sized("output", output, last.length);
        force(input, target);
        for (int b = 0; b < streams; b++) {
            readFeatures(b);
            rule.apply(features, this.output);
            System.arraycopy(this.output, 0, output, b * this.output.length, this.output.length);
            System.arraycopy(target, b * this.target.length, this.target, 0, this.target.length);
            rule.learn(features, this.target);
        }
    }

    /**
     * Takes a step after which targets are fed back, adds the {@linkplain EchoStateNetwork.Builder#noise noise of
     * training} to the states, and adds a row for each stream to a regression. Rows are those of {@link
     * EchoStateNetwork#train(Ridge, double[][], double[][])}, but that {@link #force} takes a step of the washout, and
     * adds no noise to it.
     *
     * @param input [B, I]; empty where there is none
     * @param target [B, O]
     * @param regression of F features and O outputs
     * @throws IllegalArgumentException if a size does not fit, or a target is NaN or infinite
     * @throws IllegalStateException after {@link #close()} of stream, model or regression, or while another thread uses
     *     this stream
     */
    public void collect(double[] input, double[] target, RidgeRegression regression) {
        RidgeRegression.present("input", input);
        RidgeRegression.present("target", target);
        Objects.requireNonNull(regression, "regression: expected one, got null");
        requireSizes("regression", regression.features(), regression.outputs());
        force(input, target);
        disturb();
        for (int b = 0; b < streams; b++) {
            readFeatures(b);
            System.arraycopy(target, b * this.target.length, this.target, 0, this.target.length);
            regression.add(features, this.target);
        }
    }

    private void requireSizes(String name, int features, int outputs) {
        if (features != this.features.length || outputs != output.length) {
            throw new IllegalArgumentException(name + ": expected " + this.features.length + " features and "
                    + output.length + " outputs, got " + features + " and " + outputs);
        }
    }

    /**
     * Lets all streams begin anew, with zeros.
     *
     * @throws IllegalStateException after {@link #close()} of stream or model, or while another thread uses this stream
     */
    public void reset() {
        pass.resetState();
        Arrays.fill(last, 0);
    }

    /** Runs over a sequence with its own outputs fed back. */
    double[][] run(double[][] inputs) {
        var outputs = new double[inputs.length][last.length];
        for (int t = 0; t < inputs.length; t++) {
            step(inputs[t], outputs[t]);
        }
        return outputs;
    }

    /** Draws noise from the beginning. */
    final void drawNoise() {
        noise = settings.noise() > 0 ? new SeededRandom(~settings.seed()) : null; // not that of the weights
    }

    /** Runs over a sequence with targets fed back, and adds its steps behind the washout to a regression. */
    void collect(double[][] inputs, double[][] targets, Ridge ridge, RidgeRegression regression) {
        EchoStateNetwork.sameLength(inputs, targets);
        for (int t = 0; t < targets.length; t++) {
            if (t < ridge.washout()) {
                force(inputs[t], targets[t]);
                disturb();
            } else {
                collect(inputs[t], targets[t], regression);
            }
        }
    }

    private void advance(double[] input) {
        int reads = settings.reads();
        int inputs = settings.inputs();
        for (int b = 0; b < streams; b++) {
            System.arraycopy(input, b * inputs, read, b * reads, inputs);
            if (settings.feedback()) {
                System.arraycopy(last, b * output.length, read, b * reads + inputs, output.length);
            }
        }
        pass.forward(batch);
    }

    private void disturb() {
        for (int layer = 0; layer < states.length && noise != null; layer++) {
            MemorySegment state = pass.state(layer, 0); // [B, H]
            for (long k = 0; k < (long) streams * states[layer].length; k++) {
                double added = settings.noise() * (2 * noise.nextDouble() - 1);
                precision.set(state, k, precision.get(state, k) + added);
            }
        }
    }

    private void readFeatures(int stream) {
        int at = 0;
        for (int layer = 0; layer < states.length; layer++) {
            double[] state = states[layer];
            precision.read(pass.state(layer, 0), (long) stream * state.length, state, state.length);
            System.arraycopy(state, 0, features, at, state.length);
            at += state.length;
        }
        for (int k = 0, count = at; settings.squares() && k < count; k++) {
            features[at++] = features[k] * features[k];
        }
        if (settings.readsInput()) {
            System.arraycopy(read, stream * settings.reads(), features, at, settings.reads());
        }
    }

    NetworkPass pass() {
        return pass;
    }

    /** {@return what is fed back in the next step, [B, O]; written to by who restores it} */
    double[] last() {
        return last;
    }

    /**
     * Frees the state. Closing twice is harmless.
     *
     * @throws IllegalStateException while another thread uses this stream; nothing is freed then
     */
    @Override
    public void close() {
        pass.close();
    }
}
