/** Training: gradients of a network into updates of its parameters. */
package dev.rondo.train;
