package dev.rondo.text;

/** Log-probabilities of logits z: {@code z_i - log(sum_j exp(z_j))}. */
final class LogSoftmax {
    private LogSoftmax() {}

    /** {@return log(sum_j exp(z_j))} The greatest logit is taken out of the sum, so that no exponential overflows. */
    static double normalizer(float[] logits) {
        return normalizer(logits, 0, logits.length);
    }

    /** {@return the same of {@code count} logits from {@code from} on} */
    static double normalizer(float[] logits, int from, int count) {
        float greatest = logits[from];
        for (int i = from; i < from + count; i++) {
            greatest = Math.max(greatest, logits[i]);
        }
        double total = 0;
        for (int i = from; i < from + count; i++) {
            total += Math.exp(logits[i] - greatest);
        }
        return greatest + Math.log(total);
    }
}
