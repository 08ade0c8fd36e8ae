package dev.rondo.kernel;

import dev.rondo.cell.CellShape;
import dev.rondo.cell.SparsePattern;
import java.util.Objects;

/**
 * The spectral radius of a matrix, the largest absolute value of its eigenvalues: how a reservoir's weights are scaled.
 *
 * <pre>{@code
 * double radius = SpectralRadius.of(new double[][] {{0, 2}, {-2, 0}});     // 2: of the pair 2i, -2i
 * }</pre>
 *
 * <p>Up to 1000 rows all eigenvalues are computed, see {@link Eigenvalues#of}. Of larger matrices, and above 400
 * rows where there is no OpenBLAS, the largest by Arnoldi's method, which needs products with the matrix alone. That
 * is much faster, and says whether it has settled; where it has not, all eigenvalues are computed up to 4000 rows.
 * Power iteration, which knows one vector, does not settle where the largest are a complex pair, nor soon where many
 * are of about the same size, as of a random matrix; but it cheaply leaves those alone in its vector. So each round
 * of the method is a number of powers, twice as many as before, then Arnoldi's process (1951) from there, whose
 * matrix of up to 100 rows has the eigenvalues that are left. It ends when the residual of the largest is below 1e-9
 * of it, and the round before found the same. Where more eigenvalues than that have one size the residual stays
 * large (all those of a permutation do): then, above 4000 rows, the radius is what vectors grow by in the powers of
 * the last round, an estimate.
 */
public final class SpectralRadius {
    private static final int MOST_DENSE = 1000; // seconds; their time grows with the cube of the size
    private static final int MOST_DENSE_UNSETTLED = 4000;
    private static final int MOST_DENSE_IN_JAVA = 400;
    private static final int DIMENSIONS = 100; // of the Krylov space
    private static final int FIRST_POWERS = 32;
    private static final int MOST_POWERS = 8192;
    private static final double TOLERANCE = 1e-9;
    private static final double AGREEMENT = 1e-6;

    private SpectralRadius() {}

    /** A square matrix by what it makes of a vector. */
    @FunctionalInterface
    public interface LinearMap {
        /**
         * y = A x.
         *
         * @param x [n], to be read
         * @param y [n], to be written
         */
        void multiply(double[] x, double[] y);
    }

    /**
     * {@return the spectral radius of a dense matrix}
     *
     * @param matrix [n][n] finite numbers; not written
     * @throws IllegalArgumentException if it is empty, not square, or a number is not finite
     */
    public static double of(double[][] matrix) {
        double[][] a = Eigenvalues.copy(matrix);
        return of(a.length, (x, y) -> {
            for (int r = 0; r < y.length; r++) {
                double sum = 0;
                for (int j = 0; j < x.length; j++) {
                    sum += a[r][j] * x[j];
                }
                y[r] = sum;
            }
        });
    }

    /**
     * {@return the spectral radius of a sparse matrix}
     *
     * @param pattern where it has values
     * @param values one for each connection of the pattern
     * @throws IllegalArgumentException if there are not as many, or one is not finite
     */
    public static double of(SparsePattern pattern, double[] values) {
        Objects.requireNonNull(pattern, "pattern: expected one, got null");
        Objects.requireNonNull(values, "values: expected some, got null");
        return of(pattern.size(), (x, y) -> pattern.multiply(values, x, y));
    }

    /**
     * {@return the spectral radius of a linear map}
     *
     * @param size n, at least 1
     * @param map multiplies vectors of n numbers; always gives the same for the same
     * @throws IllegalArgumentException if the size is below 1, or the map gives a number that is not finite
     */
    public static double of(int size, LinearMap map) {
        CellShape.atLeastOne("size", size);
        Objects.requireNonNull(map, "map: expected one, got null");
        boolean dense = size <= MOST_DENSE_IN_JAVA || size <= MOST_DENSE && OpenBlas.hasLapack();
        if (!dense) {
            Estimate estimate = estimate(size, map);
            if (estimate.settled || size > MOST_DENSE_UNSETTLED || !OpenBlas.hasLapack()) {
                return estimate.radius;
            }
        }
        return Eigenvalues.of(matrix(size, map)).radius();
    }

    /** {@return the matrix of a map, column by column} */
    private static double[][] matrix(int size, LinearMap map) {
        var matrix = new double[size][size];
        var x = new double[size];
        var y = new double[size];
        for (int j = 0; j < size; j++) {
            x[j] = 1;
            map.multiply(x, y);
            x[j] = 0;
            for (int r = 0; r < size; r++) {
                matrix[r][j] = y[r];
            }
        }
        return matrix;
    }

    /** {@return the spectral radius by Arnoldi's method, whatever the size; an estimate where that does not settle} */
    static double byArnoldi(int size, LinearMap map) {
        return estimate(size, map).radius;
    }

    private record Estimate(double radius, boolean settled) {}

    private static Estimate estimate(int size, LinearMap map) {
        var space = new KrylovSpace(size, Math.min(size, DIMENSIONS), map);
        double growth = 0;
        double before = Double.NaN;
        for (int powers = FIRST_POWERS; powers <= MOST_POWERS; powers *= 2) {
            growth = space.power(powers);
            if (growth == 0) {
                return new Estimate(0, true);
            }
            double radius = space.expand();
            // A nilpotent matrix may be nearly one with eigenvalues that are not small: then residuals are, but another
            // vector finds others.
            if (space.residual() <= TOLERANCE * radius && Math.abs(radius - before) <= AGREEMENT * radius) {
                return new Estimate(radius, true);
            }
            before = radius;
        }
        return new Estimate(growth, false);
    }
}
