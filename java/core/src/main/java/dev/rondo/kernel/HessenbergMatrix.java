package dev.rondo.kernel;

import java.util.Objects;

/**
 * A real matrix that is zero below its first subdiagonal, and its eigenvalues by the QR algorithm with double implicit
 * shifts (Francis 1961; Golub and Van Loan, "Matrix computations", 7.4 and 7.5), in plain Java: for matrices of up to a
 * few hundred rows, and where there is no LAPACK.
 */
final class HessenbergMatrix {
    private static final double EPSILON = Math.ulp(1.0);
    private static final int MOST_STEPS = 300; // for each eigenvalue; two or three are usual
    private static final int SHIFT_ANEW = 10; // steps after which a cycle is broken by another shift

    private final double[][] a;

    private HessenbergMatrix(double[][] a) {
        this.a = a;
    }

    /** {@return a matrix that is of that form already; it is written over} */
    static HessenbergMatrix of(double[][] a) {
        return new HessenbergMatrix(Objects.requireNonNull(a, "a: expected a matrix, got null"));
    }

    /** {@return a matrix with the eigenvalues of any square one, by Householder reflections; that is written over} */
    static HessenbergMatrix reduce(double[][] a) {
        int n = a.length;
        for (int k = 0; k + 2 < n; k++) {
            var v = new double[n - k - 1];
            for (int i = 0; i < v.length; i++) {
                v[i] = a[k + 1 + i][k];
            }
            double factor = reflector(v);
            reflectRows(a, k + 1, v, factor, k, n);
            reflectColumns(a, k + 1, v, factor, 0, n);
            for (int i = k + 2; i < n; i++) {
                a[i][k] = 0;
            }
        }
        return new HessenbergMatrix(a);
    }

    /** Makes of x the v of a reflection I - factor v v^T that takes x to a multiple of its first axis. */
    private static double reflector(double[] x) {
        double largest = 0;
        for (double value : x) {
            largest = Math.max(largest, Math.abs(value));
        }
        if (largest == 0) {
            return 0;
        }
        double squares = 0;
        for (int i = 0; i < x.length; i++) {
            x[i] /= largest;
            squares += x[i] * x[i];
        }
        x[0] += Math.copySign(Math.sqrt(squares), x[0]);
        double norm = 0;
        for (double value : x) {
            norm += value * value;
        }
        return 2 / norm;
    }

    /** Rows from {@code first} on, of columns {@code begin} to {@code end}, are reflected. */
    private static void reflectRows(double[][] a, int first, double[] v, double factor, int begin, int end) {
        for (int j = begin; j < end; j++) {
            double sum = 0;
            for (int i = 0; i < v.length; i++) {
                sum += v[i] * a[first + i][j];
            }
            for (int i = 0; i < v.length; i++) {
                a[first + i][j] -= factor * sum * v[i];
            }
        }
    }

    /** Columns from {@code first} on, of rows {@code begin} to {@code end}, are reflected. */
    private static void reflectColumns(double[][] a, int first, double[] v, double factor, int begin, int end) {
        for (int i = begin; i < end; i++) {
            double sum = 0;
            for (int j = 0; j < v.length; j++) {
                sum += v[j] * a[i][first + j];
            }
            for (int j = 0; j < v.length; j++) {
                a[i][first + j] -= factor * sum * v[j];
            }
        }
    }

    /**
     * {@return all eigenvalues; the matrix is used up}
     *
     * @throws ArithmeticException if they are not found, which happens where a number is not finite
     */
    Eigenvalues eigenvalues() {
        int n = a.length;
        var values = new Eigenvalues(new double[n], new double[n]);
        int steps = 0;
        for (int last = n - 1; last >= 0; ) {
            int first = block(last);
            if (first == last) {
                values.set(last, a[last][last], 0);
                last--;
                steps = 0;
            } else if (first == last - 1) {
                solve(first, values);
                last -= 2;
                steps = 0;
            } else {
                steps++;
                if (steps > MOST_STEPS) {
                    throw new ArithmeticException("eigenvalues: expected the QR algorithm to converge, got none after "
                            + MOST_STEPS + " steps");
                }
                step(first, last, steps % SHIFT_ANEW == 0);
            }
        }
        return values;
    }

    /** {@return the first row of the last block that hangs together; what lies left of it becomes 0} */
    private int block(int last) {
        int first = last;
        while (first > 0) {
            double size = Math.abs(a[first - 1][first - 1]) + Math.abs(a[first][first]);
            if (Math.abs(a[first][first - 1]) <= EPSILON * size || a[first][first - 1] == 0) {
                a[first][first - 1] = 0;
                break;
            }
            first--;
        }
        return first;
    }

    /** The two eigenvalues of a block of two rows. */
    private void solve(int at, Eigenvalues values) {
        double half = (a[at][at] - a[at + 1][at + 1]) / 2;
        double product = a[at][at + 1] * a[at + 1][at];
        double square = half * half + product;
        double middle = (a[at][at] + a[at + 1][at + 1]) / 2;
        if (square < 0) {
            double imaginary = Math.sqrt(-square);
            values.set(at, middle, imaginary);
            values.set(at + 1, middle, -imaginary);
        } else {
            double apart = half + Math.copySign(Math.sqrt(square), half);
            values.set(at, a[at + 1][at + 1] + apart, 0);
            values.set(at + 1, apart == 0 ? a[at + 1][at + 1] : a[at + 1][at + 1] - product / apart, 0);
        }
    }

    /** One step with the two eigenvalues of the last two rows as shifts, or with others where it got nowhere. */
    private void step(int first, int last, boolean anew) {
        double sum = a[last - 1][last - 1] + a[last][last];
        double product = a[last - 1][last - 1] * a[last][last] - a[last - 1][last] * a[last][last - 1];
        if (anew) {
            double other = Math.abs(a[last][last - 1]) + Math.abs(a[last - 1][last - 2]);
            sum = 1.5 * other;
            product = other * other;
        }
        double corner = a[first][first];
        double below = a[first + 1][first];
        double[] v = {
            corner * (corner - sum) + product + a[first][first + 1] * below,
            below * (corner + a[first + 1][first + 1] - sum),
            below * a[first + 2][first + 1]
        };
        for (int k = first; k < last; k++) {
            double factor = reflector(v);
            reflectRows(a, k, v, factor, Math.max(first, k - 1), last + 1);
            reflectColumns(a, k, v, factor, first, Math.min(k + 3, last) + 1);
            for (int i = k + 1; i < k + v.length && k > first; i++) {
                a[i][k - 1] = 0;
            }
            v = new double[Math.min(3, last - k)];
            for (int i = 0; i < v.length; i++) {
                v[i] = a[k + 1 + i][k];
            }
        }
    }
}
