package dev.rondo.train;

/**
 * What one training step gave.
 *
 * @param step its number, from 1 on
 * @param loss mean nats over the positions that counted, before the update
 * @param counted positions that counted
 * @param gradientNorm Euclidean norm of all gradients, before clipping of whatever kind
 */
public record StepResult(long step, double loss, long counted, double gradientNorm) {}
