/**
 * The kernel contract: what a recurrent cell is, what one pass over a sequence carries, and what a backend must do with it.
 *
 * <p>One {@link dev.rondo.cell.CellPass} is one layer, one direction, one whole sequence, forward or backward.
 */
package dev.rondo.cell;
