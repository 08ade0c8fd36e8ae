package dev.rondo.network;

import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Description of a layer: a cell, in which directions it runs, and what is done with what it puts out. A value, as the
 * cell is.
 *
 * <pre>{@code
 * Network.builder(inputSize)
 *         .layer(Layer.of(Lstm.of(128)).bidirectional())
 *         .layer(Layer.of(Lstm.of(256)).residual())
 *         .lastStep().classes(10)
 * }</pre>
 *
 * @param cell what runs; a bidirectional layer has two of it, each with parameters of its own
 * @param merge what is made of the outputs of both directions; null = the layer runs forwards alone
 * @param addsInput whether what the layer reads is added to what it puts out: {@link #residual()}
 * @param dropout what is left out in training
 * @param learnsInitialState whether the state that a sequence begins with is a parameter
 * @param isFixed whether training leaves the parameters as they are: {@link #fixed()}
 */
public record Layer(Cell cell, Merge merge, boolean addsInput, Dropout dropout, boolean learnsInitialState,
        boolean isFixed) {
    private static final String BIDIRECTIONAL = "bidirectional";
    private static final String RESIDUAL = "residual";
    private static final String INITIAL_STATE = "initialState";
    private static final String FIXED = "fixed";
    private static final String DROPOUT = "dropout";
    private static final String VARIATIONAL_DROPOUT = "variationalDropout";
    private static final String RECURRENT_DROPOUT = "recurrentDropout";
    private static final String ZONEOUT = "zoneout";

    /** What a bidirectional layer makes of the outputs of its directions. */
    public enum Merge {
        /** Side by side, those of the forward direction first: twice as wide as the cell's. */
        CONCATENATE,
        /** Their sum. */
        SUM;

        /** {@return the merge in descriptions: "concatenate"} */
        String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Merge parse(String text) {
            return Arrays.stream(values()).filter(merge -> merge.text().equals(text)).findFirst().orElseThrow(() ->
                    new IllegalArgumentException(BIDIRECTIONAL + ": expected one of "
                            + Arrays.stream(values()).map(Merge::text).toList() + ", got " + text));
        }
    }

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if there is zoneout of a cell whose units cannot be held one by one, or
     *     recurrent dropout of a cell that does not multiply its old output, such as minGRU
     */
    public Layer {
        Objects.requireNonNull(cell, "cell: expected one, got null");
        Objects.requireNonNull(dropout, "dropout: expected rates, got null");
        if (dropout.zoneout() > 0 && !cell.holdsUnits()) {
            throw new IllegalArgumentException(
                    ZONEOUT + ": expected a cell whose units can be held one by one, got " + Cells.text(cell));
        }
        if (dropout.recurrent() > 0 && !multipliesOutput(cell)) {
            throw new IllegalArgumentException(
                    RECURRENT_DROPOUT + ": expected a cell that multiplies its old output, got " + Cells.text(cell));
        }
    }

    /** {@return whether weights are multiplied with the old output: else there is nothing to drop} */
    private static boolean multipliesOutput(Cell cell) {
        return cell.blocks(1, InputKind.DENSE).stream()
                .anyMatch(block -> block.source() == ParameterBlock.Source.PREVIOUS_STATE && block.plane() == 0);
    }

    /**
     * {@return a layer that runs forwards and hands on what its cell puts out}
     *
     * @param cell decides its size
     */
    public static Layer of(Cell cell) {
        return new Layer(cell, null, false, Dropout.NONE, false, false);
    }

    /**
     * {@return this layer in both directions (Schuster and Paliwal, "Bidirectional recurrent neural networks", 1997),
     * outputs side by side} Such a layer needs whole sequences: it has no stepper.
     */
    public Layer bidirectional() {
        return bidirectional(Merge.CONCATENATE);
    }

    /**
     * {@return this layer in both directions}
     *
     * @param merge what is made of their outputs
     */
    public Layer bidirectional(Merge merge) {
        Objects.requireNonNull(merge, "merge: expected one, got null");
        return new Layer(cell, merge, addsInput, dropout, learnsInitialState, isFixed);
    }

    /**
     * {@return this layer with what it reads added to what it puts out (He, Zhang, Ren and Sun, "Deep residual learning
     * for image recognition", 2016)} The two have to be of one width. The cell's own state has no part in it. Where a
     * sequence takes no step nothing is added.
     */
    public Layer residual() {
        return new Layer(cell, merge, true, dropout, learnsInitialState, isFixed);
    }

    /**
     * {@return this layer with dropout of what it hands on, drawn anew at each step; what is {@linkplain #residual()
     * added} to it is not dropped}
     *
     * @param rate from 0 to below 1: the share that is left out
     * @throws IllegalArgumentException if it is not
     */
    public Layer dropout(double rate) {
        return with(new Dropout(rate, false, dropout.recurrent(), dropout.zoneout()));
    }

    /**
     * {@return this layer with dropout of what it hands on, by one mask for all steps of a sequence (Gal and
     * Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks", 2016)}
     *
     * @param rate from 0 to below 1: the share that is left out
     * @throws IllegalArgumentException if it is not
     */
    public Layer variationalDropout(double rate) {
        return with(new Dropout(rate, true, dropout.recurrent(), dropout.zoneout()));
    }

    /**
     * {@return this layer with dropout of the old output where it enters the product with the recurrent weights, by one
     * mask for all steps of a sequence (Gal and Ghahramani 2016; Keras' {@code recurrent_dropout})} The other planes of
     * the state, as an LSTM's c, keep what they have. (Semeniuta, Severyn and Barth, "Recurrent dropout without memory
     * loss", 2016, drop the candidate instead.)
     *
     * @param rate from 0 to below 1: the share of units that is left out
     * @throws IllegalArgumentException if it is not, or the cell does not multiply its old output
     */
    public Layer recurrentDropout(double rate) {
        return with(new Dropout(dropout.rate(), dropout.perSequence(), rate, dropout.zoneout()));
    }

    /**
     * {@return this layer with zoneout: at each step each unit keeps its old state, all planes of it, with this
     * probability (Krueger et al., "Zoneout", 2017)} Without gradients the state becomes what is to be expected, as
     * they do: {@code rate * old + (1 - rate) * new}; such a pass takes its steps one by one.
     *
     * @param rate from 0 to below 1
     * @throws IllegalArgumentException if it is not, or the cell's units cannot be held one by one
     */
    public Layer zoneout(double rate) {
        return with(new Dropout(dropout.rate(), dropout.perSequence(), dropout.recurrent(), rate));
    }

    /**
     * {@return this layer with a parameter for each number of its state that a sequence begins with, of each direction;
     * they start as 0} By default a sequence begins with zeros, or with what {@link NetworkPass#initialState} is given.
     */
    public Layer learnedInitialState() {
        return new Layer(cell, merge, addsInput, dropout, true, isFixed);
    }

    /**
     * {@return this layer with parameters that stay as they are: no training touches them, as those of a {@linkplain
     * dev.rondo.cell.reservoir.Reservoir reservoir}} Gradients pass through the layer to what is below it; its
     * parameters get none, and a trainer leaves them out of the norm that is clipped, of weight decay and of updates.
     */
    public Layer fixed() {
        return new Layer(cell, merge, addsInput, dropout, learnsInitialState, true);
    }

    private Layer with(Dropout other) {
        return new Layer(cell, merge, addsInput, other, learnsInitialState, isFixed);
    }

    /** {@return 2 if the layer is bidirectional, else 1} */
    public int directions() {
        return merge == null ? 1 : 2;
    }

    /** {@return the width of what the layer puts out} */
    public int outputSize() {
        return merge == Merge.CONCATENATE ? Math.multiplyExact(2, cell.outputSize()) : cell.outputSize();
    }

    /** {@return width of each state plane: those of the cell, of a bidirectional layer once more for the reverse} */
    public int[] planeWidths() {
        int[] one = cell.planeWidths();
        int[] all = Arrays.copyOf(one, one.length * directions());
        System.arraycopy(one, 0, all, all.length - one.length, one.length);
        return all;
    }

    /**
     * {@return the same layer of another cell}
     *
     * @param cell in the place of this one's
     */
    public Layer withCell(Cell cell) {
        return new Layer(cell, merge, addsInput, dropout, learnsInitialState, isFixed);
    }

    /** {@return why this layer cannot stand on {@code input}, in the words of an error; null if it can} */
    String misfit(NetworkInput input, int inputSize) {
        if (!addsInput) {
            return null;
        }
        if (input instanceof NetworkInput.OneHot) {
            return RESIDUAL + ": expected numbers or an embedding to add, got one-hot tokens";
        }
        return inputSize == outputSize() ? null
                : RESIDUAL + ": expected an input of " + outputSize() + " numbers, as it puts out, got " + inputSize;
    }

    /** {@return this layer as words of a description: "lstm 256 bidirectional=concatenate forgetBias=1.0"} */
    String text() {
        var options = new TreeMap<>(cell.options());
        if (merge != null) {
            options.put(BIDIRECTIONAL, merge.text());
        }
        if (addsInput) {
            options.put(RESIDUAL, "true");
        }
        if (learnsInitialState) {
            options.put(INITIAL_STATE, "learned");
        }
        if (isFixed) {
            options.put(FIXED, "true");
        }
        putRate(options, dropout.perSequence() ? VARIATIONAL_DROPOUT : DROPOUT, dropout.rate());
        putRate(options, RECURRENT_DROPOUT, dropout.recurrent());
        putRate(options, ZONEOUT, dropout.zoneout());
        return cell.name() + " " + cell.hiddenSize() + options.entrySet().stream()
                .map(option -> " " + option.getKey() + "=" + option.getValue()).collect(Collectors.joining());
    }

    private static void putRate(Map<String, String> options, String name, double rate) {
        if (rate > 0) {
            options.put(name, Double.toString(rate));
        }
    }

    /** {@return the layer of words of a description, the first of which is "layer"} */
    static Layer parse(String[] words) {
        int hiddenSize = NetworkDescription.number(words, 2);
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 3; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            if (equals < 1) {
                throw NetworkDescription.damaged(words);
            }
            options.put(words[i].substring(0, equals), words[i].substring(equals + 1));
        }
        String merge = options.remove(BIDIRECTIONAL);
        boolean residual = take(options, RESIDUAL, "true");
        boolean learned = take(options, INITIAL_STATE, "learned");
        boolean fixed = take(options, FIXED, "true");
        boolean perSequence = options.containsKey(VARIATIONAL_DROPOUT);
        var dropout = new Dropout(takeRate(options, perSequence ? VARIATIONAL_DROPOUT : DROPOUT), perSequence,
                takeRate(options, RECURRENT_DROPOUT), takeRate(options, ZONEOUT));
        Cell cell = Cells.of(words[1], hiddenSize, options);
        return new Layer(cell, merge == null ? null : Merge.parse(merge), residual, dropout, learned, fixed);
    }

    /** {@return whether an option is there, which has one value} */
    private static boolean take(Map<String, String> options, String name, String expected) {
        String value = options.remove(name);
        if (value != null && !value.equals(expected)) {
            throw new IllegalArgumentException(name + ": expected " + expected + ", got " + value);
        }
        return value != null;
    }

    private static double takeRate(Map<String, String> options, String name) {
        String value = options.remove(name);
        try {
            return value == null ? 0 : Double.parseDouble(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": expected a number, got " + value, e);
        }
    }
}
