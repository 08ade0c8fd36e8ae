/**
 * Checks for built-in and for users' own cells and networks: every body of a cell against the reference, and gradients
 * against finite differences.
 */
package dev.rondo.check;
