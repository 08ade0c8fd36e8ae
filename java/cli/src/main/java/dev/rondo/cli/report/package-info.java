/**
 * What a training looked like: a web page that needs nothing but itself, or event files for TensorBoard.
 */
package dev.rondo.cli.report;
