package dev.rondo.bench;

import dev.rondo.cell.Execution;
import dev.rondo.check.CellBody;
import dev.rondo.check.Tolerance;
import dev.rondo.kernel.NativeActivation;
import dev.rondo.kernel.NativeActivation.Function;
import dev.rondo.kernel.ReferenceMath;
import dev.rondo.kernel.VectorMath;
import dev.rondo.kernel.VectorWidth;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;

/**
 * Activations of one body over rows of numbers that stay in the first-level cache, float32. VECTOR has no exp: its
 * softmax, as that of REFERENCE, takes {@link Math#exp}.
 */
final class ActivationWork implements AutoCloseable {
    static final int NUMBERS = 1_000_000;
    private static final int ROW = 2000;
    private static final double RANGE = 8; // beyond, sigmoid and tanh are flat

    private final Workspace workspace = new Workspace("activations");
    private final Map<Function, Row> rows = new EnumMap<>(Function.class);

    /**
     * One activation of one row.
     *
     * @param activate what is timed
     * @param result number n of what it made of the numbers given at first
     */
    private record Row(Runnable activate, IntToDoubleFunction result) {}

    ActivationWork(CellBody body) {
        for (Function function : Function.values()) {
            rows.put(function, switch (body.backend()) {
                case NATIVE -> nativeRow(function, body);
                case VECTOR -> function == Function.EXP ? plainRow(function) : vectorRow(function, body);
                case REFERENCE -> plainRow(function);
            });
        }
    }

    /** Activates {@value #NUMBERS} numbers. */
    void run(Function function) {
        Row row = rows.get(function);
        for (int n = 0; n < NUMBERS / ROW; n++) {
            row.activate.run();
        }
    }

    /**
     * Compares one row of each function with the reference; before anything else, for VECTOR works in place.
     *
     * @param body as messages name it
     * @throws IllegalStateException if a result is further off than activations may be
     */
    void verify(String body) {
        double bound = Tolerance.activationError(Precision.FLOAT32);
        double[] x = numbers();
        rows.forEach((function, row) -> {
            row.activate.run();
            for (int n = 0; n < x.length; n++) {
                double expected = plain(function).applyAsDouble(x[n]);
                double result = row.result.applyAsDouble(n);
                if (!(Math.abs(result - expected) <= bound * Math.abs(expected))) {
                    throw new IllegalStateException(body + ", " + function + "(" + x[n] + "): expected " + expected
                            + ", got " + result);
                }
            }
        });
    }

    /** Numbers that float32 holds exactly. */
    private static double[] numbers() {
        double[] numbers = new SplittableRandom(1).doubles(ROW, -RANGE, RANGE).toArray();
        for (int n = 0; n < ROW; n++) {
            numbers[n] = (float) numbers[n];
        }
        return numbers;
    }

    private Row nativeRow(Function function, CellBody body) {
        var activation = new NativeActivation(function, Precision.FLOAT32, new Execution(1, body.tier()));
        MemorySegment x = workspace.allocate(Precision.FLOAT32, ROW);
        MemorySegment y = workspace.allocate(Precision.FLOAT32, ROW);
        Precision.FLOAT32.write(numbers(), x, 0, ROW);
        return new Row(() -> activation.run(x, y, ROW), n -> Precision.FLOAT32.get(y, n));
    }

    /** In place, as in the cells: the time of these polynomials does not depend on the numbers. */
    private static Row vectorRow(Function function, CellBody body) {
        VectorMath math = VectorWidth.of(body.tier()).math();
        double[] given = numbers();
        var x = new float[ROW];
        for (int n = 0; n < ROW; n++) {
            x[n] = (float) given[n];
        }
        Runnable activate = function == Function.TANH ? () -> math.tanh(x, 0, ROW) : () -> math.sigmoid(x, 0, ROW);
        return new Row(activate, n -> x[n]);
    }

    private static Row plainRow(Function function) {
        double[] x = numbers();
        var y = new double[ROW];
        DoubleUnaryOperator plain = plain(function);
        return new Row(() -> Arrays.setAll(y, n -> plain.applyAsDouble(x[n])), n -> y[n]);
    }

    private static DoubleUnaryOperator plain(Function function) {
        return switch (function) {
            case EXP -> Math::exp;
            case SIGMOID -> ReferenceMath::sigmoid;
            case TANH -> ReferenceMath::tanh;
        };
    }

    @Override
    public void close() {
        workspace.close();
    }
}
