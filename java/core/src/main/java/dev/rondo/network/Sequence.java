package dev.rondo.network;

import dev.rondo.cell.CellShape;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * One sequence of a {@link Dataset}: T steps of I numbers or of one token, and what a network shall make of them. A
 * sequence is a view: it copies nothing, and what it was made of must not change while it is in use. T may be 0.
 *
 * <pre>{@code
 * var gesture = Sequence.of(new float[][] {{0.1f, 0.2f}, {0.3f, 0.4f}, {0.5f, 0.6f}}).label(1);
 * var tagged = Sequence.tokens(17, 4, 256).stepLabels(4, 256, SequenceBatch.IGNORED);
 * }</pre>
 *
 * <p>Targets are per sequence ({@link #label}, {@link #values}) for a network whose head reads the last step, else per
 * step ({@link #stepLabels}, {@link #stepValues}); classes for softmax and cross-entropy, numbers for the other losses.
 */
public final class Sequence {
    private final SequenceRows rows; // null for tokens
    private final MemorySegment tokens; // int32 [T]; null for numbers
    private final MemorySegment classes; // int32 [T] or [1]; or null
    private final SequenceRows numbers; // T or 1; or null
    private final boolean perStep; // what of the last two there is
    private final boolean[][] marks; // [T or 1][O or 1], which of the numbers count; null = all

    private Sequence(SequenceRows rows, MemorySegment tokens) {
        this.rows = rows;
        this.tokens = tokens;
        this.classes = null;
        this.numbers = null;
        this.perStep = false;
        this.marks = null;
    }

    private Sequence(Sequence of, MemorySegment classes, SequenceRows numbers, boolean perStep, boolean[][] marks) {
        this.rows = of.rows;
        this.tokens = of.tokens;
        this.classes = classes;
        this.numbers = numbers;
        this.perStep = perStep;
        this.marks = marks;
        int positions = classes != null ? classCount() : numbers.count();
        if (positions != (perStep ? length() : 1)) {
            throw new IllegalArgumentException("targets: expected " + length() + ", one per step, got " + positions);
        }
    }

    /**
     * {@return a sequence of numbers}
     *
     * @param rows [T][I]
     * @throws IllegalArgumentException if the rows are not of one width, at least 1
     */
    public static Sequence of(float[][] rows) {
        return new Sequence(new SequenceRows.Arrays(Elements.present("rows", "numbers", rows)), null);
    }

    /**
     * {@return a sequence of numbers that stay where they are: on the heap, native or mapped, at any address, in the
     * machine's byte order}
     *
     * @param values [T, I]
     * @param precision the type of the values
     * @param inputSize I, at least 1
     * @throws IllegalArgumentException if these are not whole rows, or {@code inputSize} is below 1
     */
    public static Sequence of(MemorySegment values, Precision precision, int inputSize) {
        Objects.requireNonNull(values, "values: expected numbers, got null");
        Objects.requireNonNull(precision, "precision: expected that of the values, got null");
        CellShape.atLeastOne("inputSize", inputSize);
        return new Sequence(new SequenceRows.Block(values, precision, inputSize), null);
    }

    /**
     * {@return a sequence of tokens}
     *
     * @param ids [T], each from 0 to V - 1 of the network
     */
    public static Sequence tokens(int... ids) {
        Objects.requireNonNull(ids, "ids: expected tokens, got null");
        return tokens(MemorySegment.ofArray(ids));
    }

    /**
     * {@return a sequence of tokens that stay where they are, as {@linkplain #of(MemorySegment, Precision, int)
     * numbers} do}
     *
     * @param ids int32 [T], each from 0 to V - 1 of the network
     * @throws IllegalArgumentException if the memory is not a multiple of 4 bytes
     */
    public static Sequence tokens(MemorySegment ids) {
        Objects.requireNonNull(ids, "ids: expected tokens, got null");
        SequenceRows.whole("tokens", ids, Integer.BYTES);
        return new Sequence(null, ids);
    }

    /**
     * {@return this sequence with one class for the whole of it}
     *
     * @param value from 0, or {@link SequenceBatch#IGNORED}
     */
    public Sequence label(int value) {
        return new Sequence(this, MemorySegment.ofArray(new int[] {value}), null, false, null);
    }

    /**
     * {@return this sequence with a class for each step}
     *
     * @param values [T], each from 0, or {@link SequenceBatch#IGNORED}
     * @throws IllegalArgumentException if there are not as many as steps
     */
    public Sequence stepLabels(int... values) {
        Objects.requireNonNull(values, "values: expected a class per step, got null");
        return stepLabels(MemorySegment.ofArray(values));
    }

    /**
     * {@return this sequence with a class for each step, that stay where they are}
     *
     * @param values int32 [T], each from 0, or {@link SequenceBatch#IGNORED}
     * @throws IllegalArgumentException if there are not as many as steps
     */
    public Sequence stepLabels(MemorySegment values) {
        Objects.requireNonNull(values, "values: expected a class per step, got null");
        return new Sequence(this, values, null, true, null);
    }

    /**
     * {@return this sequence with O numbers for the whole of it}
     *
     * @param numbers [O]
     * @throws IllegalArgumentException if there are none
     */
    public Sequence values(float... numbers) {
        Objects.requireNonNull(numbers, "numbers: expected an array, got null");
        return new Sequence(this, null, new SequenceRows.Arrays(new float[][] {numbers}), false, null);
    }

    /**
     * {@return this sequence with O numbers for each step}
     *
     * @param numbers [T][O]
     * @throws IllegalArgumentException if there are not as many rows as steps, or they are not of one width, at least 1
     */
    public Sequence stepValues(float[][] numbers) {
        Elements.present("numbers", "those of a step", numbers);
        return new Sequence(this, null, new SequenceRows.Arrays(numbers), true, null);
    }

    /**
     * {@return this sequence with O numbers for each step, that stay where they are}
     *
     * @param numbers [T, O]
     * @param precision the type of the numbers
     * @param outputSize O, at least 1
     * @throws IllegalArgumentException if there are not as many rows as steps, or {@code outputSize} is below 1
     */
    public Sequence stepValues(MemorySegment numbers, Precision precision, int outputSize) {
        Objects.requireNonNull(numbers, "numbers: expected memory, got null");
        Objects.requireNonNull(precision, "precision: expected that of the numbers, got null");
        CellShape.atLeastOne("outputSize", outputSize);
        return new Sequence(this, null, new SequenceRows.Block(numbers, precision, outputSize), true, null);
    }

    /**
     * {@return this sequence with marks of those of its target numbers that count}
     *
     * @param which [T][O], or [1][O] for targets of the whole sequence; a row may be one mark for all its numbers
     * @throws IllegalArgumentException if they do not fit the target numbers, or there are none
     */
    public Sequence counting(boolean[][] which) {
        Elements.present("which", "a row of marks", which);
        if (numbers == null || which.length != numbers.count()) {
            throw new IllegalArgumentException("counting: expected a row of marks for each row of target numbers, "
                    + (numbers == null ? 0 : numbers.count()) + ", got " + which.length);
        }
        for (boolean[] row : which) {
            if (row.length != 1 && row.length != numbers.width()) {
                throw new IllegalArgumentException(
                        "counting: expected 1 or " + numbers.width() + " marks in a row, got " + row.length);
            }
        }
        return new Sequence(this, null, numbers, perStep, which);
    }

    /** {@return T} */
    public int length() {
        return rows != null ? rows.count() : (int) (tokens.byteSize() / Integer.BYTES);
    }

    /** {@return I; 1 for tokens; 0 of a sequence of numbers without steps} */
    public int inputSize() {
        return rows != null ? rows.width() : 1;
    }

    /** {@return whether it consists of tokens} */
    public boolean isTokens() {
        return tokens != null;
    }

    SequenceRows rows() {
        return rows;
    }

    int token(int step) {
        return id(tokens, step);
    }

    /** {@return what the target is, for messages} */
    String target() {
        String each = perStep ? " per step" : " per sequence";
        return classes != null ? "one class" + each : numbers != null ? numbers.width() + " numbers" + each : "none";
    }

    boolean hasTarget() {
        return hasClasses() || hasNumbers();
    }

    boolean hasClasses() {
        return classes != null;
    }

    boolean hasNumbers() {
        return numbers != null;
    }

    boolean perStep() {
        return perStep;
    }

    /** {@return the class of position {@code position}: a step, or 0 for the whole sequence} */
    int classOf(int position) {
        return id(classes, position);
    }

    SequenceRows numbers() {
        return numbers;
    }

    /** {@return whether target number {@code output} of position {@code position} counts} */
    boolean counts(int position, int output) {
        return marks == null || marks[position][marks[position].length == 1 ? 0 : output];
    }

    private int classCount() {
        return SequenceRows.whole("targets", classes, Integer.BYTES);
    }

    private static int id(MemorySegment ids, int index) {
        return ids.get(ValueLayout.JAVA_INT_UNALIGNED, (long) index * Integer.BYTES);
    }
}
