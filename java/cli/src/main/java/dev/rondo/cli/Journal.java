package dev.rondo.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import dev.rondo.cli.report.Run;
import dev.rondo.cli.report.Run.Sample;
import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a report tells beside the evaluations, as JSON lines in the directory of a training: one line for each time that
 * it was begun or gone on with and each time that it ended, each sample, each look at how far gradients reach.
 */
final class Journal {
    private static final Gson GSON = new GsonBuilder()
            .serializeSpecialFloatingPointValues().disableHtmlEscaping().create();

    private final RunDirectory directory;
    private final JsonLines lines;

    /** One line. Of the members but one are null. */
    private record Entry(Session session, End end, Sample sample, Gradient gradient) {}

    /** A time that it ran. */
    private record Session(String unit, Map<String, String> settings, Map<String, String> machine) {}

    /** That it ended: after how many seconds of training in all, and whether it was stopped before its length. */
    private record End(double seconds, boolean stopped) {}

    /** Norms of each layer by lag. */
    private record Gradient(long step, List<double[]> layers) {}

    Journal(RunDirectory directory) {
        this.directory = directory;
        this.lines = new JsonLines(directory.journal());
    }

    void session(TextUnit unit, Map<String, String> settings, Map<String, String> machine) throws IOException {
        append(new Entry(new Session(unit.singular(), settings, machine), null, null, null));
    }

    void end(double seconds, boolean stopped) throws IOException {
        append(new Entry(null, new End(seconds, stopped), null, null));
    }

    void sample(Sample sample) throws IOException {
        append(new Entry(null, null, sample, null));
    }

    void gradient(long step, List<double[]> layers) throws IOException {
        append(new Entry(null, null, null, new Gradient(step, layers)));
    }

    private void append(Entry entry) throws IOException {
        lines.append(GSON.toJson(entry));
    }

    /** {@return the seconds of training that ended, in all its runs; 0 if no run of it did} */
    double seconds() throws IOException {
        double seconds = 0;
        for (JsonObject line : lines.read()) {
            End end = parse(line).end;
            seconds = end == null ? seconds : Math.max(seconds, end.seconds);
        }
        return seconds;
    }

    /** {@return whether it came to its end: it was not stopped, nor did it break off} */
    boolean isEnded() throws IOException {
        boolean ended = false;
        for (JsonObject line : lines.read()) {
            Entry entry = parse(line);
            if (entry.session != null || entry.end != null) {
                ended = entry.end != null && !entry.end.stopped;
            }
        }
        return ended;
    }

    /** {@return all that is known of the training, under a name; empty if nothing is} */
    Optional<Run> read(String name) throws IOException {
        List<Evaluation> evaluations = new EvaluationLog(directory.evaluations()).read();
        Session first = null;
        Session session = null;
        Gradient gradient = new Gradient(0, List.of());
        var samples = new ArrayList<Sample>();
        for (JsonObject line : lines.read()) {
            Entry entry = parse(line);
            session = entry.session == null ? session : entry.session;
            first = first == null ? session : first;
            gradient = entry.gradient == null ? gradient : entry.gradient;
            if (entry.sample != null) {
                samples.add(entry.sample);
            }
        }
        if (session == null) { // one of before there were journals
            return evaluations.isEmpty() ? Optional.empty() : Optional.of(new Run(name,
                    evaluations.getLast().unit(), Map.of(), Map.of(), evaluations, samples, gradient.layers));
        }
        var settings = new LinkedHashMap<>(session.settings);
        settings.replace(Run.TEXT, first.settings.get(Run.TEXT)); // later ones say that it is the text of the first
        return Optional.of(new Run(name, TextUnit.of(session.unit), settings, session.machine, evaluations, samples,
                gradient.layers));
    }

    private Entry parse(JsonObject line) throws IOException {
        try {
            return GSON.fromJson(line, Entry.class);
        } catch (JsonParseException e) {
            throw new IOException(lines.file() + ": expected the journal of a training, got " + line, e);
        }
    }
}
