/**
 * Readouts by regression, and echo state networks, which have no other training. {@link
 * dev.rondo.reservoir.EchoStateNetwork} is where to begin; {@link dev.rondo.reservoir.Ridge} fits the dense head of any
 * network.
 *
 * <p>No argument may be null, and no element of one.
 */
package dev.rondo.reservoir;
