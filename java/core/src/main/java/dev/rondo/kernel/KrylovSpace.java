package dev.rondo.kernel;

import java.util.Arrays;
import java.util.Random;

/**
 * The space of a vector and what a matrix A makes of it, again and again: orthonormal vectors V with A V = V H + rest,
 * where H is small, a Hessenberg matrix. Eigenvalues of H are those of A as far as the rest is small (Saad, "Numerical
 * methods for large eigenvalue problems", 6.2).
 */
final class KrylovSpace {
    private static final long SEED = 20010;
    private static final double NOTHING = 1e-14; // of a vector that was of length 1, after what is rounding

    private final SpectralRadius.LinearMap map;
    private final double[][] vectors; // [dimensions + 1][n], of which the first is the start
    private final double[] product; // [n]
    private double residual;

    KrylovSpace(int size, int dimensions, SpectralRadius.LinearMap map) {
        this.map = map;
        this.vectors = new double[dimensions + 1][size];
        this.product = new double[size];
        var random = new Random(SEED);
        Arrays.setAll(vectors[0], i -> random.nextDouble() - 0.5);
        normalise(vectors[0]);
    }

    /** Multiplies the start with A as often; {@return the mean growth of a multiplication, 0 if nothing is left} */
    double power(int times) {
        double logarithm = 0;
        for (int i = 0; i < times; i++) {
            map.multiply(vectors[0], product);
            System.arraycopy(product, 0, vectors[0], 0, product.length);
            double norm = normalise(vectors[0]);
            if (norm == 0) {
                return 0;
            }
            logarithm += Math.log(norm);
        }
        return Math.exp(logarithm / times);
    }

    /** {@return the spectral radius of H, from the start on} */
    double expand() {
        int most = vectors.length - 1;
        var h = new double[most + 1][most];
        int count = 0;
        double left = 1;
        while (count < most && left > 0) {
            left = expand(count, h);
            count++;
        }
        var square = new double[count][];
        Arrays.setAll(square, r -> Arrays.copyOf(h[r], square.length));
        double[][] kept = Arrays.stream(square).map(double[]::clone).toArray(double[][]::new);
        Eigenvalues eigenvalues = HessenbergMatrix.of(square).eigenvalues();
        int largest = eigenvalues.largest();
        residual = left == 0 ? 0 : left * lastOfEigenvector(kept, eigenvalues, largest);
        return eigenvalues.radius();
    }

    /** {@return how far A v is from the eigenvalue times v, for the largest one and its v of length 1} */
    double residual() {
        return residual;
    }

    /** Makes the next vector and a column of H; {@return the length of what is new in it, 0 if there is nothing} */
    private double expand(int column, double[][] h) {
        double[] next = vectors[column + 1];
        map.multiply(vectors[column], next);
        double before = Math.sqrt(dot(next, next));
        for (int pass = 0; pass < 2; pass++) { // once more for what rounding has left
            for (int i = 0; i <= column; i++) {
                double part = dot(vectors[i], next);
                h[i][column] += part;
                subtract(part, vectors[i], next);
            }
        }
        double norm = Math.sqrt(dot(next, next));
        if (norm <= NOTHING * before) {
            return 0;
        }
        h[column + 1][column] = norm;
        normalise(next);
        return norm;
    }

    /**
     * {@return the absolute value of the last element of an eigenvector of H of length 1} With the last element 1, each
     * row of (H - value I) s = 0 says the element before its diagonal.
     */
    private static double lastOfEigenvector(double[][] h, Eigenvalues values, int which) {
        int n = h.length;
        var real = new double[n];
        var imaginary = new double[n];
        real[n - 1] = 1;
        double squares = 1;
        for (int r = n - 1; r > 0; r--) {
            double sumReal = -(values.real(which) * real[r] - values.imaginary(which) * imaginary[r]);
            double sumImaginary = -(values.real(which) * imaginary[r] + values.imaginary(which) * real[r]);
            for (int j = r; j < n; j++) {
                sumReal += h[r][j] * real[j];
                sumImaginary += h[r][j] * imaginary[j];
            }
            real[r - 1] = -sumReal / h[r][r - 1];
            imaginary[r - 1] = -sumImaginary / h[r][r - 1];
            squares += real[r - 1] * real[r - 1] + imaginary[r - 1] * imaginary[r - 1];
        }
        return 1 / Math.sqrt(squares);
    }

    private static double normalise(double[] vector) {
        double norm = Math.sqrt(dot(vector, vector));
        if (!Double.isFinite(norm)) {
            throw new IllegalArgumentException("map: expected finite numbers, got a vector of length " + norm);
        }
        for (int i = 0; i < vector.length && norm > 0; i++) {
            vector[i] /= norm;
        }
        return norm;
    }

    private static double dot(double[] a, double[] b) {
        double even = 0;
        double odd = 0;
        int i = 0;
        for (; i + 1 < a.length; i += 2) {
            even += a[i] * b[i];
            odd += a[i + 1] * b[i + 1];
        }
        return i < a.length ? even + odd + a[i] * b[i] : even + odd;
    }

    private static void subtract(double factor, double[] vector, double[] from) {
        for (int i = 0; i < from.length; i++) {
            from[i] -= factor * vector[i];
        }
    }
}
