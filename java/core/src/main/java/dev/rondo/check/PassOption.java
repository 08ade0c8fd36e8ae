package dev.rondo.check;

import java.util.Locale;

/**
 * The choices that a pass and its gradients leave. Options of one axis exclude each other; the first of each axis is
 * the plain one, which the oracle takes wherever that changes the memory but not the numbers.
 */
enum PassOption {
    DENSE(Axis.INPUT),
    STRIDED_INPUT(Axis.INPUT),
    TOKENS(Axis.INPUT),

    ZERO_INITIAL(Axis.INITIAL),
    INITIAL(Axis.INITIAL),
    INITIAL_IN_ONE_PLANE(Axis.INITIAL),

    ALL_LAST(Axis.LAST),
    LAST_IN_INITIAL(Axis.LAST),
    NO_LAST(Axis.LAST),

    OUTPUT(Axis.OUTPUT),
    STRIDED_OUTPUT(Axis.OUTPUT),
    NO_OUTPUT(Axis.OUTPUT),

    FULL_LENGTH(Axis.LENGTHS),
    RAGGED(Axis.LENGTHS),

    NO_HOLD(Axis.HOLD),
    HOLD_ROWS(Axis.HOLD),
    HOLD_UNITS(Axis.HOLD),

    NO_MASK(Axis.MASK),
    ONE_MASK(Axis.MASK),
    MASK_PER_STEP(Axis.MASK),

    FORWARD(Axis.DIRECTION),
    REVERSED(Axis.DIRECTION),

    FROM_OUTPUT_AND_LAST(Axis.INCOMING),
    FROM_OUTPUT(Axis.INCOMING),
    FROM_LAST(Axis.INCOMING),
    FROM_ONE_PLANE(Axis.INCOMING),

    PARAMS_GRADIENT(Axis.PARAMS),
    NO_PARAMS_GRADIENT(Axis.PARAMS),

    NO_INPUT_GRADIENT(Axis.INPUT_GRADIENT),
    INPUT_GRADIENT(Axis.INPUT_GRADIENT),
    STRIDED_INPUT_GRADIENT(Axis.INPUT_GRADIENT),
    ADDED_INPUT_GRADIENT(Axis.INPUT_GRADIENT),

    INITIAL_GRADIENT(Axis.INITIAL_GRADIENT),
    INITIAL_GRADIENT_IN_LAST(Axis.INITIAL_GRADIENT),
    NO_INITIAL_GRADIENT(Axis.INITIAL_GRADIENT),

    PRE_ACTIVATIONS(Axis.PRE_ACTIVATIONS),
    NO_PRE_ACTIVATIONS(Axis.PRE_ACTIVATIONS),

    ONE_THREAD(Axis.THREADS),
    TWO_THREADS(Axis.THREADS),
    THREE_THREADS(Axis.THREADS),

    EXACT_PLAN(Axis.PLAN),
    LARGER_PLAN(Axis.PLAN);

    /** What an option chooses. */
    enum Axis {
        INPUT, INITIAL, LAST, OUTPUT, LENGTHS, HOLD, MASK, DIRECTION,
        INCOMING, PARAMS, INPUT_GRADIENT, INITIAL_GRADIENT, PRE_ACTIVATIONS, THREADS, PLAN
    }

    private final Axis axis;

    PassOption(Axis axis) {
        this.axis = axis;
    }

    Axis axis() {
        return axis;
    }

    /** Whether this option and {@code other} may both hold in one pass. */
    boolean goesWith(PassOption other) {
        return axis != other.axis && !excludes(other) && !other.excludes(this);
    }

    private boolean excludes(PassOption other) {
        return switch (this) {
            case TOKENS -> other.axis == Axis.INPUT_GRADIENT && other != NO_INPUT_GRADIENT;
            case LAST_IN_INITIAL -> other == ZERO_INITIAL;
            case INITIAL_GRADIENT_IN_LAST -> other == FROM_OUTPUT;
            default -> false;
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
