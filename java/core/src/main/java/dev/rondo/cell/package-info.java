/**
 * The kernel contract: what a recurrent cell is, what one pass over a sequence carries, and what a backend must do with
 * it.
 *
 * <p>One {@link dev.rondo.cell.CellPass} is one layer, one direction, one whole sequence, forward or backward.
 *
 * <p>Letters in shapes: T time steps, B sequences of the batch, I input width or vocabulary, H hidden units, R
 * pre-activation rows, P<sub>p</sub> width of state plane p. Everything is row-major. A row stride is the number of
 * elements, not bytes, between the starts of consecutive rows (t, b).
 *
 * <p>No argument may be null; one that is throws a {@code NullPointerException} that names it.
 */
package dev.rondo.cell;
