package dev.rondo.text;

/**
 * How a run of a training ended.
 *
 * @param step steps since the beginning of the training
 * @param seconds time of this run
 * @param last the last evaluation of this run; null if it was stopped before there was one
 * @param best the evaluation of this run with the lowest validation loss; null if it was stopped before there was one
 * @param stopped whether it was stopped before its budget was used up
 */
public record TrainingSummary(long step, double seconds, Evaluation last, Evaluation best, boolean stopped) {}
