package dev.rondo.cli;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.check.EchoState;
import dev.rondo.kernel.Backends;
import dev.rondo.network.Cells;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.Vocabulary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code rondo info}: what would run here, and why nothing faster; or what a model is. */
@Command(name = "info",
        description = "Shows version, JDK, platform, CPU, memory, backends and cells, and why a faster backend is "
                + "missing; of a model, what it knows and what it is made of.")
final class InfoCommand implements Callable<Integer> {
    @Option(names = "--model", paramLabel = "DIR",
            description = "Directory that rondo train wrote, or a model file: shows this instead.")
    private Path model;

    @Mixin
    private Help help;

    private final Streams streams;

    InfoCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        if (model != null) {
            showModel();
        } else {
            showMachine();
        }
        return 0;
    }

    private void showModel() throws IOException {
        try (var language = LanguageModel.load(model, network -> network.threads(1))) {
            Vocabulary vocabulary = language.vocabulary();
            Network network = language.network();
            line("unit", vocabulary.unit().singular() + ", figures in nats and " + vocabulary.unit().measureName());
            line("vocabulary", vocabulary.toString());
            line("line start", vocabulary.lineStart().isPresent() ? "known" : "unknown: its text had but one line");
            line("input", ModelText.input(network.description()));
            List<Layer> layers = network.description().layers();
            for (int i = 0; i < layers.size(); i++) {
                line("layer", ModelText.layer(layers.get(i)) + (layers.get(i).cell() instanceof Reservoir
                        ? Figures.format(", effective radius %.4f", EchoState.effectiveRadius(network, i))
                        : ""));
            }
            line("output", ModelText.output(network.description()));
            line("parameters", Figures.format("%,d", network.parameters().count()) + ", " + network.precision());
        }
        LanguageModelTrainer.settings(model).forEach((name, value) -> line(ModelText.setting(name), value));
    }

    private void showMachine() {
        line("version", Machine.version());
        line("JDK", Machine.jdk());
        line("platform", Machine.platform());
        line("CPU", Machine.cpu());
        line("memory", Machine.memory());
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
    }

    private void line(String name, String value) {
        streams.out().println(Figures.format("%-14s %s", name, value));
    }
}
