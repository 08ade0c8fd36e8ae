package dev.rondo.cli;

import dev.rondo.cli.report.Report;
import dev.rondo.cli.report.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rondo report}: a page about a training, or about several side by side. */
@Command(name = "report", description = {"Writes a web page about trainings, which needs nothing but itself.",
        "Several are drawn over each other, and what differs in their settings is listed; they must be of one unit."})
final class ReportCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "RUN", description = "Directories that rondo train wrote, by one seed or "
            + "several.")
    private List<Path> runs;

    @Option(names = "--out", paramLabel = "FILE", defaultValue = "report.html",
            description = "The page. Default: ${DEFAULT-VALUE}.")
    private Path out;

    @Mixin
    private Help help;

    private final Streams streams;

    ReportCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        var directories = new ArrayList<RunDirectory>();
        for (Path run : runs) {
            directories.addAll(trainings(run));
        }
        boolean distinct = directories.stream().map(RunDirectory::name).distinct().count() == directories.size();
        if (Files.isDirectory(out)) {
            throw new Failure(out + ": is a directory; --out names a file");
        }
        var read = new ArrayList<Run>();
        for (RunDirectory directory : directories) {
            Path run = directory.path();
            read.add(new Journal(directory).read(distinct ? directory.name() : run.toString())
                    .orElseThrow(() -> new Failure(run + ": no training with evaluations or a journal in it")));
        }
        Files.createDirectories(out.toAbsolutePath().getParent());
        Report.write(out, read);
        streams.out().println("report: " + out);
        return 0;
    }

    /** {@return the training in a directory, or those by several seeds below it that have something to tell} */
    private static List<RunDirectory> trainings(Path run) throws IOException {
        if (!Files.isDirectory(run)) {
            throw new Failure(run + ": expected the directory of a training, got "
                    + (Files.exists(run) ? "a file" : "nothing"));
        }
        var own = new RunDirectory(run);
        List<RunDirectory> bySeed = own.hasRecord() ? List.of()
                : new SeedRuns(run).all().stream().filter(RunDirectory::hasRecord).toList();
        return bySeed.isEmpty() ? List.of(own) : bySeed;
    }
}
