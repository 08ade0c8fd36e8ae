/**
 * Files: checkpoints.
 *
 * <p>A null argument gives a {@link NullPointerException} that names it; nothing is changed then.
 */
package dev.rondo.io;
