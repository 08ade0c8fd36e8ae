package dev.rondo.network;

import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * What weights start with. All numbers are drawn in float64, in one order, and rounded: one seed gives the same network
 * on every backend.
 *
 * <pre>{@code
 * Network.builder(inputSize).layer(Elman.relu(100)).classes(10)
 *         .inputWeights(Initialization.normal(0.001)).recurrentWeights(Initialization.identity())
 * }</pre>
 *
 * <p>A network says which of its weights start how: {@link Network.Builder#inputWeights} and {@link
 * Network.Builder#recurrentWeights}, to which those of a projection belong. Biases start with what the cell says, 0
 * but for the forget gates of an LSTM, which start with 1 ({@link dev.rondo.cell.lstm.Lstm}); gains of a layer norm
 * start with 1; embeddings are uniform with variance 1; weights that see one unit each keep the default of recurrent
 * ones, but for those with which units see their own past alone ({@link dev.rondo.cell.indrnn.IndRnn}): these start
 * between 0 and 1, and a rule for recurrent weights is asked for each of them as for a matrix of one row and column.
 * A reservoir draws its weights itself, whatever the rules ({@link dev.rondo.cell.reservoir.Reservoir}).
 *
 * <p>A rule is asked for one gate at a time: H rows, or as many as its weights have. One of one's own is a lambda:
 *
 * <pre>{@code
 * Initialization sparse = (rows, columns, fanOut, random) ->
 *         (row, column) -> random.nextDouble() < 0.1 ? random.nextGaussian() : 0;
 * }</pre>
 */
@FunctionalInterface
public interface Initialization {
    /** Weights [rows, columns] of one gate, asked for once each, row by row. */
    @FunctionalInterface
    interface Weights {
        /**
         * {@return one weight, a finite number}
         *
         * @param row the unit that it feeds, from 0
         * @param column the source that it reads, from 0
         */
        double at(int row, int column);
    }

    /**
     * {@return weights of one gate, not null}
     *
     * @param rows units that the weights feed
     * @param columns sources of each unit: its fan-in
     * @param fanOut units that each source feeds, in all gates
     * @param random what to draw from
     */
    Weights of(int rows, int columns, int fanOut, RandomGenerator random);

    /**
     * {@return weights drawn evenly from {@code -limit} to {@code limit}}
     *
     * @param limit at least 0
     * @throws IllegalArgumentException if it is negative or not finite
     */
    static Initialization uniform(double limit) {
        atLeastZero("limit", limit);
        return (rows, columns, fanOut, random) -> evenly(limit, random);
    }

    /**
     * {@return normally distributed weights of mean 0}
     *
     * @param deviation their standard deviation, at least 0
     * @throws IllegalArgumentException if it is negative or not finite
     */
    static Initialization normal(double deviation) {
        atLeastZero("deviation", deviation);
        return (rows, columns, fanOut, random) -> normally(deviation, random);
    }

    /**
     * {@return weights drawn evenly within {@code sqrt(6 / (fanIn + fanOut))}, for tanh and sigmoid (Glorot and Bengio,
     * "Understanding the difficulty of training deep feedforward neural networks", 2010, equation 16)} Fan-out counts
     * the units of all gates, as in Keras.
     */
    static Initialization xavier() {
        return (rows, columns, fanOut, random) -> evenly(Math.sqrt(6.0 / (columns + fanOut)), random);
    }

    /**
     * {@return normally distributed weights of deviation {@code sqrt(2 / fanIn)}, for ReLU (He, Zhang, Ren and Sun,
     * "Delving deep into rectifiers", 2015, equation 10)}
     */
    static Initialization he() {
        return (rows, columns, fanOut, random) -> normally(Math.sqrt(2.0 / columns), random);
    }

    /**
     * {@return each gate a random orthogonal matrix Q, which keeps the length of a state; where rows and columns differ
     * in number, the fewer are orthonormal (Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of
     * learning in deep linear neural networks", 2014)}
     */
    static Initialization orthogonal() {
        return Orthogonal::of;
    }

    /**
     * {@return ones on the diagonal of each gate, else zeros: with ReLU, state that stays as it is (Le, Jaitly and
     * Hinton, "A simple way to initialize recurrent networks of rectified linear units", 2015)}
     */
    static Initialization identity() {
        return (rows, columns, fanOut, random) -> (row, column) -> row == column ? 1 : 0;
    }

    /**
     * {@return this, all weights times {@code factor}} The identity times 0.01 forgets fast; the gain of an orthogonal
     * matrix.
     *
     * @param factor a finite number
     * @throws IllegalArgumentException if it is not
     */
    default Initialization times(double factor) {
        if (!Double.isFinite(factor)) {
            throw new IllegalArgumentException("factor: expected a finite number, got " + factor);
        }
        return (rows, columns, fanOut, random) -> {
            Weights weights = Objects.requireNonNull(
                    of(rows, columns, fanOut, random), "times: expected weights by the rule, got null");
            return (row, column) -> factor * weights.at(row, column);
        };
    }

    private static Weights evenly(double limit, RandomGenerator random) {
        return (row, column) -> (2 * random.nextDouble() - 1) * limit;
    }

    private static Weights normally(double deviation, RandomGenerator random) {
        return (row, column) -> random.nextGaussian() * deviation;
    }

    private static void atLeastZero(String name, double value) {
        if (!(value >= 0 && Double.isFinite(value))) {
            throw new IllegalArgumentException(name + ": expected a number of at least 0, got " + value);
        }
    }
}
