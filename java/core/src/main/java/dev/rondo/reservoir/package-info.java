/** Readouts by regression: what a reservoir's states, or any features, are to be made of linearly. */
package dev.rondo.reservoir;
