/**
 * Native memory: who owns it, how tensors lie in it.
 *
 * <p>No argument may be null; one that is throws a {@code NullPointerException} that names it.
 */
package dev.rondo.memory;
