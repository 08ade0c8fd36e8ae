package dev.rondo.reservoir;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.io.Checkpoint;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * An echo state network: one reservoir or several, whose weights stay as they were drawn, and a linear readout that is
 * trained by regression (Jaeger, "The 'echo state' approach to analysing and training recurrent neural networks", GMD
 * report 148, 2001).
 *
 * <pre>{@code
 * var series = new double[3000][1];                            // learns to go on as it did
 * for (int t = 0; t < series.length; t++) {
 *     series[t][0] = Math.sin(0.2 * t) * Math.cos(0.031 * t);
 * }
 * try (var model = EchoStateNetwork.builder(0, 1).feedback().reservoir(Reservoir.of(200)).seed(1).build()) {
 *     double error = model.train(Ridge.of(1e-8).washout(100), series);
 *     double[][] next = model.generate(100);
 *     model.save(Path.of("waves.rondo"));
 * }
 * }</pre>
 *
 * <p>At each step the reservoir reads the input u(n) and, with {@link Builder#feedback feedback}, the output y(n - 1)
 * of the step before, which in training is the target (teacher forcing); the readout reads the reservoir, its squares
 * if it is told to, and what the reservoir reads, unless told not to:
 *
 * <pre>
 *   x(n) = reservoir(x(n - 1); u(n), y(n - 1))
 *   y(n) = W [x(n); x(n)^2; u(n); y(n - 1)] + b
 * </pre>
 *
 * <p>Stacked reservoirs read the one below, and the readout reads all of them. Readout and regression are float64
 * whatever the precision of the reservoir. The model has a state of its own, in which {@link #train}, {@link #predict}
 * and {@link #warmUp} leave it and from which {@link #generate(int)} goes on; for more states, see {@link #stream}. One
 * thread at a time; streams of a trained model may run in a thread each.
 */
public final class EchoStateNetwork implements AutoCloseable {
    private final EchoStateSettings settings;
    private final Network network;
    private volatile LinearReadout readout; // null until trained
    private EchoStateStream own; // made on first use

    EchoStateNetwork(EchoStateSettings settings, Network network) {
        this.settings = settings;
        this.network = network;
    }

    /**
     * {@return a builder of an echo state network}
     *
     * @param inputSize I, numbers per step; 0 = none, the network reads its own output alone
     * @param outputSize O, at least 1
     * @throws IllegalArgumentException if {@code inputSize} is below 0 or {@code outputSize} below 1
     */
    public static Builder builder(int inputSize, int outputSize) {
        return new Builder(inputSize, outputSize);
    }

    /**
     * {@return the model in a file, on the best backend and all processors; to be closed}
     *
     * @param file as {@link #save} wrote it
     * @throws IOException if the file cannot be read, is damaged or holds no echo state network
     */
    public static EchoStateNetwork load(Path file) throws IOException {
        return load(file, UnaryOperator.identity());
    }

    /**
     * {@return the model in a file, to be closed} In another precision than the file's, weights of the reservoir and
     * the state are rounded to it, and the model goes on from there.
     *
     * @param file as {@link #save} wrote it
     * @param options sets backend, threads and the like of the reservoir, as for {@link Network#load(Path,
     *     UnaryOperator)}
     * @throws IOException if the file cannot be read, is damaged or holds no echo state network
     * @throws IllegalArgumentException as there
     * @throws UnsupportedOperationException if the backend is not available here, with the reason
     */
    public static EchoStateNetwork load(Path file, UnaryOperator<Network.Builder> options) throws IOException {
        Objects.requireNonNull(file, "file: expected a path, got null");
        Objects.requireNonNull(options, "options: expected a function, got null");
        return EchoStateSections.read(Checkpoint.read(file), options);
    }

    /**
     * Writes the model to a file, with the state that it is in.
     *
     * @param file replaced at once or not at all; its directory has to be there
     * @throws IOException if it cannot be written
     * @throws IllegalStateException after {@link #close()}
     */
    public void save(Path file) throws IOException {
        Objects.requireNonNull(file, "file: expected a path, got null");
        Checkpoint.builder().add(builder -> EchoStateSections.write(this, builder)).write(file);
    }

    /**
     * Trains the readout on one sequence without input.
     *
     * @param ridge what weights cost, and how many steps do not count
     * @param targets [T][O]
     * @return as {@link #train(Ridge, List, List)}
     * @throws IllegalArgumentException as there, or if the network has an input
     * @throws IllegalStateException after {@link #close()}
     */
    public double train(Ridge ridge, double[][] targets) {
        Objects.requireNonNull(ridge, "ridge: expected one, got null");
        return train(ridge, withoutInput(rows("targets", targets).length), targets);
    }

    /**
     * Trains the readout on one sequence.
     *
     * @param ridge what weights cost, and how many steps do not count
     * @param inputs [T][I]
     * @param targets [T][O]
     * @return as {@link #train(Ridge, List, List)}
     * @throws IllegalArgumentException as there
     * @throws IllegalStateException after {@link #close()}
     */
    public double train(Ridge ridge, double[][] inputs, double[][] targets) {
        return train(ridge, List.<double[][]>of(rows("inputs", inputs)), List.<double[][]>of(rows("targets", targets)));
    }

    /**
     * Trains the readout, from the beginning: runs over each sequence from the zero state, with targets fed back, and
     * solves the regression of all their steps but the first. The state stays as it is after the last sequence.
     *
     * @param ridge what weights cost, and how many steps of each sequence do not count
     * @param inputs of each sequence [T][I]
     * @param targets of each sequence [T][O]
     * @return the mean squared error over steps and outputs that it was trained on, targets fed back
     * @throws IllegalArgumentException if sizes do not fit, a number is NaN or infinite, no steps are left, or as
     *     {@link RidgeRegression#solve} says; the readout is the one before then
     * @throws IllegalStateException after {@link #close()}
     */
    public double train(Ridge ridge, List<double[][]> inputs, List<double[][]> targets) {
        Objects.requireNonNull(ridge, "ridge: expected one, got null");
        int count = sequences("targets", targets).size();
        if (sequences("inputs", inputs).size() != count) {
            throw new IllegalArgumentException("inputs: expected " + count + " sequences, as many as there are targets,"
                    + " got " + inputs.size());
        }
        EchoStateStream stream = own();
        try (var regression = RidgeRegression.of(
                settings.features(network), settings.outputs(), network.execution().threads())) {
            stream.drawNoise();
            for (int i = 0; i < count; i++) {
                stream.reset();
                stream.collect(inputs.get(i), targets.get(i), ridge, regression);
            }
            LinearReadout found = regression.solve(ridge.lambda());
            double error = regression.meanSquaredError(found);
            readout = found;
            return error;
        }
    }

    /**
     * {@return what the model says to each step of a sequence, from the zero state, its own output fed back: [T][O]}
     * The first steps are those in which the state forgets that it began with zeros.
     *
     * @param inputs [T][I]
     * @throws IllegalArgumentException if sizes do not fit
     * @throws IllegalStateException before training, or after {@link #close()}
     */
    public double[][] predict(double[][] inputs) {
        rows("inputs", inputs);
        own().reset();
        return own().run(inputs);
    }

    /**
     * Begins anew and runs over a sequence with targets fed back instead of the model's own output, for
     * {@link #generate} to go on from there.
     *
     * @param inputs [T][I]; rows of no numbers where there is no input
     * @param targets [T][O]
     * @throws IllegalArgumentException if sizes do not fit
     * @throws IllegalStateException after {@link #close()}
     */
    public void warmUp(double[][] inputs, double[][] targets) {
        sameLength(rows("inputs", inputs), rows("targets", targets));
        own().reset();
        for (int t = 0; t < targets.length; t++) {
            own().force(inputs[t], targets[t]);
        }
    }

    /**
     * {@return the next outputs, each fed back: [steps][O]}
     *
     * @param steps at least 0
     * @throws IllegalArgumentException if {@code steps} is negative, or the model has an input
     * @throws IllegalStateException before training, or after {@link #close()}
     */
    public double[][] generate(int steps) {
        if (steps < 0) {
            throw new IllegalArgumentException("steps: expected at least 0, got " + steps);
        }
        return generate(withoutInput(steps));
    }

    /**
     * {@return the next outputs, each fed back: [T][O]}
     *
     * @param inputs of these steps, [T][I]
     * @throws IllegalArgumentException if sizes do not fit
     * @throws IllegalStateException before training, or after {@link #close()}
     */
    public double[][] generate(double[][] inputs) {
        return own().run(rows("inputs", inputs));
    }

    /**
     * {@return a stream with a state of its own, to be closed}
     *
     * @throws IllegalStateException after {@link #close()}
     */
    public EchoStateStream stream() {
        return stream(1);
    }

    /**
     * {@return several streams side by side, each with a state of its own, to be closed}
     *
     * @param streams B, at least 1
     * @throws IllegalArgumentException if it is below 1
     * @throws IllegalStateException after {@link #close()}
     */
    public EchoStateStream stream(int streams) {
        return new EchoStateStream(this, CellShape.atLeastOne("streams", streams));
    }

    /** {@return the reservoir: a network without a head, of I inputs and, with feedback, O more} */
    public Network network() {
        return network;
    }

    /** {@return I} */
    public int inputSize() {
        return settings.inputs();
    }

    /** {@return O} */
    public int outputSize() {
        return settings.outputs();
    }

    /** {@return F, how many numbers the readout reads} */
    public int features() {
        return settings.features(network);
    }

    /**
     * {@return the readout}
     *
     * @throws IllegalStateException before training
     */
    public LinearReadout readout() {
        LinearReadout now = readout;
        if (now == null) {
            throw new IllegalStateException("readout: expected a trained model, got one without a readout");
        }
        return now;
    }

    /** {@return whether there is a readout} */
    public boolean isTrained() {
        return readout != null;
    }

    /**
     * Sets the readout, such as one that was learned step by step.
     *
     * @param value of F features and O outputs
     * @throws IllegalArgumentException if it has others
     */
    public void readout(LinearReadout value) {
        Objects.requireNonNull(value, "value: expected a readout, got null");
        if (value.features() != features() || value.outputs() != outputSize()) {
            throw new IllegalArgumentException("readout: expected " + features() + " features and " + outputSize()
                    + " outputs, got " + value.features() + " and " + value.outputs());
        }
        readout = value;
    }

    EchoStateSettings settings() {
        return settings;
    }

    /** {@return the stream of the model itself} */
    EchoStateStream own() {
        if (own == null) {
            own = stream();
        }
        return own;
    }

    static double[][] rows(String name, double[][] rows) {
        Objects.requireNonNull(rows, () -> name + ": expected rows of numbers, got null");
        for (int t = 0; t < rows.length; t++) {
            if (rows[t] == null) {
                throw new NullPointerException(name + "[" + t + "]: expected numbers, got null");
            }
        }
        return rows;
    }

    private static List<double[][]> sequences(String name, List<double[][]> sequences) {
        Objects.requireNonNull(sequences, () -> name + ": expected sequences, got null");
        for (int i = 0; i < sequences.size(); i++) {
            rows(name + "[" + i + "]", sequences.get(i));
        }
        return sequences;
    }

    static void sameLength(double[][] inputs, double[][] targets) {
        if (inputs.length != targets.length) {
            throw new IllegalArgumentException(
                    "inputs: expected " + targets.length + " rows, one for each target, got " + inputs.length);
        }
    }

    private double[][] withoutInput(int steps) {
        if (settings.inputs() > 0) {
            throw new IllegalArgumentException("inputs: expected " + settings.inputs() + " numbers per step, got none");
        }
        return new double[steps][0];
    }

    /** Frees reservoir and state. Closing twice is harmless. */
    @Override
    public void close() {
        if (own != null) {
            own.close();
        }
        network.close();
    }

    /** Says what an echo state network shall be. */
    public static final class Builder {
        private final int inputs;
        private final int outputs;
        private final List<Layer> layers = new ArrayList<>();
        private boolean feedback;
        private double feedbackScaling = 1;
        private double noise;
        private boolean squares;
        private boolean readsInput = true;
        private long seed;
        private UnaryOperator<Network.Builder> options = UnaryOperator.identity();

        private Builder(int inputs, int outputs) {
            if (inputs < 0) {
                throw new IllegalArgumentException("inputSize: expected at least 0, got " + inputs);
            }
            this.inputs = inputs;
            this.outputs = CellShape.atLeastOne("outputSize", outputs);
        }

        /**
         * Puts a reservoir on top of those given before; at least one is needed. It reads the one below, and the
         * readout reads all.
         *
         * @param cell its cell, any; its weights stay as they are drawn
         * @return this builder
         */
        public Builder reservoir(Cell cell) {
            layers.add(Layer.of(Objects.requireNonNull(cell, "cell: expected one, got null")).fixed());
            return this;
        }

        /**
         * Feeds the last output back, by weights drawn and scaled as those of the input; default: no feedback.
         *
         * @return this builder
         */
        public Builder feedback() {
            return feedback(1);
        }

        /**
         * Feeds the last output back, by weights drawn as those of the input, and scaled by what the first reservoir
         * scales these by, such as its {@code inputScaling}, times a factor: uniform weights of a {@code Reservoir} are
         * from -s f to s f with s its input scaling and f this factor.
         *
         * @param scaling the factor, on top of the scaling of the input
         * @return this builder
         * @throws IllegalArgumentException if it is not finite
         */
        public Builder feedback(double scaling) {
            if (!Double.isFinite(scaling)) {
                throw new IllegalArgumentException("scaling: expected a finite number, got " + scaling);
            }
            this.feedback = true;
            this.feedbackScaling = scaling;
            return this;
        }

        /**
         * Adds noise to what each unit of each reservoir puts out, after each step of training, those of the washout
         * too: a readout that feeds itself learns to come back to its course. The readout reads the sum, and so does
         * the reservoir's next step; one above has read what was there before. Of a cell whose state is more than its
         * output, such as an LSTM's, the rest gets none. Numbers are drawn evenly, from the seed and anew by each
         * training. Jaeger 2001 adds them within the activation, where small noise does the same but for the slope
         * there.
         *
         * @param amplitude numbers are from minus this to this, at least 0; default 0
         * @return this builder
         * @throws IllegalArgumentException if it is negative or not finite
         */
        public Builder noise(double amplitude) {
            if (!(amplitude >= 0 && Double.isFinite(amplitude))) {
                throw new IllegalArgumentException("noise: expected a number of at least 0, got " + amplitude);
            }
            this.noise = amplitude;
            return this;
        }

        /**
         * Lets the readout read the squares of the state too (Jaeger, "Adaptive nonlinear system identification with
         * echo state networks", 2003); default no.
         *
         * @return this builder
         */
        public Builder squares() {
            this.squares = true;
            return this;
        }

        /**
         * Says whether the readout reads what the reservoir reads, too.
         *
         * @param value default true
         * @return this builder
         */
        public Builder readsInput(boolean value) {
            this.readsInput = value;
            return this;
        }

        /**
         * Sets what weights and noise are drawn from.
         *
         * @param value any number; default 0
         * @return this builder
         */
        public Builder seed(long value) {
            this.seed = value;
            return this;
        }

        /**
         * Sets how the reservoir runs: backend, precision, threads, instruction set, first weights.
         *
         * <pre>{@code
         * EchoStateNetwork.builder(1, 1).reservoir(Reservoir.of(100))
         *         .options(network -> network.precision(Precision.FLOAT64).threads(1))
         * }</pre>
         *
         * @param value sets options of the builder that it gets, and returns it; by default none: FLOAT32, the best
         *     backend, all processors
         * @return this builder
         */
        public Builder options(UnaryOperator<Network.Builder> value) {
            this.options = Objects.requireNonNull(value, "options: expected a function, got null");
            return this;
        }

        /**
         * {@return the network, not yet trained; to be closed}
         *
         * @throws IllegalArgumentException if there is no reservoir, or neither input nor feedback; or as {@link
         *     Network.Builder#build} says
         * @throws UnsupportedOperationException if the backend is not available here, with the reason
         */
        public EchoStateNetwork build() {
            if (inputs == 0 && !feedback) {
                throw new IllegalArgumentException("inputSize: expected at least 1 without feedback, got 0");
            }
            var settings = new EchoStateSettings(inputs, outputs, feedback, noise, squares, readsInput, seed);
            Network.Builder builder = Network.builder(settings.reads()).seed(seed).noHead();
            layers.forEach(builder::layer);
            Network network = Objects.requireNonNull(
                    options.apply(builder), "options: expected to get the builder back, got null").build();
            try {
                if (feedback && feedbackScaling != 1) {
                    settings.scaleFeedback(network, feedbackScaling);
                }
                return new EchoStateNetwork(settings, network);
            } catch (RuntimeException | Error e) {
                network.close();
                throw e;
            }
        }
    }
}
