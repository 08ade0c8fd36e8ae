package dev.rondo.kernel;

/** The product that all others are made of, and a sum, at one vector width. */
interface VectorProduct {
    /**
     * C += A B.
     *
     * @param a [M, K], the rows of its window
     * @param b [K, N]
     * @param c [M, N], the rows of its window
     */
    void add(VectorRows a, VectorPanels b, VectorRows c);

    /**
     * y += x. HotSpot makes no vectors of such a loop by itself, for x and y may overlap.
     *
     * @param x an array
     * @param xAt where in it the first number lies
     * @param y an array
     * @param yAt where in it the first number lies
     * @param count of numbers, a whole number of vectors
     */
    void addRow(float[] x, int xAt, float[] y, int yAt, int count);

    /**
     * z += x * y, element by element.
     *
     * @param x an array
     * @param xAt where in it the first number lies
     * @param y an array
     * @param yAt where in it the first number lies
     * @param z an array
     * @param zAt where in it the first number lies
     * @param count of numbers, a whole number of vectors
     */
    void addProducts(float[] x, int xAt, float[] y, int yAt, float[] z, int zAt, int count);
}
