/**
 * Checks for built-in and for users' own cells and networks: every body of a cell against the reference, and
 * gradients against finite differences.
 *
 * <p>A null argument gives a {@link NullPointerException} that names it, unless a method says that it may be null.
 */
package dev.rondo.check;
