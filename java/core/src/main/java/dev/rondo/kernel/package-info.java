/**
 * What all cells share in each backend: time loop, products, activations, the native binding, the choice of backend.
 * Letters in shapes are those of {@link dev.rondo.cell}.
 *
 * <p>No argument may be null; one that is throws a {@code NullPointerException} that names it.
 */
package dev.rondo.kernel;
