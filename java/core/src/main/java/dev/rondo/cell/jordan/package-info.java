/**
 * Jordan networks: description and bodies side by side.
 *
 * <p>No argument may be null, as in {@link dev.rondo.cell}.
 */
package dev.rondo.cell.jordan;
