/** What all cells share in each backend: time loop, products, activations, the native binding, the choice of backend. */
package dev.rondo.kernel;
