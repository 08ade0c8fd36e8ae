package dev.rondo.text;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * What lines begin with, read.
 *
 * @param length its tokens
 * @param nats of each of them but the first
 * @param logits [V] of the token behind it; null if there is nothing before that one
 * @param normalizer of these
 */
record LinePrefix(int length, double[] nats, float[] logits, double normalizer) {
    /** Of lines that have nothing in common. */
    static final LinePrefix NONE = new LinePrefix(0, new double[0], null, 0);

    static LinePrefix of(double[] nats, float[] logits) {
        return new LinePrefix(nats.length + 1, nats, logits, LogSoftmax.normalizer(logits));
    }

    /** {@return the nats of a line that begins so, up to the token behind the prefix and with it} */
    double[] natsOf(int[] line) {
        return logits == null || line.length == length
                ? nats
                : DoubleStream.concat(Arrays.stream(nats), DoubleStream.of(normalizer - logits[line[length]]))
                        .toArray();
    }

    /** {@return what {@link #natsOf} gives, all together} */
    double sum(int[] line) {
        double sum = 0;
        for (double each : natsOf(line)) {
            sum += each;
        }
        return sum;
    }
}
