/** Long short-term memory: description and bodies side by side. */
package dev.rondo.cell.lstm;
