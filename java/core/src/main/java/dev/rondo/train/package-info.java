/**
 * Training: gradients of a network into updates of its parameters.
 *
 * <p>A null argument gives a {@link NullPointerException} that names it, unless a method says that it may be null.
 */
package dev.rondo.train;
