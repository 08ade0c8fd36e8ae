package dev.rondo.network;

import java.util.random.RandomGenerator;

/**
 * Random orthonormal vectors: the Q of a QR decomposition of normally distributed numbers, by Gram and Schmidt. Their R
 * has a positive diagonal, so that every Q is equally likely (Mezzadri, "How to generate random matrices from the
 * classical compact groups", 2007).
 */
final class Orthogonal {
    /** A vector that is so nearly a combination of those before it, relative to a deviation of 1, is drawn again. */
    private static final double TOO_SHORT = 1e-6;

    private Orthogonal() {}

    /** {@return an orthogonal matrix [rows, columns]; if it is not square, the fewer of both are orthonormal} */
    static Initialization.Weights of(int rows, int columns, int fanOut, RandomGenerator random) {
        boolean wide = rows <= columns;
        double[][] vectors = vectors(Math.min(rows, columns), Math.max(rows, columns), random);
        return wide ? (row, column) -> vectors[row][column] : (row, column) -> vectors[column][row];
    }

    private static double[][] vectors(int count, int size, RandomGenerator random) {
        var vectors = new double[count][size];
        for (int v = 0; v < count; v++) {
            double length;
            do {
                for (int i = 0; i < size; i++) {
                    vectors[v][i] = random.nextGaussian();
                }
                takeOut(vectors, v);
                takeOut(vectors, v); // what rounding left of them
                length = Math.sqrt(product(vectors[v], vectors[v]));
            } while (length < TOO_SHORT);
            for (int i = 0; i < size; i++) {
                vectors[v][i] /= length;
            }
        }
        return vectors;
    }

    /** Takes the parts along all vectors before it out of vector {@code v}. */
    private static void takeOut(double[][] vectors, int v) {
        for (int u = 0; u < v; u++) {
            double part = product(vectors[u], vectors[v]);
            for (int i = 0; i < vectors[v].length; i++) {
                vectors[v][i] -= part * vectors[u][i];
            }
        }
    }

    private static double product(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
