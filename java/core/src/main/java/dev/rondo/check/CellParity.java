package dev.rondo.check;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.memory.Precision;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

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

    /** What the reference gave: the bodies of a cell ask for the same, of which it is the slowest. */
    private static final Map<Case, SoftReference<Expected>> KNOWN = new ConcurrentHashMap<>();

    private final CellBody body;

    /** What the numbers of a case follow from. */
    private record Case(Cell cell, CellShape shape, String variant, Precision precision, long seed) {}

    private record Expected(Map<String, double[]> forward, Map<String, double[]> backward) {}

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
            var which = new Case(cell, sizes, variant.toString(), body.precision(), seed + deviations.size());
            CellData data = CellData.random(cell, sizes, variant, body.precision(), which.seed);
            Deviation worst = Deviation.worst(compare(data, variant, expected(which, data, variant)));
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

    private Expected expected(Case which, CellData data, PassVariant variant) {
        SoftReference<Expected> known = KNOWN.get(which);
        Expected expected = known == null ? null : known.get();
        if (expected == null) {
            expected = expected(data, variant);
            KNOWN.put(which, new SoftReference<>(expected));
        }
        return expected;
    }

    private Expected expected(CellData data, PassVariant variant) {
        try (var oracle = new CellTrial(CellBody.reference(body.cells()), data, variant.plainMemory())) {
            return new Expected(oracle.forward(), oracle.backward());
        }
    }

    /** The body in one variant of the memory against the reference in the plainest. */
    List<Deviation> compare(CellData data, PassVariant variant) {
        return compare(data, variant, expected(data, variant));
    }

    private List<Deviation> compare(CellData data, PassVariant variant, Expected expected) {
        Tolerance forward = Tolerance.forward(data.cell, data.shape, body.precision());
        Tolerance backward = Tolerance.backward(data.cell, data.shape, body.precision());
        var deviations = new ArrayList<Deviation>();
        try (var trial = new CellTrial(body, data, variant); var inference = CellTrial.inference(body, data, variant)) {
            Map<String, double[]> output = trial.forward();
            Map<String, double[]> gradients = trial.backward();
            deviations.addAll(compare("", expected.forward, output, forward));
            deviations.addAll(compare("", expected.backward, gradients, backward));
            deviations.addAll(compare("inference: ", expected.forward, inference.forward(), forward));
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
