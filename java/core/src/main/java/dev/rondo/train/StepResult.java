package dev.rondo.train;

/**
 * What one training step gave.
 *
 * @param step its number, from 1 on
 * @param loss the loss of the batch, before the update
 * @param counted positions that counted; 0 by a loss of one's own on a batch without targets
 * @param gradientNorm Euclidean norm of all gradients, before clipping of whatever kind; of an {@link Ekf} that of
 *     H^T e of all its updates, which is the size that the gradient of half the sum of squares of e has
 */
public record StepResult(long step, double loss, long counted, double gradientNorm) {}
