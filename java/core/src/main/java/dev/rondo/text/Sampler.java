package dev.rondo.text;

import dev.rondo.network.SeededRandom;

/** Draws tokens as a {@link Sampling} says; remembers its random state. */
final class Sampler {
    private final Sampling sampling;
    private final SeededRandom random;
    private final double[] probabilities; // [V]
    private final int[] order; // [V] tokens, the likeliest first

    Sampler(Sampling sampling, int vocabularySize) {
        this.sampling = sampling;
        this.random = new SeededRandom(sampling.seed());
        this.probabilities = new double[vocabularySize];
        this.order = new int[vocabularySize];
    }

    /** {@return a token, each as likely as any other} */
    int any() {
        return random.nextInt(order.length);
    }

    /** {@return a token drawn by {@code logits} [V]} */
    int next(float[] logits) {
        int likeliest = 0;
        for (int i = 1; i < logits.length; i++) {
            likeliest = logits[i] > logits[likeliest] ? i : likeliest;
        }
        if (sampling.temperature() == 0) {
            return likeliest;
        }
        double total = 0;
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] = Math.exp((logits[i] - logits[likeliest]) / sampling.temperature());
            total += probabilities[i];
        }
        if (sampling.topP() < 1) {
            total = keepLikeliest(sampling.topP() * total);
        }
        return draw(random.nextDouble() * total, likeliest);
    }

    /** Sets to zero all but the likeliest tokens that together reach {@code mass}; returns what these have. */
    private double keepLikeliest(double mass) {
        sortByProbability();
        double kept = 0;
        for (int token : order) {
            if (kept >= mass) {
                probabilities[token] = 0;
            }
            kept += probabilities[token];
        }
        return kept;
    }

    /** Insertion sort: vocabularies of characters are small, and nothing is allocated. */
    private void sortByProbability() {
        for (int i = 0; i < order.length; i++) {
            int at = i;
            while (at > 0 && probabilities[order[at - 1]] < probabilities[i]) {
                order[at] = order[at - 1];
                at--;
            }
            order[at] = i;
        }
    }

    private int draw(double at, int ifRounded) {
        double sum = 0;
        for (int i = 0; i < probabilities.length; i++) {
            sum += probabilities[i];
            if (at < sum) {
                return i;
            }
        }
        return ifRounded; // the sum may come out a rounding error below the total
    }
}
