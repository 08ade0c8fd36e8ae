package dev.rondo.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The option that every command has. */
@Command
final class Help {
    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Shows this help.")
    private boolean wanted;
}
