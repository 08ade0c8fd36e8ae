/** The simple recurrent cell: description and bodies side by side. */
package dev.rondo.cell.elman;
