package dev.rondo.network;

/**
 * Draws that a data set makes, from a seed and the number of an epoch alone. The arithmetic is written here, so that no
 * other Java version draws another order.
 */
final class Draw {
    private final SeededRandom random;

    Draw(long seed, long epoch) {
        // The seed is mixed first: else epoch 1 of seed 0 would be epoch 0 of seed 1.
        this.random = new SeededRandom(new SeededRandom(seed).nextLong() + epoch);
    }

    /** {@return a number from 0 to {@code bound - 1}} */
    int below(int bound) {
        return (int) Math.unsignedMultiplyHigh(random.nextLong(), bound);
    }

    /** {@return true with a chance of {@code fraction}} */
    boolean chance(double fraction) {
        return (random.nextLong() >>> 11) * 0x1p-53 < fraction;
    }

    /** Brings the first {@code count} numbers into an order drawn from all (Fisher and Yates). */
    void shuffle(int[] numbers, int count) {
        for (int i = count - 1; i > 0; i--) {
            int j = below(i + 1);
            int number = numbers[i];
            numbers[i] = numbers[j];
            numbers[j] = number;
        }
    }
}
