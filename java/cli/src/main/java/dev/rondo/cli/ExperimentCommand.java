package dev.rondo.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonNull;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import dev.rondo.cli.experiment.Experiment;
import dev.rondo.cli.experiment.Findings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rondo experiment}: a published experiment, run again. */
@Command(name = "experiment", description = {
        "Runs a published experiment again, and prints what was found then and now.",
        "A picture of it goes into a PNG file."}, sortOptions = false)
final class ExperimentCommand implements Callable<Integer> {
    /** What is no finite number is null: JSON has no other. */
    private static final JsonSerializer<Double> FINITE = (number, _, _) ->
            Double.isFinite(number) ? new JsonPrimitive(number) : JsonNull.INSTANCE;

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().serializeNulls()
            .registerTypeAdapter(Double.class, FINITE).registerTypeAdapter(double.class, FINITE).create();

    @Parameters(index = "0", arity = "0..1", paramLabel = "NAME", description = "Which one; --list names them.")
    private String name;

    @Option(names = "--list", description = "Lists the experiments.")
    private boolean list;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "The same seed gives the same figures. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--threads", paramLabel = "N",
            description = "Trials that run side by side. Default: the processors, at most 8.")
    private Integer threads;

    @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures, an array of objects.")
    private Path json;

    @Option(names = "--out", paramLabel = "FILE", description = "Where the picture goes. Default: runs/NAME.png.")
    private Path out;

    @Spec
    private CommandSpec spec;

    @Mixin
    private Help help;

    private final Streams streams;

    ExperimentCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        if (list) {
            for (Experiment experiment : Experiment.all()) {
                streams.out().println(Figures.format("%-20s %s", experiment.name(), experiment.summary()));
            }
            return 0;
        }
        Experiment experiment = Experiment.all().stream().filter(e -> e.name().equals(name)).findAny()
                .orElseThrow(() -> misused("NAME: expected " + Experiment.all().stream().map(Experiment::name)
                        .collect(Collectors.joining(", ")) + ", got " + (name == null ? "none" : name)));
        int shares = threads == null ? Defaults.threads() : threads;
        if (shares < 1) {
            throw misused("--threads: expected at least 1, got " + shares);
        }
        run(experiment, shares);
        return 0;
    }

    private void run(Experiment experiment, int shares) throws IOException {
        Path picture = out == null ? Path.of("runs", experiment.name() + ".png") : out;
        for (Path file : json == null ? new Path[] {picture} : new Path[] {picture, json}) {
            Files.createDirectories(file.toAbsolutePath().getParent()); // now, not after minutes
        }
        streams.out().println(experiment.name() + ": " + experiment.summary());
        Findings findings;
        try (var progress = new ExperimentDisplay(streams)) {
            findings = experiment.run(seed, shares, progress);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure("interrupted", e);
        }
        findings.report().forEach(line -> streams.out().println(line.stripTrailing()));
        if (json != null) {
            Files.writeString(json, GSON.toJson(findings.figures()) + "\n");
        }
        ImageIO.write(BitmapEncoder.getBufferedImage(findings.picture()), "png", picture.toFile());
        streams.out().println("picture: " + picture);
    }

    private ParameterException misused(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
