package dev.rondo.cell;

/** What a simple recurrent unit makes of its pre-activation; the native library knows them by their order. */
public enum Activation {
    /** The hyperbolic tangent. */
    TANH,
    /** max(x, 0), with slope 0 at 0 (Le, Jaitly and Hinton 2015 use it with an identity for {@code weightHh}). */
    RELU,
    /** The logistic function, 1 / (1 + e^-x). */
    SIGMOID
}
