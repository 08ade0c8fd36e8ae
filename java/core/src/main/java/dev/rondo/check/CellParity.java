package dev.rondo.check;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Parity of one body with the reference: both run the same numbers, rounded to the body's precision, and everything
 * that comes out is compared: output, last states, and the gradients of parameters, input, initial state and
 * pre-activations. The reference runs in float64, from dense input, in the plainest memory; the body runs every pair of
 * options that a pass and its gradients leave (token input, strides, absent and shared memory, lengths, holds, masks,
 * direction, threads, larger plans) over guarded memory. It runs twice, and has to give the same bits.
 *
 * <pre>{@code
 * for (CellBody body : CellBody.present(Lstm::of)) {
 *     System.out.println(body + " " + Deviation.worst(CellParity.of(body).run(NamedShape.of("units:lane+1"))));
 * }
 * }</pre>
 */
public final class CellParity {
    private static final long PRODUCTS = 20_000_000;

    private final CellBody body;

    private CellParity(CellBody body) {
        this.body = body;
    }

    /**
     * {@return the parity check of a body}
     *
     * @param body any but a missing backend's
     */
    public static CellParity of(CellBody body) {
        return new CellParity(Objects.requireNonNull(body, "body: expected one, got null"));
    }

    /**
     * {@return the worst deviation of each variant of a pass, at least two}
     *
     * @param shape sizes of the passes, whose options depend on its name; large ones take fewer variants
     * @throws RuntimeException whatever the body throws
     */
    public List<Deviation> run(NamedShape shape) {
        Objects.requireNonNull(shape, "shape: expected one, got null");
        Cell cell = body.cell(shape.hiddenSize());
        CellShape sizes = shape.of(cell);
        long seed = shape.name().hashCode();
        var deviations = new ArrayList<Deviation>();
        for (PassVariant variant : variants(cell, sizes, seed)) {
            CellData data = CellData.random(cell, sizes, variant, body.precision(), seed + deviations.size());
            Deviation worst = Deviation.worst(compare(data, variant));
            deviations.add(new Deviation(
                    body + " " + shape + " (" + variant + ") " + worst.what(), worst.error(), worst.tolerance()));
        }
        return deviations;
    }

    /** A plain pass first, then all pairs; of a large shape as many as the reference gets through in a moment. */
    private static List<PassVariant> variants(Cell cell, CellShape shape, long seed) {
        var variants = new ArrayList<>(List.of(PassVariant.PLAIN));
        variants.addAll(PassVariant.allPairs(seed, cell.holdsUnits() ? Set.of() : EnumSet.of(PassOption.HOLD_UNITS)));
        long products = shape.rows() * cell.rows() * (shape.inputSize() + shape.hiddenSize());
        return variants.subList(0, Math.clamp(PRODUCTS / products, 2, variants.size()));
    }

    /** The body in one variant of the memory against the reference in the plainest. */
    List<Deviation> compare(CellData data, PassVariant variant) {
        Tolerance forward = Tolerance.forward(data.cell, data.shape, body.precision());
        Tolerance backward = Tolerance.backward(data.cell, data.shape, body.precision());
        var deviations = new ArrayList<Deviation>();
        try (var oracle = new CellTrial(CellBody.reference(body.cells()), data, variant.plainMemory());
                var trial = new CellTrial(body, data, variant);
                var inference = CellTrial.inference(body, data, variant)) {
            Map<String, double[]> expected = oracle.forward();
            Map<String, double[]> output = trial.forward();
            Map<String, double[]> gradients = trial.backward();
            deviations.addAll(compare("", expected, output, forward));
            deviations.addAll(compare("", oracle.backward(), gradients, backward));
            deviations.addAll(compare("inference: ", expected, inference.forward(), forward));
            trial.reset();
            deviations.addAll(equal("repeated: ", output, trial.forward()));
            deviations.addAll(equal("repeated: ", gradients, trial.backward()));
            deviations.add(guards(trial));
            deviations.add(guards(inference));
        }
        return deviations;
    }

    private static Deviation guards(CellTrial trial) {
        String faults = String.join("; ", trial.faults());
        return new Deviation(faults.isEmpty() ? "guards" : faults, faults.isEmpty() ? 0 : Double.POSITIVE_INFINITY, 0);
    }

    /** Each result of {@code actual} against the one of the same name. */
    static List<Deviation> compare(String prefix, Map<String, double[]> expected, Map<String, double[]> actual,
            Tolerance tolerance) {
        var deviations = new ArrayList<Deviation>();
        actual.forEach((name, numbers) -> deviations.add(new Deviation(
                prefix + name, tolerance.error(expected.get(name), numbers), tolerance.bound())));
        return deviations;
    }

    /** The same, where every bit has to agree. */
    static List<Deviation> equal(String prefix, Map<String, double[]> expected, Map<String, double[]> actual) {
        var deviations = new ArrayList<Deviation>();
        actual.forEach((name, numbers) -> deviations.add(new Deviation(
                prefix + name, Arrays.equals(expected.get(name), numbers) ? 0 : Double.POSITIVE_INFINITY, 0)));
        return deviations;
    }
}
