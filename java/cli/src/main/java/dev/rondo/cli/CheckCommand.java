package dev.rondo.cli;

import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import dev.rondo.check.Deviation;
import dev.rondo.check.SelfCheck;
import dev.rondo.check.SelfCheck.Verdict;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code rondo check}: whether every body of every cell computes on this machine what it should. */
@Command(name = "check", description = {
        "Checks every cell, option, backend, instruction set and precision that is present here.",
        "gradient: the worst error of backward against finite differences, where there is float64.",
        "parity: the worst error of everything that comes out, against the reference in float64.",
        "The exit code is 1 if one is above its limit, or nothing was there to check."}, sortOptions = false)
final class CheckCommand implements Callable<Integer> {
    private static final String ROW = "%-24s %-10s %-9s %-10s %10s %10s %10s %10s  %s";

    @Option(names = "--cell", paramLabel = "CELL",
            description = "A cell with all its options, as in gru, or with one, as in gru:reset=before; may be "
                    + "repeated. Default: all.")
    private List<String> cells = Cells.names();

    @Option(names = "--backend", paramLabel = "B",
            description = "${COMPLETION-CANDIDATES}; may be repeated. Default: all.")
    private Set<Backend> backends = EnumSet.allOf(Backend.class);

    @Option(names = "--isa", paramLabel = "TIER",
            description = "${COMPLETION-CANDIDATES}; may be repeated. REFERENCE has BASELINE only. Default: all.")
    private Set<IsaTier> tiers = EnumSet.allOf(IsaTier.class);

    @Spec
    private CommandSpec spec;

    @Mixin
    private Help help;

    private final Streams streams;
    private final BiConsumer<SelfCheck, Consumer<SelfCheck.Row>> check;
    private final Set<String> missing = new LinkedHashSet<>();
    private int bodies;
    private int failed;

    CheckCommand(Streams streams) {
        this(streams, SelfCheck::run);
    }

    /** Shows the rows that {@code check} finds, instead of those of this machine. */
    CheckCommand(Streams streams, BiConsumer<SelfCheck, Consumer<SelfCheck.Row>> check) {
        this.streams = streams;
        this.check = check;
    }

    @Override
    public Integer call() {
        SelfCheck chosen = chosen();
        print("cell", "backend", "tier", "precision", "gradient", "limit", "parity", "limit", "");
        check.accept(chosen, this::show);
        if (bodies == 0) {
            throw new Failure("nothing to check: none of these runs here"
                    + (missing.isEmpty() ? "" : ": " + String.join("; ", missing)));
        }
        if (failed > 0) {
            throw new Failure(failed + " of " + Figures.count(bodies, "body", "bodies") + " failed");
        }
        streams.out().println("all " + Figures.count(bodies, "body", "bodies") + " passed");
        return 0;
    }

    private SelfCheck chosen() {
        try {
            return new SelfCheck(cells, backends, tiers);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(), "--cell: " + e.getMessage().replaceFirst("^cell: ", ""), e);
        }
    }

    private void show(SelfCheck.Row row) {
        String verdict = switch (row.verdict()) {
            case PASSED -> "passed";
            case FAILED -> "FAILED";
            case MISSING -> "missing: " + Failure.oneLine(row.note());
        };
        print(row.cell(), row.backend(), row.tier().map(IsaTier::name).orElse("-"),
                row.precision().map(Precision::name).orElse("-"), figure(row.gradient().map(Deviation::error)),
                figure(row.gradient().map(Deviation::tolerance)), figure(row.parity().map(Deviation::error)),
                figure(row.parity().map(Deviation::tolerance)), verdict);
        if (row.verdict() == Verdict.FAILED) {
            failed++;
            streams.out().println("       " + Failure.oneLine(row.note()));
        }
        if (row.verdict() == Verdict.MISSING) {
            missing.add(Failure.oneLine(row.note()));
        } else {
            bodies++;
        }
    }

    private static String figure(Optional<Double> value) {
        return value.map(v -> Figures.format("%.1e", v)).orElse("-");
    }

    private void print(Object... cells) {
        streams.out().println(Figures.format(ROW, cells).stripTrailing());
    }
}
