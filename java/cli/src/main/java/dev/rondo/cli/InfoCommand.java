package dev.rondo.cli;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.kernel.Backends;
import dev.rondo.network.Cells;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code rondo info}: what would run here, and why nothing faster. */
@Command(name = "info",
        description = "Shows version, JDK, platform, CPU, backends and cells, and why a faster backend is missing.")
final class InfoCommand implements Callable<Integer> {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    @Mixin
    private Help help;

    private final Streams streams;

    InfoCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        line("version", "rondo " + Rondo.Version.text());
        line("JDK", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        line("platform", System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                + System.getProperty("os.arch"));
        line("CPU", cpuModel() + ", " + Figures.count(Runtime.getRuntime().availableProcessors(), "processor"));
        if (IsaTier.defaultCap() != IsaTier.AVX512) {
            line("cap", "RONDO_MAX_ISA=" + System.getenv("RONDO_MAX_ISA"));
        }
        line("OpenBLAS", Backends.openBlas().replaceFirst("^OpenBLAS ", ""));
        var execution = Execution.threads(Defaults.threads());
        for (Backend backend : Backend.values()) {
            line(backend.name(), Backends.missing(backend)
                    .map(reason -> "not available: " + Failure.oneLine(reason))
                    .orElseGet(() -> Backends.details(backend, execution)));
        }
        line("cells", String.join(", ", Cells.variants()));
        line("in use", Backends.best().name());
        return 0;
    }

    private void line(String name, String value) {
        streams.out().println(Figures.format("%-10s %s", name, value));
    }

    private static String cpuModel() {
        try (var lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException _) { // not Linux
            String identifier = System.getenv("PROCESSOR_IDENTIFIER"); // Windows
            return identifier == null ? "unknown" : identifier;
        }
    }
}
