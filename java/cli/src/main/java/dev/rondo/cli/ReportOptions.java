package dev.rondo.cli;

import dev.rondo.cli.report.Report;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where a training is told of, beside its own directory. */
final class ReportOptions {
    @Option(names = "--report", paramLabel = "DIR",
            description = "Writes a web page into DIR, index.html, anew at evaluations and at the end: losses, "
                    + "learning rate, gradient, speed, text that the model makes up. rondo report makes one later, "
                    + "too.")
    private Path report;

    @Option(names = "--tensorboard", paramLabel = "DIR",
            description = "Adds an event file for TensorBoard to DIR.")
    private Path tensorBoard;

    /** {@return these, but each in a directory {@code name} below what was asked for} */
    ReportOptions below(String name) {
        var below = new ReportOptions();
        below.report = report == null ? null : report.resolve(name);
        below.tensorBoard = tensorBoard == null ? null : tensorBoard.resolve(name);
        return below;
    }

    /** {@return the directory of the page; null = none wanted} */
    Path report() {
        return report;
    }

    /** {@return the page in it} */
    Path page() {
        return report.resolve("index.html");
    }

    /**
     * Makes that of the page: that it cannot be made shall not be found out after minutes of training. That of event
     * files is made with the first of them, which asks whether it is new.
     */
    void makeDirectory() throws IOException {
        if (report != null) {
            Files.createDirectories(report);
            if (Report.isOfAnotherKind(page())) {
                throw new Failure(page() + ": exists, and is no report; --report names another directory");
            }
        }
    }

    /** Says where the page is. */
    void say(PrintStream out) {
        if (report != null) {
            out.println("report: " + page());
        }
    }

    /** {@return the directory of event files; null = none wanted} */
    Path tensorBoard() {
        return tensorBoard;
    }

    /** {@return these options, for a command that goes on with the training} */
    String text() {
        return (report == null ? "" : " --report " + Invocation.quoted(report))
                + (tensorBoard == null ? "" : " --tensorboard " + Invocation.quoted(tensorBoard));
    }
}
