package dev.rondo.network;

import java.lang.foreign.MemorySegment;

/**
 * What a layer of a pass multiplied its numbers with in training, and which of its units it held. T is the most time
 * steps that a batch of the pass may have, and masks beyond those of its last batch mean nothing; B sequences, W width
 * of the layer's output, P of the cell's, H units. Memory is the pass's own, see {@link NetworkPass#masks}.
 *
 * @param output factors on what the layer hands on, 0 or {@code 1 / (1 - rate)}: [T, B, W], or [B, W] if one mask holds
 *     for all steps; null without {@linkplain Layer#dropout dropout}
 * @param recurrent factors on the old output where it enters the product with the recurrent weights: [B, P]; null
 *     without {@linkplain Layer#recurrentDropout recurrent dropout}
 * @param hold bytes [T, B, H], 1 where a unit keeps its old state; null without {@linkplain Layer#zoneout zoneout}
 */
public record LayerMasks(MemorySegment output, MemorySegment recurrent, MemorySegment hold) {}
