package dev.rondo.network;

import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One cluster of a {@link Loss.AdaptiveSoftmax} in a pass: a softmax over its classes at those positions whose class is
 * one of them, on {@code p = h P^T}, {@code z = p W^T}.
 *
 * <p>N positions of the pass; M rows at once, of positions of the cluster; H numbers of h, D of p, C classes; P [D, H],
 * W [C, D]. Where more positions than M are in the cluster they are gone through in pieces, and backward computes z of
 * each once more.
 */
final class AdaptiveCluster {
    /** Of z, at once: 64 MB of float32, and as much of its gradient. A batch seldom needs more. */
    private static final long MOST_LOGITS = 1 << 24;

    private final Precision precision;
    private final Products products;
    private final RowSoftmax softmax;
    private final int first; // class
    private final int size; // C
    private final int outputs; // of all clusters
    private final int hidden; // H
    private final int most; // M
    private final Matrix projection; // P
    private final Matrix projectionTransposed;
    private final Matrix weight; // W
    private final Matrix weightTransposed;
    private final Matrix projectionGradient; // null without gradients, as all that follow
    private final Matrix weightGradient;
    private final MemorySegment h; // [M, H]
    private final MemorySegment hGradient;
    private final MemorySegment p; // [N, D]
    private final MemorySegment pGradient;
    private final MemorySegment z; // [M, C]
    private final MemorySegment zGradient;
    private final MemorySegment targets; // int32 [M], from 0 to C - 1
    private final int[] positions; // that are in the cluster
    private final int[] classes; // of these
    private final Piece[] pieces; // by M; made when one turns up
    private int count;
    private double scale;
    private boolean kept; // what backward needs, by forward
    private Matrix allH; // of the last logits of all positions
    private Matrix allP;
    private Matrix allZ;

    /** Cluster {@code number} of {@code description} in a pass of up to {@code mostPositions} positions. */
    AdaptiveCluster(NetworkPass owner, Loss.AdaptiveSoftmax description, int number, int mostPositions,
            Products products) {
        Network network = owner.network();
        Workspace memory = owner.workspace();
        this.precision = network.precision();
        this.products = products;
        this.outputs = network.outputSize();
        this.hidden = network.description().topSize();
        this.first = description.cutoffs().get(number);
        this.size = description.size(number, outputs);
        int width = description.width(number, hidden);
        this.most = Math.clamp(MOST_LOGITS / size, 1, mostPositions);
        this.softmax = RowSoftmax.of(network, most, size);
        String projectionName = NetworkDescription.tail(number) + "projection";
        String weightName = NetworkDescription.tail(number) + "weight";
        this.projection = Matrix.of(network.parameters().view(projectionName), width, hidden);
        this.weight = Matrix.of(network.parameters().view(weightName), size, width);
        this.projectionTransposed = projection.transposed();
        this.weightTransposed = weight.transposed();
        boolean training = owner.training();
        this.projectionGradient =
                training ? Matrix.of(DenseHead.gradient(network, projectionName), width, hidden) : null;
        this.weightGradient = training ? Matrix.of(DenseHead.gradient(network, weightName), size, width) : null;
        this.h = memory.allocate(precision, (long) most * hidden);
        this.p = memory.allocate(precision, (long) mostPositions * width);
        this.z = memory.allocate(precision, (long) most * size);
        this.hGradient = training ? memory.allocate(precision, (long) most * hidden) : null;
        this.pGradient = training ? memory.allocate(precision, (long) most * width) : null;
        this.zGradient = training ? memory.allocate(precision, (long) most * size) : null;
        this.targets = memory.allocateBytes((long) most * Integer.BYTES);
        this.positions = new int[mostPositions];
        this.classes = new int[mostPositions];
        this.pieces = new Piece[most + 1];
    }

    /** Views of the first rows of all that has M of them. */
    private final class Piece {
        private final Matrix h;
        private final Matrix p;
        private final Matrix z;
        private final Matrix hGradient; // null without gradients, as all that follow
        private final Matrix pGradient;
        private final Matrix pGradientTransposed;
        private final Matrix zGradient;
        private final Matrix zGradientTransposed;

        Piece(int rows) {
            AdaptiveCluster all = AdaptiveCluster.this;
            long width = weight.columns();
            this.h = Matrix.of(all.h, rows, hidden);
            this.p = Matrix.of(all.p, rows, width);
            this.z = Matrix.of(all.z, rows, size);
            boolean training = all.hGradient != null;
            this.hGradient = training ? Matrix.of(all.hGradient, rows, hidden) : null;
            this.pGradient = training ? Matrix.of(all.pGradient, rows, width) : null;
            this.pGradientTransposed = training ? pGradient.transposed() : null;
            this.zGradient = training ? Matrix.of(all.zGradient, rows, size) : null;
            this.zGradientTransposed = training ? zGradient.transposed() : null;
        }
    }

    private Piece piece(int rows) {
        if (pieces[rows] == null) {
            pieces[rows] = new Piece(rows);
        }
        return pieces[rows];
    }

    /** {@return its first class} */
    int first() {
        return first;
    }

    void clear() {
        count = 0;
    }

    /** Takes in position {@code n}, whose class is one of the cluster. */
    void add(int n, int target) {
        positions[count] = n;
        classes[count] = target - first;
        count++;
    }

    /**
     * {@return the sum of the losses of its positions, of h [N, H]}; keeps {@code scale} times the gradient
     *
     * @param losses [N], added to
     */
    double sum(MemorySegment from, double factor, double[] losses) {
        scale = factor;
        kept = count <= most;
        double sum = 0;
        for (int begin = 0; begin < count; begin += most) {
            int rows = Math.min(most, count - begin);
            sum += sum(from, begin, rows);
            for (int r = 0; r < rows; r++) {
                losses[positions[begin + r]] += softmax.loss(r);
            }
        }
        return sum;
    }

    private double sum(MemorySegment from, int begin, int rows) {
        Piece piece = piece(rows);
        for (int r = 0; r < rows; r++) {
            Elementwise.copy(precision, from, (long) positions[begin + r] * hidden, h, (long) r * hidden, hidden);
            targets.setAtIndex(ValueLayout.JAVA_INT, r, classes[begin + r]);
        }
        products.multiply(piece.h, projectionTransposed, piece.p, false);
        products.multiply(piece.p, weightTransposed, piece.z, false);
        return softmax.run(rows, z, targets, scale, zGradient);
    }

    /** Adds the gradients of P, W and h [N, H]. */
    void backward(MemorySegment from, MemorySegment gradient) {
        for (int begin = 0; begin < count; begin += most) {
            int rows = Math.min(most, count - begin);
            if (!kept) {
                sum(from, begin, rows);
            }
            Piece piece = piece(rows);
            products.multiply(piece.zGradient, weight, piece.pGradient, false);
            products.multiply(piece.zGradientTransposed, piece.p, weightGradient, true);
            products.multiply(piece.pGradient, projection, piece.hGradient, false);
            products.multiply(piece.pGradientTransposed, piece.h, projectionGradient, true);
            for (int r = 0; r < rows; r++) {
                long to = (long) positions[begin + r] * hidden;
                Elementwise.add(precision, hGradient, (long) r * hidden, gradient, to, hidden);
            }
        }
    }

    /** Writes z of {@code rows} positions into its columns of {@code logits}, [rows, O]. */
    void writeLogits(int rows, MemorySegment from, MemorySegment logits) {
        if (allH == null || allH.rows() != rows || allH.values() != from) {
            allH = Matrix.of(from, rows, hidden);
            allP = Matrix.of(p, rows, weight.columns());
            allZ = new Matrix(logits.asSlice((long) first * precision.bytes()), rows, size, outputs, 1);
        }
        kept = false;
        products.multiply(allH, projectionTransposed, allP, false);
        products.multiply(allP, weightTransposed, allZ, false);
    }

    /**
     * Makes log-probabilities of the z of a row.
     *
     * @param row where it begins in {@code logits}
     * @param ofCluster log-probability of the cluster
     */
    void normalize(MemorySegment logits, long row, double ofCluster) {
        double total = softmax.logSumExp(logits, row + first);
        Elementwise.add(precision, logits, row + first, size, ofCluster - total);
    }
}
