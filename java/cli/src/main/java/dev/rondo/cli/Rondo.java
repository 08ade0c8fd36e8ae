package dev.rondo.cli;

import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code rondo} command.
 *
 * <p>Exit codes: 0 = done, 1 = failed, 2 = wrong usage, 130 and 143 = stopped by SIGINT and SIGTERM. A failure is
 * one line on standard error that begins with {@code rondo:}; {@code --debug} or {@code RONDO_DEBUG=1} adds the stack
 * trace.
 */
@Command(name = "rondo", description = "Recurrent networks: learns language models, and uses them.",
        mixinStandardHelpOptions = true, versionProvider = Rondo.Version.class, synopsisSubcommandLabel = "COMMAND",
        footer = {"", "Try: rondo train", "     rondo COMMAND --help",
            "     rondo bench --help    (benchmarks, by the launcher of a checkout)"})
public final class Rondo implements Callable<Integer> {
    private static final int FAILED = 1;

    @Option(names = "--debug", hidden = true, scope = ScopeType.INHERIT)
    private boolean debug = "1".equals(System.getenv("RONDO_DEBUG"));

    @Spec
    private CommandSpec spec;

    private final Streams streams;

    private Rondo(Streams streams) {
        this.streams = streams;
    }

    /** Runs the command that {@code args} give, and ends the JVM with its exit code. */
    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true"); // plots are drawn into files
        Streams streams = Streams.ofProcess();
        LibraryLog.redirect(streams.err());
        int exitCode = run(streams, args);
        streams.out().flush();
        System.exit(exitCode);
    }

    /** {@return the exit code of the command that {@code args} give} */
    static int run(Streams streams, String... args) {
        var rondo = new Rondo(streams);
        try {
            return rondo.commandLine().execute(Preset.expand(List.of(args)).toArray(String[]::new));
        } catch (Error e) { // picocli passes these on; out of memory is the one to expect
            return rondo.fail(e);
        }
    }

    private CommandLine commandLine() {
        var commandLine = new CommandLine(this)
                .addSubcommand(new TrainCommand(streams))
                .addSubcommand(new GenerateCommand(streams))
                .addSubcommand(new ScoreCommand(streams))
                .addSubcommand(new GapsCommand(streams))
                .addSubcommand(new ReportCommand(streams))
                .addSubcommand(new InfoCommand(streams))
                .addSubcommand(new CheckCommand(streams))
                .addSubcommand(new ExperimentCommand(streams));
        commandLine.setOut(new PrintWriter(streams.out(), true));
        commandLine.setErr(new PrintWriter(streams.err(), true));
        commandLine.registerConverter(Path.class, Rondo::path);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setParameterExceptionHandler((e, _) -> misused(e));
        commandLine.setExecutionExceptionHandler((e, _, _) -> fail(e));
        return commandLine;
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("'" + text + "' is no file name here: " + e.getReason());
        }
    }

    /** Without a command: says how to use it. */
    @Override
    public Integer call() {
        spec.commandLine().usage(streams.err());
        return CommandLine.ExitCode.USAGE;
    }

    private int misused(ParameterException e) {
        CommandSpec command = e.getCommandLine().getCommandSpec();
        String message = Failure.oneLine(e.getMessage()).replaceFirst("^Error: ", "");
        if (command == spec && e instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()) {
            message = "unknown command '" + unmatched.getUnmatched().getFirst() + "'";
        }
        say(message + " (see " + command.qualifiedName() + " --help)", e);
        return CommandLine.ExitCode.USAGE;
    }

    private int fail(Throwable problem) {
        say(Failure.describe(problem), problem);
        return FAILED;
    }

    private void say(String line, Throwable problem) {
        streams.out().flush();
        streams.err().println("rondo: " + line);
        if (debug) {
            problem.printStackTrace(streams.err());
        }
    }

    /** The version, from the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"rondo " + text()};
        }

        static String text() {
            String version = Rondo.class.getPackage().getImplementationVersion();
            return version == null ? "(not from a jar, version unknown)" : version;
        }
    }
}
