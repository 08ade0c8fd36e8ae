package dev.rondo.check;

import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import dev.rondo.reservoir.EchoStateNetwork;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;

/**
 * Whether a network forgets how it began (Jaeger 2001, the echo state property): two copies of it, one in the zero
 * state and one in states drawn evenly from -1 to 1, are driven by the same inputs, and the distance of their states
 * is told step by step. With the property it goes to zero; inputs that are strong enough may bring it about where
 * zeros do not (Yildiz, Jaeger and Kiebel, "Re-visiting the echo state property", 2012), so inputs are those of the
 * task.
 *
 * <pre>{@code
 * var echo = EchoState.of(network, sequences.getFirst(), 1);
 * if (!echo.converges()) {
 *     System.out.println(echo.distance(echo.steps()) + " apart, " + EchoState.effectiveRadius(network, 0));
 * }
 * }</pre>
 */
public final class EchoState {
    private static final double CLOSE = 1e-3; // of the distance at the beginning

    private final double[] distances; // [steps + 1]

    private EchoState(double[] distances) {
        this.distances = distances;
    }

    /**
     * {@return what becomes of two states under the same inputs}
     *
     * @param network whose layers run forwards, which reads numbers
     * @param inputs [steps][I], at least one step
     * @param seed of the state that one copy begins in
     * @throws IllegalArgumentException if an input is not as wide as the network reads, there are none, or a layer is
     *     bidirectional
     * @throws IllegalStateException if the network is closed
     */
    public static EchoState of(Network network, float[][] inputs, long seed) {
        Objects.requireNonNull(network, "network: expected one, got null");
        Objects.requireNonNull(inputs, "inputs: expected some, got null");
        var rows = new double[inputs.length][];
        for (int t = 0; t < inputs.length; t++) {
            String name = "inputs[" + t + "]";
            float[] input = Objects.requireNonNull(inputs[t], () -> name + ": expected numbers, got null");
            rows[t] = new double[input.length];
            Arrays.setAll(rows[t], i -> input[i]);
        }
        return of(network, rows, seed);
    }

    /**
     * {@return what becomes of two states of the reservoir of an echo state network under the same inputs, and with the
     * same targets fed back}
     *
     * @param model trained or not
     * @param inputs [steps][I], at least one step; rows of no numbers where there is no input
     * @param targets [steps][O]; without feedback they have no part
     * @param seed of the state that one copy begins in
     * @throws IllegalArgumentException if sizes do not fit, or there are no steps
     * @throws IllegalStateException if the model is closed
     */
    public static EchoState of(EchoStateNetwork model, double[][] inputs, double[][] targets, long seed) {
        Objects.requireNonNull(model, "model: expected one, got null");
        Objects.requireNonNull(inputs, "inputs: expected some, got null");
        Objects.requireNonNull(targets, "targets: expected some, got null");
        if (targets.length != inputs.length) {
            throw new IllegalArgumentException("targets: expected " + inputs.length + " rows, got " + targets.length);
        }
        int fedBack = model.network().inputSize() - model.inputSize();
        var rows = new double[inputs.length][];
        for (int t = 0; t < inputs.length; t++) {
            double[] input = sized("inputs", t, inputs[t], model.inputSize());
            rows[t] = Arrays.copyOf(input, input.length + fedBack);
            double[] last = t == 0 ? new double[fedBack] : targets[t - 1];
            sized("targets", t, targets[t], model.outputSize());
            System.arraycopy(last, 0, rows[t], input.length, fedBack);
        }
        return of(model.network(), rows, seed);
    }

    /**
     * {@return what becomes of two states under the same inputs}
     *
     * @param network whose layers run forwards, which reads numbers
     * @param inputs [steps][I], at least one step
     * @param seed of the state that one copy begins in
     * @throws IllegalArgumentException if an input is not as wide as the network reads, there are none, or a layer is
     *     bidirectional
     * @throws IllegalStateException if the network is closed
     */
    public static EchoState of(Network network, double[][] inputs, long seed) {
        Objects.requireNonNull(network, "network: expected one, got null");
        Objects.requireNonNull(inputs, "inputs: expected some, got null");
        if (inputs.length == 0) {
            throw new IllegalArgumentException("inputs: expected at least 1 step, got none");
        }
        int width = network.inputSize();
        var twice = new double[2 * width];
        var distances = new double[inputs.length + 1];
        try (NetworkPass pass = network.inference(1, 2).carryState(true)) {
            begin(network, pass, new Random(seed));
            distances[0] = distance(network, pass);
            for (int t = 0; t < inputs.length; t++) {
                double[] input = sized("inputs", t, inputs[t], width);
                System.arraycopy(input, 0, twice, 0, width);
                System.arraycopy(input, 0, twice, width, width);
                pass.forward(SequenceBatch.of(twice, 1, 2, width));
                distances[t + 1] = distance(network, pass);
            }
        }
        return new EchoState(distances);
    }

    private static double[] sized(String name, int step, double[] numbers, int width) {
        Objects.requireNonNull(numbers, () -> name + "[" + step + "]: expected numbers, got null");
        if (numbers.length != width) {
            throw new IllegalArgumentException(
                    name + "[" + step + "]: expected " + width + " numbers, got " + numbers.length);
        }
        return numbers;
    }

    private static void begin(Network network, NetworkPass pass, Random random) {
        Precision precision = network.precision();
        for (int layer = 0; layer < network.description().layers().size(); layer++) {
            int[] widths = network.description().layers().get(layer).planeWidths();
            for (int plane = 0; plane < widths.length; plane++) {
                MemorySegment state = pass.state(layer, plane);
                for (int k = 0; k < widths[plane]; k++) {
                    precision.set(state, k, 0);
                    precision.set(state, widths[plane] + k, 2 * random.nextDouble() - 1);
                }
            }
        }
    }

    private static double distance(Network network, NetworkPass pass) {
        Precision precision = network.precision();
        double squares = 0;
        for (int layer = 0; layer < network.description().layers().size(); layer++) {
            int[] widths = network.description().layers().get(layer).planeWidths();
            for (int plane = 0; plane < widths.length; plane++) {
                MemorySegment state = pass.state(layer, plane);
                for (int k = 0; k < widths[plane]; k++) {
                    double apart = precision.get(state, k) - precision.get(state, widths[plane] + k);
                    squares += apart * apart;
                }
            }
        }
        return Math.sqrt(squares);
    }

    /**
     * {@return the effective spectral radius of a reservoir of a network, see {@link Reservoir#effectiveRadius}}
     *
     * @param network that has it
     * @param layer from 0, one whose cell is a reservoir
     * @throws IllegalArgumentException if there is no such layer, or it is none
     * @throws IllegalStateException if the network is closed
     */
    public static double effectiveRadius(Network network, int layer) {
        Objects.requireNonNull(network, "network: expected one, got null");
        var layers = network.description().layers();
        if (layer < 0 || layer >= layers.size() || !(layers.get(layer).cell() instanceof Reservoir reservoir)) {
            throw new IllegalArgumentException("layer: expected one that is a reservoir, got " + layer);
        }
        MemorySegment weights = network.parameters().view("layer" + layer + ".weightHh");
        var values = new double[reservoir.connections().count()];
        network.precision().read(weights, 0, values, values.length);
        return reservoir.effectiveRadius(values);
    }

    /** {@return the number of steps} */
    public int steps() {
        return distances.length - 1;
    }

    /**
     * {@return the Euclidean distance of the two states, over all layers}
     *
     * @param step after how many steps, 0 for that at the beginning
     * @throws IndexOutOfBoundsException if there are not as many
     */
    public double distance(int step) {
        return distances[Objects.checkIndex(step, distances.length)];
    }

    /** {@return all distances, from that at the beginning on} */
    public double[] distances() {
        return distances.clone();
    }

    /**
     * {@return whether in the last tenth of the steps, or the last alone of fewer than 20, the states stayed within a
     * thousandth of their first distance} States that fade by r at each step need some -8 / log(r) steps for that: 80
     * at 0.9, 800 at 0.99, and nothing is told of fewer.
     */
    public boolean converges() {
        int first = distances.length - Math.max(1, steps() / 10);
        return Arrays.stream(distances, first, distances.length).max().orElseThrow() <= CLOSE * distances[0];
    }
}
