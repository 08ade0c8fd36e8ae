package dev.rondo.kernel;

import dev.rondo.memory.Precision;

/** Matrix products in plain Java: the definition, summed in float64. */
final class ReferenceProducts extends Products {
    ReferenceProducts(Precision precision) {
        super(precision);
    }

    @Override
    void run(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        for (long i = 0; i < c.rows(); i++) {
            for (long j = 0; j < c.columns(); j++) {
                double sum = accumulate ? get(c, i, j) : 0;
                for (long p = 0; p < a.columns(); p++) {
                    sum += get(a, i, p) * get(b, p, j);
                }
                precision().set(c.values(), i * c.rowStride() + j, sum);
            }
        }
    }

    private double get(Matrix matrix, long row, long column) {
        return precision().get(matrix.values(), row * matrix.rowStride() + column * matrix.columnStride());
    }
}
