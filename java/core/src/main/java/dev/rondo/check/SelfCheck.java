package dev.rondo.check;

import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What an installation can say about itself: every body of every built-in cell and option that runs here, its gradients
 * against finite differences and its results against the reference. It takes some ten seconds.
 *
 * <pre>{@code
 * boolean passed = SelfCheck.run(System.out::println);
 * }</pre>
 */
public final class SelfCheck {
    private static final String GRADIENT_SHAPE = "layers:tiny";
    private static final long SMALL = 100_000;
    /** Large ones that matter all the same: work for threads, and for OpenBLAS, whose kernels depend on the CPU. */
    private static final Set<String> LARGE = Set.of("layers:shared", "inputs:one-large");

    private SelfCheck() {}

    /** How one line of the check ended. */
    public enum Verdict {
        /** All errors are within their tolerances. */
        PASSED,
        /** An error is above its tolerance, or the body threw. */
        FAILED,
        /** The backend does not run here. */
        MISSING
    }

    /**
     * One body, or one backend that does not run here.
     *
     * @param cell the cell with its options, as in {@code gru:reset=before}
     * @param backend backend
     * @param tier instruction set; empty if the backend is missing
     * @param precision element type; empty if the backend is missing
     * @param gradient worst gradient; empty if there is no body of float64 to take differences of
     * @param parity worst deviation from the reference; empty if the body threw, or is missing
     * @param verdict how it ended
     * @param note why the backend is missing, what the body threw, which deviation is too large; else empty
     */
    public record Row(String cell, Backend backend, Optional<IsaTier> tier, Optional<Precision> precision,
            Optional<Deviation> gradient, Optional<Deviation> parity, Verdict verdict, String note) {
        @Override
        public String toString() {
            String body = String.join(" ", cell, backend.name(), tier.map(IsaTier::name).orElse("-"),
                    precision.map(Precision::name).orElse("-"));
            return String.format(Locale.ROOT, "%-32s gradient %-22s parity %-22s %s%s",
                    body, figures(gradient), figures(parity), verdict, note.isEmpty() ? "" : ": " + note);
        }

        private static String figures(Optional<Deviation> deviation) {
            return deviation.map(d -> String.format(Locale.ROOT, "%.1e (limit %.1e)", d.error(), d.tolerance()))
                    .orElse("-");
        }
    }

    /**
     * Checks all there is.
     *
     * @param rows is given each row as soon as it is known
     * @return whether none failed; a backend that is missing does not
     */
    public static boolean run(Consumer<Row> rows) {
        boolean passed = true;
        for (String name : Cells.variants()) {
            for (CellBody body : CellBody.present(units -> Cells.parse(name, units))) {
                Row row = check(name, body);
                passed &= row.verdict == Verdict.PASSED;
                rows.accept(row);
            }
            for (Backend backend : Backend.values()) {
                Backends.missing(backend).ifPresent(reason -> rows.accept(new Row(name, backend, Optional.empty(),
                        Optional.empty(), Optional.empty(), Optional.empty(), Verdict.MISSING, reason)));
            }
        }
        return passed;
    }

    static Row check(String name, CellBody body) {
        Optional<Deviation> gradient = Optional.empty();
        try {
            if (body.precision() == Precision.FLOAT64) {
                GradientReport report = CellGradientCheck.of(body).run(NamedShape.of(GRADIENT_SHAPE));
                gradient = Optional.of(new Deviation(
                        "gradient of " + report.worst().worst(), report.error(), CellGradientCheck.TOLERANCE));
            }
            List<Deviation> all = NamedShape.small().stream()
                    .filter(shape -> work(body, shape) < SMALL || LARGE.contains(shape.name()))
                    .flatMap(shape -> CellParity.of(body).run(shape).stream()).toList();
            return row(name, body, gradient, Optional.of(Deviation.worst(all)), "");
        } catch (RuntimeException e) {
            return row(name, body, gradient, Optional.empty(), e.toString());
        }
    }

    /** Multiplications of one pass. */
    private static long work(CellBody body, NamedShape shape) {
        return (long) shape.timeSteps() * shape.batchSize() * body.cell(shape.hiddenSize()).rows()
                * (shape.inputSize() + shape.hiddenSize());
    }

    private static Row row(
            String name, CellBody body, Optional<Deviation> gradient, Optional<Deviation> parity, String thrown) {
        String note = thrown;
        for (Optional<Deviation> deviation : List.of(gradient, parity)) {
            if (note.isEmpty() && deviation.isPresent() && !deviation.get().passes()) {
                note = deviation.get().toString();
            }
        }
        return new Row(name, body.backend(), Optional.of(body.tier()), Optional.of(body.precision()), gradient, parity,
                note.isEmpty() ? Verdict.PASSED : Verdict.FAILED, note);
    }
}
