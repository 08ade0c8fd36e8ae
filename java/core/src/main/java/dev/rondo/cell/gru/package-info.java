/** Gated recurrent units: description and bodies side by side. */
package dev.rondo.cell.gru;
