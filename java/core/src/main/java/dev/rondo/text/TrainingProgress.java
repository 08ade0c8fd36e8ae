package dev.rondo.text;

/**
 * Where a training stands after a step.
 *
 * @param step steps since the beginning of the training
 * @param epoch times through the text, with the part of the current one
 * @param seconds time since the beginning of this run
 * @param share of the budget that is used up, from 0 to 1
 * @param loss mean nats per unit of this step
 * @param gradientNorm norm of all gradients, before clipping
 * @param unitsPerSecond learned from, on average over this run, without the time of evaluations
 */
public record TrainingProgress(
        long step,
        double epoch,
        double seconds,
        double share,
        double loss,
        double gradientNorm,
        double unitsPerSecond) {}
