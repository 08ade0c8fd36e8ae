package dev.rondo.text;

import dev.rondo.cell.CellShape;
import dev.rondo.network.SeededRandom;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Draws tokens as a {@link Sampling} says, for a loop of one's own around a {@link dev.rondo.network.Stepper};
 * remembers how far its random numbers have come. Drawing allocates nothing. One thread at a time.
 */
public final class Sampler {
    private final Sampling sampling;
    private final SeededRandom random;
    private final double[] probabilities; // [V]
    private final int[] heap; // [V] all tokens, the likeliest first; behind it those that were taken, the first last

    /**
     * A sampler that begins with the seed.
     *
     * @param sampling how to draw
     * @param vocabularySize V, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Sampler(Sampling sampling, int vocabularySize) {
        Objects.requireNonNull(sampling, "sampling: expected one, got null");
        CellShape.atLeastOne("vocabularySize", vocabularySize);
        this.sampling = sampling;
        this.random = new SeededRandom(sampling.seed());
        this.probabilities = new double[vocabularySize];
        this.heap = IntStream.range(0, vocabularySize).toArray();
    }

    /** {@return a token, each as likely as any other} */
    int any() {
        return random.nextInt(heap.length);
    }

    /**
     * {@return a token, from 0 to V - 1, drawn by the logits of all}
     *
     * @param logits [V]
     * @throws IllegalArgumentException if they are fewer
     */
    public int next(float[] logits) {
        return next(logits, 0);
    }

    /**
     * {@return a token, from 0 to V - 1, drawn by the logits of all}
     *
     * @param logits V numbers of it count, as of one of the streams of a stepper
     * @param from where these begin
     * @throws IllegalArgumentException if it has none or too few numbers from there on
     */
    public int next(float[] logits, int from) {
        Objects.requireNonNull(logits, "logits: expected some, got null");
        if (from < 0 || from > logits.length - heap.length) {
            throw new IllegalArgumentException("from: expected a place with " + heap.length + " logits after it in "
                    + logits.length + ", got " + from);
        }
        int likeliest = 0;
        for (int i = 1; i < heap.length; i++) {
            likeliest = logits[from + i] > logits[from + likeliest] ? i : likeliest;
        }
        if (sampling.temperature() == 0) {
            return likeliest;
        }
        double total = 0;
        for (int i = 0; i < heap.length; i++) {
            probabilities[i] = Math.exp((logits[from + i] - logits[from + likeliest]) / sampling.temperature());
            total += probabilities[i];
        }
        if (sampling.topK() < heap.length || sampling.topP() < 1) {
            total = keepLikeliest(total);
        }
        return draw(random.nextDouble() * total, likeliest);
    }

    /** Sets to zero all but the likeliest tokens; returns what these have of {@code total}. */
    private double keepLikeliest(double total) {
        for (int parent = heap.length / 2 - 1; parent >= 0; parent--) {
            sift(parent, heap.length);
        }
        boolean some = sampling.topK() < heap.length;
        int left = heap.length;
        double taken = 0;
        while (some ? heap.length - left < sampling.topK() : left > 0 && taken < sampling.topP() * total) {
            taken += probabilities[heap[0]];
            heap[0] = exchanged(--left);
            sift(0, left);
        }
        if (some) { // of those the likeliest
            double mass = sampling.topP() * taken;
            int least = heap.length;
            taken = 0;
            while (least > left && taken < mass) {
                taken += probabilities[heap[--least]];
            }
            left = least;
        }
        for (int i = 0; i < left; i++) {
            probabilities[heap[i]] = 0;
        }
        return taken;
    }

    /** Puts the first token behind those that are left; returns what was there. */
    private int exchanged(int left) {
        int token = heap[left];
        heap[left] = heap[0];
        return token;
    }

    /** Lets the token at {@code at} of the first {@code size} sink below all that are likelier. */
    private void sift(int at, int size) {
        int token = heap[at];
        for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
            if (child + 1 < size && isBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (!isBefore(heap[child], token)) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = token;
    }

    private boolean isBefore(int a, int b) {
        return probabilities[a] > probabilities[b] || probabilities[a] == probabilities[b] && a < b;
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
