/**
 * Published experiments made again with Rondo, each by one command. They use the public API alone, so each is an
 * example of it too.
 */
package dev.rondo.cli.experiment;
