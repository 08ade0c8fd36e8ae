/**
 * Networks: an input, stacked recurrent cells, a dense head with softmax cross-entropy; passes over batches of
 * sequences, and steppers over streams.
 */
package dev.rondo.network;
