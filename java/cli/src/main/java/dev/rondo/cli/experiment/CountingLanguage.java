package dev.rondo.cli.experiment;

import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The language a^n b^n c^n, as Gers and Schmidhuber (2001) present it: a network reads S a^n b^n c^n, one symbol at
 * each step, and is to say at each which symbols may come next, of a, b, c and the end. After S that is a; after an a,
 * a or b; after the k-th b, b, or c if k = n; after the k-th c, c, or the end if k = n.
 */
final class CountingLanguage {
    /** Numbers of a step: one each for S, a, b, c. */
    static final int INPUTS = 4;

    /** Outputs: one each for a, b, c, the end. */
    static final int OUTPUTS = 4;

    private static final int STREAMS = 16; // sequences that are judged side by side

    private CountingLanguage() {}

    /** {@return the steps of a sequence} */
    static int length(int n) {
        return 3 * n + 1;
    }

    /** {@return the symbol of step t: 0 = S, 1 = a, 2 = b, 3 = c} */
    static int symbol(int n, int t) {
        return t == 0 ? 0 : 1 + (t - 1) / n;
    }

    /** {@return whether after step t an output, 0 = a, 1 = b, 2 = c, 3 = the end, may come next} */
    static boolean mayFollow(int n, int t, int output) {
        int next = t == 3 * n ? 3 : t / n; // what does, where t / n is the block of step t + 1
        return output == next || t > 0 && t < n && output == 1 || t == n && output == 0;
    }

    /** {@return sequences side by side with their targets, 1 for what may come next and else 0} */
    static SequenceBatch sequences(int... n) {
        int B = n.length;
        int T = length(Arrays.stream(n).max().orElseThrow());
        var inputs = new float[T * B * INPUTS];
        var targets = new float[T * B * OUTPUTS];
        for (int b = 0; b < B; b++) {
            for (int t = 0; t < length(n[b]); t++) {
                int row = t * B + b;
                inputs[row * INPUTS + symbol(n[b], t)] = 1;
                for (int o = 0; o < OUTPUTS; o++) {
                    targets[row * OUTPUTS + o] = mayFollow(n[b], t, o) ? 1 : 0;
                }
            }
        }
        return SequenceBatch.of(inputs, T, B, INPUTS).targets(targets, OUTPUTS)
                .lengths(Arrays.stream(n).map(CountingLanguage::length).toArray());
    }

    /** {@return the largest N, up to a limit, with every n from 1 to N accepted} */
    static int accepted(Network network, int limit) {
        for (int done = 0; done < limit; done += STREAMS) {
            int first = firstWrong(network, done + 1, Math.min(STREAMS, limit - done));
            if (first > 0) {
                return first - 1;
            }
        }
        return limit;
    }

    /** {@return the smallest n of so many that is not accepted: at some step a logit has the wrong sign; or 0} */
    private static int firstWrong(Network network, int from, int count) {
        try (var pass = network.inference(length(from + count - 1), count)) {
            pass.forward(sequences(IntStream.range(from, from + count).toArray()));
            for (int b = 0; b < count; b++) {
                if (!accepts(pass, from + b, b)) {
                    return from + b;
                }
            }
        }
        return 0;
    }

    /** {@return whether sequence b of a pass, of n, has the right sign of each logit at each step} */
    private static boolean accepts(NetworkPass pass, int n, int b) {
        for (int t = 0; t < length(n); t++) {
            for (int o = 0; o < OUTPUTS; o++) {
                long at = ((long) t * pass.batchSize() + b) * OUTPUTS + o;
                double output = pass.network().precision().get(pass.outputs(), at);
                if (mayFollow(n, t, o) ? !(output > 0) : !(output < 0)) { // of NaN neither
                    return false;
                }
            }
        }
        return true;
    }
}
