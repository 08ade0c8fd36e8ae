/** Files: checkpoints. */
package dev.rondo.io;
