package dev.rondo.bench;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.CellBody;
import java.util.List;

/**
 * Compares what is about to be timed with the reference, once per run. Long sequences are shortened, for the reference
 * is slow; plans are those of the whole length.
 */
final class Verification {
    private static final double MOST_FLOPS = 1e9; // of one pass of the reference, forward and backward

    private final List<String> bodies;
    private final List<Integer> threads;

    /** Verification of {@code bodies}, as {@link CellBenchmark#body} reads them, on each number of threads. */
    Verification(List<String> bodies, List<Integer> threads) {
        this.bodies = bodies;
        this.threads = threads;
    }

    /**
     * Verifies all bodies of a cell at a shape.
     *
     * @throws IllegalStateException if a result is further off than the tolerance of the shape
     */
    void kernels(String cell, CellShape shape) {
        CellBody plain = CellBody.reference(units -> CellBenchmark.cell(cell, units));
        int steps = steps(plain.cell(shape.hiddenSize()), shape);
        try (var reference = new CellWork(plain, shape, steps, 1)) {
            reference.once();
            for (String body : bodies) {
                for (int count : threads) {
                    try (var work = new CellWork(CellBenchmark.body(cell, body), shape, steps, count)) {
                        work.once();
                        work.compare(reference);
                    }
                }
            }
        }
        System.out.printf("verified: %s, T=%d of %s%n", cell, steps, shape);
    }

    /**
     * Verifies the products of the head of all bodies, and by OpenBLAS, at a shape.
     *
     * @throws IllegalStateException if a result is further off than the tolerance of the shape
     */
    void head(CellShape shape) {
        double flopsOfRow = 6.0 * shape.inputSize() * shape.hiddenSize();
        int rows = Math.clamp((long) (MOST_FLOPS / flopsOfRow), 1, Math.toIntExact(shape.rows()));
        var shortened = new CellShape(rows, 1, shape.inputSize(), shape.hiddenSize());
        try (var reference = HeadWork.of(CellBody.reference(Lstm::of), shortened, 1)) {
            reference.products();
            for (int count : threads) {
                for (String body : bodies) {
                    head(HeadWork.of(CellBenchmark.body("lstm", body), shortened, count), reference, body);
                }
                head(HeadWork.ofOpenBlas(shortened, count), reference, Figures.OPENBLAS);
            }
        }
        System.out.printf("verified: head, %d rows of %s%n", rows, shape);
    }

    private static void head(HeadWork work, HeadWork reference, String what) {
        try (work) {
            work.products();
            work.compare(reference, what);
        }
    }

    /**
     * Verifies the activations of all bodies.
     *
     * @throws IllegalStateException if a result is further off than activations may be
     */
    void activations() {
        for (String body : bodies) {
            try (var work = new ActivationWork(CellBenchmark.body("lstm", body))) {
                work.verify(body);
            }
        }
        System.out.println("verified: activations");
    }

    /** A kind of network. */
    interface Maker {
        NetworkWork make(CellBody body, CellShape shape, int threads);
    }

    /**
     * Verifies all bodies of a network.
     *
     * @throws IllegalStateException if a result is further off than the tolerance of the network
     */
    void network(String cell, CellShape shape, Maker maker) {
        Cell timed = CellBenchmark.cell(cell, shape.hiddenSize());
        CellShape shortened = timed.shape(steps(timed, shape), shape.batchSize(), shape.inputSize());
        try (var reference = maker.make(CellBenchmark.body(cell, Backend.REFERENCE + "/BASELINE"), shortened, 1)) {
            reference.train();
            for (String body : bodies) {
                for (int count : threads) {
                    try (var work = maker.make(CellBenchmark.body(cell, body), shortened, count)) {
                        work.train();
                        work.compare(reference);
                    }
                }
            }
        }
        System.out.printf("verified: network of %s, T=%d of %s%n", cell, shortened.timeSteps(), shape);
    }

    private static int steps(Cell cell, CellShape shape) {
        double flopsOfStep = 6 * shape.batchSize() * CellWork.weights(cell, shape.inputSize(), true);
        return Math.clamp((long) (MOST_FLOPS / flopsOfStep), Math.min(2, shape.timeSteps()), shape.timeSteps());
    }
}
