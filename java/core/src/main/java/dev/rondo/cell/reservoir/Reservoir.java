package dev.rondo.cell.reservoir;

import dev.rondo.cell.Activation;
import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.CellOptions;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.cell.SparsePattern;
import dev.rondo.kernel.Backends;
import dev.rondo.kernel.NativeKernel;
import dev.rondo.kernel.SpectralRadius;
import dev.rondo.kernel.VectorKernel;
import dev.rondo.memory.TensorLayout;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;

/**
 * The reservoir of an echo state network (Jaeger, "The 'echo state' approach to analysing and training recurrent neural
 * networks", GMD report 148, 2001; Lukosevicius, "A practical guide to applying echo state networks", 2012): simple
 * recurrent units with leaky integration, sparsely connected, whose weights are drawn and then left as they are:
 *
 * <pre>
 *   x' = (1 - leak) x + gain * activation(W_in u + W x + b)
 * </pre>
 *
 * <p>Usually {@code gain} is {@code leak} (Jaeger, Lukosevicius, Popovici and Siewert, "Optimization and
 * applications of echo state networks with leaky-integrator neurons", 2007). The units of the report of 2001, x' =
 * (1 - C a) x + C f(..), have leak C a and gain C.
 *
 * <pre>{@code
 * var reservoir = Reservoir.of(1000).fanIn(10).leak(0.3).spectralRadius(1.25).inputScaling(0.5).biasScaling(0.5);
 * var network = Network.builder(1).layer(Layer.of(reservoir).fixed()).outputs(1).seed(42).build();
 * }</pre>
 *
 * <p>Parameters: {@code weightIh} [H, I] (for tokens [I, H]), {@code weightHh}, a weight for each connection of {@link
 * #connections}, or [H, H] where these are {@linkplain SparsePattern#isFull() full}, {@code bias} [H]. They are
 * parameters as those of any cell, which a layer may keep {@code fixed} or train. First values are drawn by this cell
 * itself: those of {@code weightIh} and {@code bias} by {@link #inputWeights}, times their scalings; those of {@code
 * weightHh} by {@link #recurrentWeights}, then scaled so that their spectral radius is as asked. The connections follow
 * from the options alone.
 *
 * <p>State plane: x. A recurrent mask multiplies x where W does, and not what leaks. {@link #variant}: the ordinal of
 * the activation; {@link #settings}: leak and gain.
 *
 * @param connections which units are connected
 * @param activation what is done to the sum
 * @param leak share of the old state that is lost in a step, above 0 to 1
 * @param gain factor of what is new, above 0
 * @param spectralRadius of the first values of W, above 0
 * @param inputScaling of the first values of W_in, at least 0
 * @param biasScaling of the first values of b, at least 0
 * @param recurrentWeights how the first values of W are distributed
 * @param inputWeights how those of W_in and b are
 */
public record Reservoir(SparsePattern connections, Activation activation, double leak, double gain,
        double spectralRadius, double inputScaling, double biasScaling, Distribution recurrentWeights,
        Distribution inputWeights) implements Cell {
    private static final int FAN_IN = 10;
    private static final double SPECTRAL_RADIUS = 0.9;
    private static final AtomicBoolean WARNED = new AtomicBoolean(); // one is enough of a search over many

    /** How weights are distributed, before they are scaled. */
    public enum Distribution {
        /** Evenly from -1 to 1. */
        UNIFORM,
        /** Normally, of mean 0 and deviation 1. */
        NORMAL,
        /** -1 or 1, each with probability 1/2. */
        BERNOULLI;

        double draw(RandomGenerator random) {
            return switch (this) {
                case UNIFORM -> 2 * random.nextDouble() - 1;
                case NORMAL -> random.nextGaussian();
                case BERNOULLI -> random.nextDouble() < 0.5 ? -1 : 1;
            };
        }
    }

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if a number is out of range
     */
    public Reservoir {
        Objects.requireNonNull(connections, "connections: expected a pattern, got null");
        Objects.requireNonNull(activation, "activation: expected one, got null");
        Objects.requireNonNull(recurrentWeights, "recurrentWeights: expected a distribution, got null");
        Objects.requireNonNull(inputWeights, "inputWeights: expected a distribution, got null");
        if (!(leak > 0 && leak <= 1)) {
            throw new IllegalArgumentException("leak: expected a number above 0 to 1, got " + leak);
        }
        above("gain", gain, gain > 0);
        above("spectralRadius", spectralRadius, spectralRadius > 0);
        atLeast("inputScaling", inputScaling);
        atLeast("biasScaling", biasScaling);
    }

    private static void above(String name, double value, boolean fits) {
        if (!fits || !Double.isFinite(value)) {
            throw new IllegalArgumentException(name + ": expected a finite number above 0, got " + value);
        }
    }

    private static void atLeast(String name, double value) {
        if (!(value >= 0 && Double.isFinite(value))) {
            throw new IllegalArgumentException(name + ": expected a finite number of at least 0, got " + value);
        }
    }

    /**
     * {@return a reservoir of tanh units without leak, each of which reads 10 (fewer if there are not as many), of
     * spectral radius 0.9, inputs as they are and no bias, all weights uniform}
     *
     * @param hiddenSize units, H
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1
     */
    public static Reservoir of(int hiddenSize) {
        return of(hiddenSize, Map.of());
    }

    /**
     * {@return the cell that a checkpoint or a command line describes}
     *
     * @param hiddenSize units, H
     * @param options as {@link #options()} gives them; where one is absent, as {@link #of(int)} has it, {@code gain} as
     *     {@code leak}. A {@code fanIn} of more than H is H
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or an option is damaged
     */
    public static Reservoir of(int hiddenSize, Map<String, String> options) {
        double leak = CellOptions.number(options, "leak", 1);
        return new Reservoir(pattern(hiddenSize, options),
                CellOptions.choice(options, "activation", Activation.TANH), leak,
                CellOptions.number(options, "gain", leak),
                CellOptions.number(options, "spectralRadius", SPECTRAL_RADIUS),
                CellOptions.number(options, "inputScaling", 1), CellOptions.number(options, "biasScaling", 0),
                CellOptions.choice(options, "recurrentWeights", Distribution.UNIFORM),
                CellOptions.choice(options, "inputWeights", Distribution.UNIFORM));
    }

    private static SparsePattern pattern(int hiddenSize, Map<String, String> options) {
        int fanIn = CellOptions.count(options, "fanIn");
        if (fanIn > 0 && options.containsKey("density")) {
            throw new IllegalArgumentException("fanIn: expected none where there is a density, got " + fanIn);
        }
        long seed = seed(options.getOrDefault("seed", "0"));
        return options.containsKey("density")
                ? SparsePattern.density(hiddenSize, CellOptions.number(options, "density", 1), seed)
                : SparsePattern.fanIn(hiddenSize, Math.min(fanIn == 0 ? FAN_IN : fanIn, Math.max(1, hiddenSize)), seed);
    }

    private static long seed(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("seed: expected a whole number, got " + text, e);
        }
    }

    /**
     * {@return this reservoir with units that each read as many others}
     *
     * @param units from 1 to H; with H of them W is dense
     * @throws IllegalArgumentException if it is out of range
     */
    public Reservoir fanIn(int units) {
        return connections(SparsePattern.fanIn(hiddenSize(), units, connections.seed()));
    }

    /**
     * {@return this reservoir with each connection drawn by itself}
     *
     * @param probability of each, above 0 to 1; with 1 W is dense. A unit that would read none reads one
     * @throws IllegalArgumentException if it is out of range
     */
    public Reservoir density(double probability) {
        return connections(SparsePattern.density(hiddenSize(), probability, connections.seed()));
    }

    /** {@return this reservoir with all units connected: W is dense} */
    public Reservoir dense() {
        return fanIn(hiddenSize());
    }

    /**
     * {@return this reservoir with other connections, as many as before or as likely} Values are drawn by the seed of
     * the network.
     *
     * @param value seed of the choice of connections; 0 unless said
     */
    public Reservoir seed(long value) {
        return connections(connections.fanIn() > 0
                ? SparsePattern.fanIn(hiddenSize(), connections.fanIn(), value)
                : SparsePattern.density(hiddenSize(), connections.density(), value));
    }

    /**
     * {@return this reservoir with other connections}
     *
     * @param pattern which units are connected, and how many there are
     */
    public Reservoir connections(SparsePattern pattern) {
        return new Reservoir(pattern, activation, leak, gain, spectralRadius, inputScaling, biasScaling,
                recurrentWeights, inputWeights);
    }

    /**
     * {@return this reservoir with another activation}
     *
     * @param function what is done to the sum
     */
    public Reservoir activation(Activation function) {
        return new Reservoir(connections, function, leak, gain, spectralRadius, inputScaling, biasScaling,
                recurrentWeights, inputWeights);
    }

    /**
     * {@return this reservoir with leaky units: they keep 1 - leak of their state, and take as much of what is new as
     * they lose}
     *
     * @param rate above 0 to 1; 1 is no leaky integration
     * @throws IllegalArgumentException if it is out of range
     */
    public Reservoir leak(double rate) {
        return new Reservoir(connections, activation, rate, rate, spectralRadius, inputScaling, biasScaling,
                recurrentWeights, inputWeights);
    }

    /**
     * {@return this reservoir with another factor of what is new than the {@link #leak(double)}, which is to be said
     * before}
     *
     * @param factor above 0
     * @throws IllegalArgumentException if it is not
     */
    public Reservoir gain(double factor) {
        return new Reservoir(connections, activation, leak, factor, spectralRadius, inputScaling, biasScaling,
                recurrentWeights, inputWeights);
    }

    /**
     * {@return this reservoir with recurrent weights that start with another spectral radius}
     *
     * @param radius largest absolute value of an eigenvalue of W, above 0
     * @throws IllegalArgumentException if it is not
     */
    public Reservoir spectralRadius(double radius) {
        return new Reservoir(connections, activation, leak, gain, radius, inputScaling, biasScaling,
                recurrentWeights, inputWeights);
    }

    /**
     * {@return this reservoir with weights of the input that start with another factor}
     *
     * @param factor of what {@link #inputWeights} draws, at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Reservoir inputScaling(double factor) {
        return new Reservoir(connections, activation, leak, gain, spectralRadius, factor, biasScaling,
                recurrentWeights, inputWeights);
    }

    /**
     * {@return this reservoir with biases that start with another factor}
     *
     * @param factor of what {@link #inputWeights} draws, at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Reservoir biasScaling(double factor) {
        return new Reservoir(connections, activation, leak, gain, spectralRadius, inputScaling, factor,
                recurrentWeights, inputWeights);
    }

    /**
     * {@return this reservoir with recurrent weights of another distribution}
     *
     * @param distribution before they are scaled to the spectral radius
     */
    public Reservoir recurrentWeights(Distribution distribution) {
        return new Reservoir(connections, activation, leak, gain, spectralRadius, inputScaling, biasScaling,
                distribution, inputWeights);
    }

    /**
     * {@return this reservoir with weights of the input, and biases, of another distribution}
     *
     * @param distribution before they are scaled
     */
    public Reservoir inputWeights(Distribution distribution) {
        return new Reservoir(connections, activation, leak, gain, spectralRadius, inputScaling, biasScaling,
                recurrentWeights, distribution);
    }

    @Override
    public String name() {
        return "reservoir";
    }

    @Override
    public int hiddenSize() {
        return connections.size();
    }

    @Override
    public int[] planeWidths() {
        return new int[] {hiddenSize()};
    }

    @Override
    public int rows() {
        return hiddenSize();
    }

    @Override
    public TensorLayout layout(int inputSize, InputKind kind) {
        Objects.requireNonNull(kind, "kind: expected one, got null");
        int H = hiddenSize();
        int[] weightHh = connections.isFull() ? new int[] {H, H} : new int[] {connections.count()};
        return TensorLayout.builder().add("weightIh", kind.weightShape(H, inputSize)).add("weightHh", weightHh)
                .add("bias", H).build();
    }

    @Override
    public List<ParameterBlock> blocks(int inputSize, InputKind kind) {
        TensorLayout layout = layout(inputSize, kind);
        TensorLayout.Tensor weightHh = layout.get("weightHh");
        var blocks = new ArrayList<ParameterBlock>();
        blocks.add(ParameterBlock.input(layout.get("weightIh"), kind, 0));
        if (connections.isFull()) {
            blocks.add(ParameterBlock.matrix(weightHh, Source.PREVIOUS_STATE, 0, 0));
        } else {
            blocks.addAll(connections.blocks(weightHh, Source.PREVIOUS_STATE));
        }
        blocks.add(ParameterBlock.bias(layout.get("bias"), 0));
        return blocks;
    }

    @Override
    public SparsePattern recurrentPattern() {
        return connections.isFull() ? null : connections;
    }

    @Override
    public boolean perUnit() {
        return true;
    }

    @Override
    public boolean hasKinks() {
        return activation == Activation.RELU;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException also if all eigenvalues of the recurrent weights that were drawn are 0, for then
     *     no factor gives them a spectral radius
     */
    @Override
    public double[] firstParameters(int inputSize, InputKind kind, RandomGenerator random) {
        Objects.requireNonNull(random, "random: expected a generator, got null");
        int H = hiddenSize();
        var first = new double[Math.toIntExact(layout(inputSize, kind).count())];
        for (int r = 0; r < H; r++) {
            for (int j = 0; j < inputSize; j++) {
                int at = kind == InputKind.DENSE ? r * inputSize + j : j * H + r;
                first[at] = inputScaling * inputWeights.draw(random);
            }
        }
        double[] weights = firstRecurrentWeights(random);
        System.arraycopy(weights, 0, first, H * inputSize, weights.length);
        for (int r = 0; r < H; r++) {
            first[first.length - H + r] = biasScaling * inputWeights.draw(random);
        }
        return first;
    }

    private double[] firstRecurrentWeights(RandomGenerator random) {
        var weights = new double[connections.count()];
        for (int k = 0; k < weights.length; k++) {
            weights[k] = recurrentWeights.draw(random);
        }
        double radius = SpectralRadius.of(connections, weights);
        if (radius == 0) {
            throw new IllegalArgumentException("spectralRadius: expected recurrent weights with an eigenvalue beside 0 "
                    + "to be scaled to " + spectralRadius + ", got none; another seed draws others");
        }
        for (int k = 0; k < weights.length; k++) {
            weights[k] *= spectralRadius / radius;
        }
        // Where the bound is below 1 so is what it bounds.
        if (1 - leak + gain * spectralRadius >= 1 && !WARNED.get()) {
            warning(effectiveRadius(weights)).filter(_ -> !WARNED.getAndSet(true))
                    .ifPresent(text -> System.getLogger("dev.rondo").log(Level.WARNING, text));
        }
        return weights;
    }

    /**
     * {@return the spectral radius of (1 - leak) I + gain W, which is how the state grows or fades near 0, where the
     * slope of tanh is 1; of sigmoid it is at most 1/4 and the reservoir fades faster} Below 1 small states fade; at 1
     * and above the echo state property is not to be expected for an input of zeros, though strong inputs may bring it
     * about.
     *
     * @param weightHh W as in the parameters: a number for each connection, or [H, H]
     * @throws IllegalArgumentException if there are not as many
     */
    public double effectiveRadius(double[] weightHh) {
        Objects.requireNonNull(weightHh, "weightHh: expected weights, got null");
        return SpectralRadius.of(hiddenSize(), (x, y) -> {
            connections.multiply(weightHh, x, y);
            for (int k = 0; k < y.length; k++) {
                y[k] = (1 - leak) * x[k] + gain * y[k];
            }
        });
    }

    /**
     * {@return what there is to be said of an effective radius: nothing below 1; else a line, which the logger {@code
     * dev.rondo} gets once of the first reservoir that is made so}
     *
     * @param effectiveRadius as {@link #effectiveRadius} gives it
     */
    public Optional<String> warning(double effectiveRadius) {
        return effectiveRadius < 1 ? Optional.empty() : Optional.of(
                "reservoir of " + hiddenSize() + " units: effective spectral radius " + effectiveRadius
                + " is not below 1: states may not forget how they began; EchoState.of tells for inputs of yours");
    }

    @Override
    public Map<String, String> options() {
        var options = new TreeMap<String, String>();
        if (connections.fanIn() > 0) {
            options.put("fanIn", Integer.toString(connections.fanIn()));
        } else {
            options.put("density", Double.toString(connections.density()));
        }
        options.put("seed", Long.toString(connections.seed()));
        options.put("activation", CellOptions.text(activation));
        options.put("leak", Double.toString(leak));
        if (gain != leak) {
            options.put("gain", Double.toString(gain));
        }
        options.put("spectralRadius", Double.toString(spectralRadius));
        options.put("inputScaling", Double.toString(inputScaling));
        options.put("biasScaling", Double.toString(biasScaling));
        options.put("recurrentWeights", CellOptions.text(recurrentWeights));
        options.put("inputWeights", CellOptions.text(inputWeights));
        return options;
    }

    @Override
    public long variant() {
        return activation.ordinal();
    }

    @Override
    public double[] settings() {
        return new double[] {leak, gain};
    }

    @Override
    public CellKernel kernel(Backend backend) {
        Backends.require(backend);
        return switch (backend) {
            case REFERENCE -> new ReservoirReference(this);
            case VECTOR -> new VectorKernel(MethodHandles.lookup(), ReservoirVector.class);
            case NATIVE -> new NativeKernel();
        };
    }
}
