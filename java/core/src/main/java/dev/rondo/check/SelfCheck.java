package dev.rondo.check;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.IsaTier;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What an installation can say about itself: every body of every built-in cell and option that runs here, its gradients
 * against finite differences and its results against the reference. It takes a minute.
 *
 * <pre>{@code
 * boolean passed = SelfCheck.all().run(System.out::println);
 * }</pre>
 *
 * @param cells what to check, as text: {@code gru:reset=before} is one cell, {@code gru} a cell with all its options
 * @param backends whose bodies
 * @param tiers of which instruction sets
 */
public record SelfCheck(List<String> cells, Set<Backend> backends, Set<IsaTier> tiers) {
    private static final String GRADIENT_SHAPE = "layers:tiny";
    private static final long SMALL = 100_000;
    /** Large ones that matter all the same: work for threads, and for OpenBLAS, whose kernels depend on the CPU. */
    private static final Set<String> LARGE = Set.of("layers:shared", "inputs:one-large");

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if a text names no cell
     */
    public SelfCheck {
        Objects.requireNonNull(cells, "cells: expected a list of texts, got null");
        Objects.requireNonNull(backends, "backends: expected a set, got null");
        Objects.requireNonNull(tiers, "tiers: expected a set, got null");
        for (int i = 0; i < cells.size(); i++) {
            Objects.requireNonNull(cells.get(i), "cells[" + i + "]: expected a text, got null");
        }
        backends.forEach(each -> Objects.requireNonNull(each, "backends: expected no null, got one"));
        tiers.forEach(each -> Objects.requireNonNull(each, "tiers: expected no null, got one"));
        cells = cells.stream().flatMap(SelfCheck::variants).distinct().toList();
        backends = Set.copyOf(backends);
        tiers = Set.copyOf(tiers);
    }

    /** {@return the check of all there is} */
    public static SelfCheck all() {
        return new SelfCheck(Cells.names(), EnumSet.allOf(Backend.class), EnumSet.allOf(IsaTier.class));
    }

    private static Stream<String> variants(String text) {
        Cell cell = Cells.parse(text, 1);
        return text.equals(cell.name())
                ? Cells.variants().stream().filter(variant -> Cells.parse(variant, 1).name().equals(text))
                : Stream.of(Cells.text(cell));
    }

    /** How one line of the check ended. */
    public enum Verdict {
        /** All errors are within their tolerances. */
        PASSED,
        /** An error is above its tolerance, or the body threw. */
        FAILED,
        /** The backend does not run here, or not with this instruction set. */
        MISSING
    }

    /**
     * One body, or one backend, or instruction set of a backend, that does not run here.
     *
     * @param cell the cell with its options, as in {@code gru:reset=before}
     * @param backend backend
     * @param tier instruction set; empty if the backend is missing
     * @param precision element type; empty if backend or tier are missing
     * @param gradient worst gradient; empty if there is no body of float64 to take differences of
     * @param parity worst deviation from the reference; empty if the body threw, or is missing
     * @param verdict how it ended
     * @param note why backend or tier are missing, what the body threw, which deviation is too large; else empty
     */
    public record Row(String cell, Backend backend, Optional<IsaTier> tier, Optional<Precision> precision,
            Optional<Deviation> gradient, Optional<Deviation> parity, Verdict verdict, String note) {
        /** Checks its arguments. */
        public Row {
            Objects.requireNonNull(cell, "cell: expected a text, got null");
            Objects.requireNonNull(backend, "backend: expected one, got null");
            Objects.requireNonNull(tier, "tier: expected an optional, got null");
            Objects.requireNonNull(precision, "precision: expected an optional, got null");
            Objects.requireNonNull(gradient, "gradient: expected an optional, got null");
            Objects.requireNonNull(parity, "parity: expected an optional, got null");
            Objects.requireNonNull(verdict, "verdict: expected one, got null");
            Objects.requireNonNull(note, "note: expected a text, got null");
        }

        @Override
        public String toString() {
            String body = String.join(" ", cell, backend.name(), tier.map(IsaTier::name).orElse("-"),
                    precision.map(Precision::name).orElse("-"));
            return String.format(Locale.ROOT, "%-46s gradient %-22s parity %-22s %s%s",
                    body, figures(gradient), figures(parity), verdict, note.isEmpty() ? "" : ": " + note);
        }

        private static String figures(Optional<Deviation> deviation) {
            return deviation.map(d -> String.format(Locale.ROOT, "%.1e (limit %.1e)", d.error(), d.tolerance()))
                    .orElse("-");
        }
    }

    /**
     * Checks what was chosen, as far as it runs here.
     *
     * @param rows is given each row as soon as it is known; of a backend or tier that is missing it is given one for
     *     each cell
     * @return whether none failed; a backend or tier that is missing does not
     */
    public boolean run(Consumer<Row> rows) {
        Objects.requireNonNull(rows, "rows: expected a consumer, got null");
        boolean passed = true;
        for (String cell : cells) {
            List<CellBody> present = CellBody.present(units -> Cells.parse(cell, units));
            for (CellBody body : present) {
                if (backends.contains(body.backend()) && tiers.contains(body.tier())) {
                    Row row = check(cell, body);
                    passed &= row.verdict == Verdict.PASSED;
                    rows.accept(row);
                }
            }
            for (Backend backend : new TreeSet<>(backends)) {
                Backends.missing(backend).ifPresent(
                        reason -> rows.accept(missing(cell, backend, Optional.empty(), reason)));
                missingTiers(cell, backend, present).forEach(rows);
            }
        }
        return passed;
    }

    /** Of the chosen tiers those above what the machine has; REFERENCE has but one anywhere. */
    private Stream<Row> missingTiers(String cell, Backend backend, List<CellBody> present) {
        Optional<IsaTier> highest = present.stream().filter(body -> body.backend() == backend)
                .map(CellBody::tier).max(Comparator.naturalOrder());
        if (backend == Backend.REFERENCE || highest.isEmpty()) {
            return Stream.empty();
        }
        String reason = "the CPU has " + highest.get() + " at most";
        return tiers.stream().filter(tier -> tier.compareTo(highest.get()) > 0).sorted()
                .map(tier -> missing(cell, backend, Optional.of(tier), reason));
    }

    private static Row missing(String cell, Backend backend, Optional<IsaTier> tier, String reason) {
        return new Row(cell, backend, tier, Optional.empty(), Optional.empty(), Optional.empty(), Verdict.MISSING,
                reason);
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
