package dev.rondo.train;

import java.util.Arrays;

/**
 * The decoupled extended Kalman filter with one measurement of several numbers, written out; one group is the global
 * filter. Meant to be read beside Puskorius and Feldkamp 1994, not to be fast.
 *
 * <pre>
 * A   = (f R I + sum_g H_g P_g H_g^T)^-1
 * K_g = P_g H_g^T A
 * w_g = w_g + K_g e
 * P_g = (P_g - K_g H_g P_g) / f + Q I
 * </pre>
 */
final class PlainKalman {
    final double[] weights; // w [W]
    final int[][] groups; // places of the parameters of each group
    final double[][][] covariances; // P_g [W_g, W_g]
    private final double forgetting; // f

    PlainKalman(double[] weights, int[][] groups, double variance, double forgetting) {
        this.weights = weights.clone();
        this.groups = groups;
        this.forgetting = forgetting;
        this.covariances = new double[groups.length][][];
        for (int g = 0; g < groups.length; g++) {
            covariances[g] = times(variance, identity(groups[g].length));
        }
    }

    void update(double[][] derivatives, double[] errors, double noise, double processNoise) {
        double[][] sum = times(forgetting * noise, identity(errors.length));
        for (int g = 0; g < groups.length; g++) {
            double[][] own = columns(derivatives, groups[g]);
            sum = plus(sum, product(product(own, covariances[g]), transposed(own)));
        }
        double[][] shared = inverse(sum);
        for (int g = 0; g < groups.length; g++) {
            double[][] own = columns(derivatives, groups[g]);
            double[][] gain = product(product(covariances[g], transposed(own)), shared);
            for (int i = 0; i < groups[g].length; i++) {
                for (int r = 0; r < errors.length; r++) {
                    weights[groups[g][i]] += gain[i][r] * errors[r];
                }
            }
            double[][] explained = product(product(gain, own), covariances[g]);
            covariances[g] = plus(times(1 / forgetting, plus(covariances[g], times(-1, explained))),
                    times(processNoise, identity(groups[g].length)));
        }
    }

    private static double[][] columns(double[][] matrix, int[] places) {
        return Arrays.stream(matrix).map(row -> Arrays.stream(places).mapToDouble(i -> row[i]).toArray())
                .toArray(double[][]::new);
    }

    static double[][] identity(int size) {
        var matrix = new double[size][size];
        for (int i = 0; i < size; i++) {
            matrix[i][i] = 1;
        }
        return matrix;
    }

    static double[][] transposed(double[][] matrix) {
        var other = new double[matrix[0].length][matrix.length];
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j < matrix[0].length; j++) {
                other[j][i] = matrix[i][j];
            }
        }
        return other;
    }

    static double[][] times(double factor, double[][] matrix) {
        return Arrays.stream(matrix).map(row -> Arrays.stream(row).map(each -> factor * each).toArray())
                .toArray(double[][]::new);
    }

    static double[][] plus(double[][] one, double[][] other) {
        var sum = new double[one.length][one[0].length];
        for (int i = 0; i < one.length; i++) {
            for (int j = 0; j < one[0].length; j++) {
                sum[i][j] = one[i][j] + other[i][j];
            }
        }
        return sum;
    }

    static double[][] product(double[][] left, double[][] right) {
        var product = new double[left.length][right[0].length];
        for (int i = 0; i < left.length; i++) {
            for (int j = 0; j < right[0].length; j++) {
                for (int p = 0; p < right.length; p++) {
                    product[i][j] += left[i][p] * right[p][j];
                }
            }
        }
        return product;
    }

    /** Gauss and Jordan, of a positive definite matrix. */
    static double[][] inverse(double[][] matrix) {
        double[][] left = times(1, matrix);
        double[][] right = identity(matrix.length);
        for (int i = 0; i < left.length; i++) {
            double pivot = left[i][i];
            for (int j = 0; j < left.length; j++) {
                left[i][j] /= pivot;
                right[i][j] /= pivot;
            }
            for (int k = 0; k < left.length; k++) {
                double factor = k == i ? 0 : left[k][i];
                for (int j = 0; j < left.length; j++) {
                    left[k][j] -= factor * left[i][j];
                    right[k][j] -= factor * right[i][j];
                }
            }
        }
        return right;
    }
}
