/**
 * The {@code rondo} command: one class per command, and what they share. Uses Rondo's public API only.
 */
package dev.rondo.cli;
