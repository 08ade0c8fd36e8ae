package dev.rondo.train;

/** A gradient is not a number or infinite. Parameters and optimiser are as they were before the step. */
public final class NonFiniteGradientException extends ArithmeticException {
    /** Name and indices. */
    private final String parameter;
    /** From 1 on. */
    private final long step;

    NonFiniteGradientException(String parameter, double gradient, long step) {
        super("gradient of " + parameter + " at step " + step + ": expected a finite number, got " + gradient);
        this.parameter = parameter;
        this.step = step;
    }

    /** {@return the first parameter whose gradient is not finite: "layer0.weightHh[3, 17]"} */
    public String parameter() {
        return parameter;
    }

    /** {@return the step, from 1 on, that was not made} */
    public long step() {
        return step;
    }
}
