package dev.rondo.cli.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;

/** One page about one training, or about several side by side, which loads nothing from anywhere. */
public final class Report {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'");

    /** Makes a browser refuse whatever is not in the page, should something have come in by a text in it. */
    private static final String POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
            + "img-src data:; base-uri 'none'; form-action 'none'";

    private static final String GENERATOR = "<meta name=\"generator\" content=\"Rondo\">";

    private Report() {}

    /** {@return whether there is a file that is no page of this kind} */
    public static boolean isOfAnotherKind(Path file) throws IOException {
        return Files.exists(file) && !new String(Files.readAllBytes(file), StandardCharsets.UTF_8).contains(GENERATOR);
    }

    /**
     * Writes the page. Whoever reads the file meanwhile sees the old page or the new one.
     *
     * @param file HTML; its directory exists
     * @param runs at least one, all of one unit
     * @throws IllegalArgumentException if there is none, or their units differ
     * @throws IOException if it cannot be written; the file is as it was then
     */
    public static void write(Path file, List<Run> runs) throws IOException {
        byte[] page = html(runs).getBytes(StandardCharsets.UTF_8);
        Path beside = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.write(beside, page);
            Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(beside);
            throw named(file, e);
        }
    }

    /** {@return {@code e} of the page that was to be written, not of the file beside it} */
    private static FileSystemException named(Path file, IOException e) {
        String reason = e instanceof FileSystemException system ? system.getReason() : e.getMessage();
        var named = new FileSystemException(file.toString(), null, reason == null ? "cannot be written" : reason);
        named.initCause(e);
        return named;
    }

    static String html(List<Run> runs) {
        if (runs.isEmpty()) {
            throw new IllegalArgumentException("runs: expected at least one, got none");
        }
        Run first = runs.getFirst();
        for (Run run : runs) {
            if (run.unit() != first.unit()) {
                throw new IllegalArgumentException("runs: expected all of one unit, whose figures can be compared, got "
                        + first.name() + " of " + first.unit().plural() + " and " + run.name() + " of "
                        + run.unit().plural());
            }
        }
        return runs.size() == 1
                ? page(first.name(), new RunPage(first).html())
                : page(runs.size() + " trainings", new ComparisonPage(runs).html());
    }

    private static String page(String title, String body) {
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta http-equiv="Content-Security-Policy" content="%s">
                <link rel="icon" href="data:,">
                %s
                <title>%s</title>
                <style>
                %s</style>
                </head>
                <body>
                %s<footer>Written by Rondo, %s.</footer>
                <script>
                %s</script>
                </body>
                </html>
                """.formatted(POLICY, GENERATOR, Html.escape(title) + " – Rondo", resource("report.css"), body,
                ZonedDateTime.now(ZoneOffset.UTC).format(TIME), resource("report.js"));
    }

    private static String resource(String name) {
        try (InputStream stream = Report.class.getResourceAsStream(name)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
