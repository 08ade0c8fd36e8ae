package dev.rondo.kernel;

/** The product that all others are made of, at one vector width. */
interface VectorProduct {
    /**
     * C += A B.
     *
     * @param a [M, K], the rows of its window
     * @param b [K, N]
     * @param c [M, N], the rows of its window
     */
    void add(VectorRows a, VectorPanels b, VectorRows c);
}
