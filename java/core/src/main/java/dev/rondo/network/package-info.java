/**
 * Networks: an input, stacked recurrent cells, a head, a loss; passes over batches of sequences, steppers over streams,
 * data sets and what a network is worth on them.
 *
 * <p>A null argument, or null in a list or array that is an argument, gives a {@link NullPointerException} that names
 * it, unless a method says that it may be null; nothing is changed then.
 */
package dev.rondo.network;
