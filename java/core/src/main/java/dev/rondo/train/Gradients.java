package dev.rondo.train;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.kernel.NativeSquares;
import dev.rondo.kernel.NativeUpdate;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Network;
import dev.rondo.network.TokenRows;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The gradients of a step, tensor by tensor: their norms, and what clipping makes of them. Norms are taken in one go
 * over the gradients; clipping is applied when the optimiser reads them.
 */
final class Gradients {
    private static final int CHUNK = 1024;

    private final MemorySegment slab;
    private final Precision precision;
    private final TokenRows tokenRows;
    private final List<TensorLayout.Tensor> layout;
    private final long[] offset; // by tensor, as all below
    private final long[] end;
    private final int[] rowWidth; // 0 = has no rows of tokens
    private final boolean[] fixed; // of a layer that is not trained
    private final int[] layer; // tensors of one layer have the same number
    private final double[] squares; // sum of them
    private final double[] scale;
    private double greatest; // of what is read, in size
    private final NativeSquares nativeSquares; // null = in plain Java
    private final NativeUpdate nativeUpdate; // null = in plain Java
    private final double[] chunk = new double[CHUNK];

    /** The gradients of {@code network}, in the native library if that is its backend. */
    Gradients(Network network) {
        this(network.gradients(), network.parameters().layout(), network.precision(), network.tokenRows(),
                network.backend() == Backend.NATIVE ? network.execution() : null);
        for (int tensor = 0; tensor < fixed.length; tensor++) {
            fixed[tensor] = network.description().isFixed(layout.get(tensor));
        }
    }

    /** Gradients in {@code slab}, laid out by {@code tensors}; {@code tokenRows} may leave rows of some of them out. */
    Gradients(MemorySegment slab, TensorLayout tensors, Precision precision, TokenRows tokenRows) {
        this(slab, tensors, precision, tokenRows, null);
    }

    /** The same in the native library, unless {@code ofNative} is null. */
    Gradients(MemorySegment slab, TensorLayout tensors, Precision precision, TokenRows tokenRows, Execution ofNative) {
        this.slab = slab;
        this.precision = precision;
        this.tokenRows = tokenRows;
        this.layout = tensors.tensors();
        int count = layout.size();
        this.offset = layout.stream().mapToLong(TensorLayout.Tensor::offset).toArray();
        this.end = layout.stream().mapToLong(tensor -> tensor.offset() + tensor.count()).toArray();
        this.rowWidth = layout.stream()
                .mapToInt(t -> tokenRows != null && tokenRows.tensors().contains(t) ? tokenRows.width(t) : 0)
                .toArray();
        this.fixed = new boolean[count];
        this.layer = layers(layout);
        this.squares = new double[count];
        this.scale = new double[count];
        Arrays.fill(scale, 1);
        this.greatest = Double.POSITIVE_INFINITY;
        this.nativeSquares = ofNative == null ? null : new NativeSquares(precision, ofNative);
        this.nativeUpdate = ofNative == null ? null : new NativeUpdate(precision, ofNative);
    }

    /** Numbers what stands before the first dot of a name: "layer0", "head". */
    private static int[] layers(List<TensorLayout.Tensor> layout) {
        var names = new ArrayList<String>();
        return layout.stream().mapToInt(tensor -> {
            String name = tensor.name().split("\\.", 2)[0];
            if (!names.contains(name)) {
                names.add(name);
            }
            return names.indexOf(name);
        }).toArray();
    }

    int tensors() {
        return offset.length;
    }

    long offset(int tensor) {
        return offset[tensor];
    }

    long end(int tensor) {
        return end[tensor];
    }

    /** {@return whether tensor {@code tensor} is of two dimensions or more} */
    boolean isWeight(int tensor) {
        return layout.get(tensor).shape().size() > 1;
    }

    /** {@return whether training leaves tensor {@code tensor} as it is} */
    boolean isFixed(int tensor) {
        return fixed[tensor];
    }

    /** {@return whether tensor {@code tensor} has a row per token, so that {@link #tokenRows} holds for it} */
    boolean hasTokenRows(int tensor) {
        return rowWidth[tensor] > 0;
    }

    int rowWidth(int tensor) {
        return rowWidth[tensor];
    }

    TokenRows tokenRows() {
        return tokenRows;
    }

    /** Reads gradients of {@code tensor} from element {@code at} of the slab on, clipped. */
    void read(int tensor, long at, double[] values, int count) {
        precision.readTimes(scale[tensor], slab, at, values, count);
        if (greatest != Double.POSITIVE_INFINITY) {
            for (int i = 0; i < count; i++) {
                values[i] = Math.max(-greatest, Math.min(greatest, values[i]));
            }
        }
    }

    /** {@return what updates parameters in the native library; null if plain Java does} */
    NativeUpdate nativeUpdate() {
        return nativeUpdate;
    }

    /** Updates parameters {@code begin} to {@code end} of {@code tensor} natively, clipped as {@link #read} does. */
    void update(int tensor, MemorySegment parameters, MemorySegment[] states, long begin, long end) {
        nativeUpdate.clip(scale[tensor], greatest).run(parameters, slab, states, begin, end - begin);
    }

    /** {@return the Euclidean norm of all gradients, unclipped; not finite if one of them is not} */
    double norm() {
        double sum = 0;
        for (int tensor = 0; tensor < offset.length; tensor++) {
            if (fixed[tensor]) {
                continue;
            }
            squares[tensor] = hasTokenRows(tensor)
                    ? squaresOfRows(offset[tensor], rowWidth[tensor])
                    : squares(offset[tensor], end[tensor]);
            sum += squares[tensor];
        }
        return Math.sqrt(sum);
    }

    /** Row by row, so that rows of zeros change no bit of the sum. */
    private double squaresOfRows(long first, long width) {
        double sum = 0;
        for (int row = tokenRows.nextTouched(0); row >= 0; row = tokenRows.nextTouched(row + 1)) {
            sum += squares(first + row * width, first + (row + 1) * width);
        }
        return sum;
    }

    private double squares(long begin, long end) {
        return nativeSquares != null ? nativeSquares.sum(slab, begin, end - begin) : squaresInJava(begin, end);
    }

    private double squaresInJava(long begin, long end) {
        // Four sums, so that one addition need not wait for the last.
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        for (long at = begin; at < end; at += CHUNK) {
            int count = (int) Math.min(CHUNK, end - at);
            precision.read(slab, at, chunk, count);
            int whole = (count + 3) & -4;
            Arrays.fill(chunk, count, whole, 0);
            for (int i = 0; i < whole; i += 4) {
                sum0 += chunk[i] * chunk[i];
                sum1 += chunk[i + 1] * chunk[i + 1];
                sum2 += chunk[i + 2] * chunk[i + 2];
                sum3 += chunk[i + 3] * chunk[i + 3];
            }
        }
        return sum0 + sum1 + sum2 + sum3;
    }

    /** Has all that is read clipped from now on, by the norms that {@link #norm} found last. */
    void clip(GradientClipping clipping) {
        greatest = clipping.scope() == GradientClipping.Scope.VALUE ? clipping.limit() : Double.POSITIVE_INFINITY;
        for (int tensor = 0; tensor < scale.length; tensor++) {
            scale[tensor] = clipping.scale(switch (clipping.scope()) {
                case NONE, VALUE -> 0;
                case GLOBAL_NORM -> normOf(-1);
                case LAYER_NORM -> normOf(layer[tensor]);
                case PARAMETER_NORM -> Math.sqrt(squares[tensor]);
            });
        }
    }

    /** The norm of one layer's gradients, or of all if {@code number} is negative. */
    private double normOf(int number) {
        double sum = 0;
        for (int tensor = 0; tensor < squares.length; tensor++) {
            if (number < 0 || layer[tensor] == number) {
                sum += squares[tensor];
            }
        }
        return Math.sqrt(sum);
    }

    /** {@return the first gradient that is not finite, or the greatest if only their squares overflow} */
    long worst() {
        long worst = 0;
        for (int tensor = 0; tensor < end.length; tensor++) {
            for (long i = offset[tensor]; i < end[tensor] && !fixed[tensor]; i++) {
                double gradient = get(i);
                if (!Double.isFinite(gradient)) {
                    return i;
                }
                if (Math.abs(gradient) > Math.abs(get(worst))) {
                    worst = i;
                }
            }
        }
        return worst;
    }

    double get(long index) {
        return precision.get(slab, index);
    }
}
