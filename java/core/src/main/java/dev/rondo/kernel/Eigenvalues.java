package dev.rondo.kernel;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.stream.IntStream;

/** The eigenvalues of a real square matrix, in no particular order; complex ones come in conjugate pairs. */
public final class Eigenvalues {
    /** Up to here plain Java takes less time than it takes to load LAPACK. */
    private static final int SMALL = 200;

    private final double[] real;
    private final double[] imaginary;

    Eigenvalues(double[] real, double[] imaginary) {
        this.real = real;
        this.imaginary = imaginary;
    }

    /**
     * {@return the eigenvalues of a dense matrix} By LAPACK's {@code dgeev} in the OpenBLAS that is carried, which is
     * loaded when it is first needed, on one thread; by the QR algorithm in plain Java for up to 200 rows, and where
     * there is no OpenBLAS. They take time with the cube of the rows: LAPACK some seconds for 1000. Eigenvalues that
     * stand on the diagonal of a matrix that is triangular in another order of its rows and columns are exact.
     *
     * @param matrix [n][n] finite numbers; not written
     * @throws IllegalArgumentException if it is empty, not square, or a number is not finite
     */
    public static Eigenvalues of(double[][] matrix) {
        return of(matrix, matrix != null && matrix.length > SMALL);
    }

    static Eigenvalues of(double[][] matrix, boolean lapack) {
        double[][] a = copy(matrix);
        int[] kept = notAlone(a);
        var rest = new double[kept.length][kept.length];
        for (int r = 0; r < kept.length; r++) {
            for (int j = 0; j < kept.length; j++) {
                rest[r][j] = a[kept[r]][kept[j]];
            }
        }
        var all = new Eigenvalues(new double[a.length], new double[a.length]);
        for (int r = 0; r < a.length; r++) {
            all.set(r, a[r][r], 0);
        }
        if (kept.length > 0) {
            Eigenvalues found = lapack ? OpenBlas.eigenvalues(rest) : null;
            found = found == null ? HessenbergMatrix.reduce(rest).eigenvalues() : found;
            for (int r = 0; r < kept.length; r++) {
                all.set(kept[r], found.real[r], found.imaginary[r]);
            }
        }
        return all;
    }

    /**
     * {@return the rows that are left when, as long as there is one, a row is left out whose numbers beside the
     * diagonal are 0 in the columns that are left, or whose column's are: the number on its diagonal is an
     * eigenvalue then}
     */
    private static int[] notAlone(double[][] a) {
        var in = new int[a.length]; // numbers beside the diagonal that are not 0, in each row
        var out = new int[a.length]; // and column
        for (int r = 0; r < a.length; r++) {
            for (int j = 0; j < a.length; j++) {
                if (r != j && a[r][j] != 0) {
                    in[r]++;
                    out[j]++;
                }
            }
        }
        var left = new ArrayDeque<Integer>();
        var alone = new boolean[a.length];
        for (int r = 0; r < a.length; r++) {
            alone[r] = in[r] == 0 || out[r] == 0;
            if (alone[r]) {
                left.add(r);
            }
        }
        while (!left.isEmpty()) {
            int gone = left.remove();
            for (int i = 0; i < a.length; i++) {
                in[i] -= i != gone && a[i][gone] != 0 ? 1 : 0;
                out[i] -= i != gone && a[gone][i] != 0 ? 1 : 0;
                if (!alone[i] && (in[i] == 0 || out[i] == 0)) {
                    alone[i] = true;
                    left.add(i);
                }
            }
        }
        return IntStream.range(0, a.length).filter(r -> !alone[r]).toArray();
    }

    /** {@return a copy of a square matrix of finite numbers} */
    static double[][] copy(double[][] matrix) {
        Objects.requireNonNull(matrix, "matrix: expected one, got null");
        if (matrix.length == 0) {
            throw new IllegalArgumentException("matrix: expected at least 1 row, got none");
        }
        var copy = new double[matrix.length][];
        for (int r = 0; r < copy.length; r++) {
            String row = "matrix[" + r + "]";
            copy[r] = Objects.requireNonNull(matrix[r], () -> row + ": expected a row, got null").clone();
            if (copy[r].length != copy.length) {
                throw new IllegalArgumentException(
                        row + ": expected " + copy.length + " numbers, got " + copy[r].length);
            }
            for (double value : copy[r]) {
                if (!Double.isFinite(value)) {
                    throw new IllegalArgumentException(row + ": expected finite numbers, got " + value);
                }
            }
        }
        return copy;
    }

    void set(int i, double realPart, double imaginaryPart) {
        real[i] = realPart;
        imaginary[i] = imaginaryPart;
    }

    /** {@return n, how many there are} */
    public int count() {
        return real.length;
    }

    /**
     * {@return the real part of an eigenvalue}
     *
     * @param i which, from 0
     * @throws IndexOutOfBoundsException if there is no such eigenvalue
     */
    public double real(int i) {
        return real[Objects.checkIndex(i, real.length)];
    }

    /**
     * {@return the imaginary part of an eigenvalue}
     *
     * @param i which, from 0
     * @throws IndexOutOfBoundsException if there is no such eigenvalue
     */
    public double imaginary(int i) {
        return imaginary[Objects.checkIndex(i, imaginary.length)];
    }

    /** {@return the spectral radius: the largest absolute value of them} */
    public double radius() {
        int largest = largest();
        return Math.hypot(real[largest], imaginary[largest]);
    }

    /** {@return which has the largest absolute value} */
    int largest() {
        int largest = 0;
        for (int i = 1; i < real.length; i++) {
            if (Math.hypot(real[i], imaginary[i]) > Math.hypot(real[largest], imaginary[largest])) {
                largest = i;
            }
        }
        return largest;
    }
}
