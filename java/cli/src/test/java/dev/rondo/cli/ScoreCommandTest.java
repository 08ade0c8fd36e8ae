package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertIterableEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Network;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.RankedText;
import dev.rondo.text.Ranking;
import dev.rondo.text.TokenScore;
import dev.rondo.text.Vocabulary;
import dev.rondo.text.WordOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code rondo score} says beside the score of each line, of models that learned nothing. */
class ScoreCommandTest {
    private static final String AWKWARD = "a\tb\\n \"quoted\" <b> 🦊";

    @TempDir
    private static Path directory;

    private static Path characters;
    private static Path words;

    @BeforeAll
    static void make() throws IOException {
        characters = save("characters", Vocabulary.characters("\n" + AWKWARD + "cdefghijklm"));
        words = save("words", Vocabulary.words("the cat sat on the mat \n", WordOptions.defaults()));
    }

    private static Path save(String name, Vocabulary vocabulary) throws IOException {
        Path file = directory.resolve(name + ".rondo");
        Network network = Network.oneHot(vocabulary.size()).layer(Lstm.of(4)).classes(vocabulary.size()).seed(1).build();
        try (var model = new LanguageModel(vocabulary, network)) {
            model.save(file);
        }
        return file;
    }

    private static <R> R with(Path file, Function<LanguageModel, R> use) {
        try (var model = LanguageModel.load(file)) {
            return use.apply(model);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<JsonObject> json(String input, Object... options) {
        Object[] args = SmallText.with(new Object[] {"score", "--format", "json"}, options);
        return Outcome.with(input, args).succeeded().out().lines()
                .map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
    }

    private static List<String> texts(List<JsonObject> rows, String name) {
        return rows.stream().map(row -> row.get(name).getAsString()).toList();
    }

    @Test
    void jsonHasEveryDigitAndNoTotal() {
        List<JsonObject> rows = json(AWKWARD + "\n\ncab\n", "--model", characters);
        assertEquals(List.of(AWKWARD, "", "cab"), texts(rows, "text"));
        assertEquals(List.of("1", "2", "3"), texts(rows, "line"));
        assertEquals(List.of("standard input", "character"),
                List.of(rows.getFirst().get("file").getAsString(), rows.getFirst().get("unit").getAsString()));
        List<Double> nats = with(characters, model -> model.score(List.of(AWKWARD, "", "cab"))).stream()
                .map(score -> score.nats()).toList();
        for (int i = 0; i < 3; i++) {
            assertEquals(-nats.get(i), rows.get(i).get("log_probability").getAsDouble(), 0.0);
        }
        assertTrue(rows.get(1).get("nats_per_unit").isJsonNull(), "an empty line has no mean");
        assertEquals(nats.get(2) / 3, rows.get(2).get("nats_per_unit").getAsDouble(), 0.0);
        assertEquals(3, rows.get(2).get("units").getAsInt());
    }

    @Test
    void tabSeparatedValuesCanBeTakenApart() {
        List<List<String>> rows = Outcome.with(AWKWARD + "\n\n", "score", "--format", "tsv", "--model", characters)
                .succeeded().out().lines().map(line -> Arrays.asList(line.split("\t", -1))).toList();
        assertEquals(List.of("file", "line", "log_probability", "nats_per_unit", "bits_per_unit", "perplexity", "units",
                "unit", "unknown", "text"), rows.getFirst());
        assertEquals(3, rows.size());
        assertTrue(rows.stream().allMatch(row -> row.size() == 10), rows.toString());
        String text = rows.get(1).getLast();
        assertEquals("a\\tb\\\\n \"quoted\" <b> 🦊", text);
        assertEquals(-with(characters, model -> model.score(List.of(AWKWARD, ""))).getFirst().nats(),
                Double.parseDouble(rows.get(1).get(2)), 0.0);
        assertEquals("", rows.get(2).get(3), "no mean of nothing");
    }

    @Test
    void tokensOfALineSumUpToIt() {
        List<String> lines = List.of(AWKWARD, "", "cab");
        List<JsonObject> rows = json(String.join("\n", lines), "--tokens", "--model", characters);
        List<List<TokenScore>> expected = with(characters, model -> model.scoreTokens(lines));
        assertEquals(expected.stream().flatMap(List::stream).map(TokenScore::text).toList(), texts(rows, "text"));
        assertEquals(List.of(1, 2, 3), rows.stream().filter(row -> row.get("line").getAsInt() == 3)
                .map(row -> row.get("position").getAsInt()).toList());
        double sum = rows.stream().filter(row -> row.get("line").getAsInt() == 1)
                .mapToDouble(row -> row.get("log_probability").getAsDouble()).sum();
        assertEquals(-with(characters, model -> model.score(lines)).getFirst().nats(), sum, 1e-12);
        String table = Outcome.with("a\tb", "score", "--tokens", "--model", characters).succeeded().out();
        assertEquals(List.of("\"a\"", "\"\\t\"", "\"b\""), table.lines().skip(1)
                .map(line -> line.substring(line.indexOf('"'))).toList());
    }

    @Test
    void candidatesAreRanked() {
        List<String> lines = List.of("cab", "abcdefgh", "a", "kilm");
        for (Ranking ranking : Ranking.values()) {
            Object[] perUnit = ranking == Ranking.PER_UNIT ? new Object[] {"--per-unit"} : new Object[0];
            List<JsonObject> rows = json(String.join("\n", lines),
                    SmallText.with(new Object[] {"--rank", "--model", characters}, perUnit));
            List<RankedText> expected = with(characters, model -> model.rank(lines, ranking));
            assertEquals(expected.stream().map(RankedText::text).toList(), texts(rows, "text"));
            assertEquals(List.of("1", "2", "3", "4"), texts(rows, "rank"));
            assertEquals(expected.getFirst().index() + 1, rows.getFirst().get("line").getAsInt());
        }
    }

    @Test
    void gapsAreFilled() throws IOException {
        List<RankedText> all = with(words, model -> model.fill("the ___ sat", 5));
        List<JsonObject> rows = json("the ___ sat\non ___\n", "--fill", "--model", words);
        assertEquals(2 * 5, rows.size(), "all five words, of two lines");
        assertEquals(all.stream().map(RankedText::text).toList(), texts(rows.subList(0, 5), "filling"));
        assertEquals("the " + all.getFirst().text() + " sat", rows.getFirst().get("text").getAsString());
        assertEquals(-all.getFirst().score().nats(), rows.getFirst().get("log_probability").getAsDouble(), 0.0);

        Path file = Files.writeString(directory.resolve("candidates.txt"), "mat\ncat mat\n");
        for (Object candidates : new Object[] {"mat,cat mat", file}) {
            List<JsonObject> two = json("the ___ sat", "--fill", "--candidates", candidates, "--model", words);
            assertEquals(List.of("cat mat", "mat"), texts(two, "filling").stream().sorted().toList());
            assertEquals(1, json("the ___ sat", "--fill", "--top", 1, "--candidates", candidates, "--model", words)
                    .size());
        }
        assertEquals(List.of("a,b", "cat", "mat"), texts(json("the ___ sat", "--fill", "--candidate", "cat",
                "--candidate", "a,b", "--candidates", ",mat", "--top", 9, "--model", words), "filling").stream()
                .filter(filling -> !filling.isEmpty()).sorted().toList());
        Outcome.with("the ___ sat", "score", "--fill", "--candidates", "lord", "--model", words)
                .failed(1, "--candidates: expected a file or a list, as in lord,lady, got lord, and there is no such"
                        + " file; --candidate takes a single one");
    }

    /** They are scored as the unknown word that they are to the model. */
    @Test
    void fillingsThatTheModelDoesNotKnowAreSaid() {
        List<JsonObject> rows = json("the ___ sat", "--fill", "--candidates", "zzzqq,mat", "--model", words);
        for (JsonObject row : rows) {
            assertEquals(row.get("filling").getAsString().equals("mat") ? 0 : 1, row.get("unknown").getAsInt());
        }
        assertEquals(2, rows.size());
        String table = Outcome.with("the ___ sat", "score", "--fill", "--candidate", "zzzqq", "--model", words)
                .succeeded().out();
        assertTrue(table.lines().findFirst().orElseThrow().contains(" unknown "), table);
        assertTrue(table.matches("(?s).* 1  \"zzzqq\"\\R"), table);
    }

    /** Neither can a filling hide, nor a line move the cursor of a terminal. */
    @Test
    void tablesShowWhatCannotBeSeen() throws IOException {
        String hidden = "a \t\u001b[2J\\";
        Path file = save("hidden", Vocabulary.characters("\n" + hidden));
        String scores = Outcome.with(hidden, "score", "--model", file).succeeded().out();
        assertTrue(scores.contains("  a \\t\\u001B[2J\\\\" + System.lineSeparator()), scores);
        String ranks = Outcome.with(hidden, "score", "--rank", "--model", file).succeeded().out();
        assertTrue(ranks.endsWith("  a \\t\\u001B[2J\\\\" + System.lineSeparator()), ranks);
        String fillings = Outcome.with("a___", "score", "--fill", "--top", 9, "--model", file).succeeded().out();
        assertEquals(List.of("\" \"", "\"2\"", "\"J\"", "\"[\"", "\"\\\\\"", "\"\\t\"", "\"\\u001B\"", "\"a\""),
                fillings.lines().skip(1).map(line -> line.substring(line.indexOf('"'))).sorted().toList());
    }

    /** Two lines and a half are there, and the rest comes only after the two have been answered. */
    @Test
    void wholeLinesDoNotWaitForTheRestOfOne() throws Exception {
        var err = new ByteArrayOutputStream();
        var answers = new LinkedBlockingQueue<String>();
        var out = new OutputStream() {
            private final StringBuilder line = new StringBuilder();

            @Override
            public void write(int b) {
                if (b == '\n') {
                    answers.add(line.toString());
                    line.setLength(0);
                } else {
                    line.append((char) b);
                }
            }
        };
        var pipe = new PipedOutputStream();
        try (var in = new PipedInputStream(pipe)) {
            var streams = new Streams(in, new PrintStream(out, true, StandardCharsets.UTF_8),
                    new PrintStream(err, true, StandardCharsets.UTF_8), false);
            var exitCode = new CompletableFuture<Integer>();
            Thread.ofVirtual().start(() -> exitCode.complete(
                    Rondo.run(streams, "score", "--format", "json", "--model", characters.toString())));
            pipe.write("cab\r\n\nfa".getBytes(StandardCharsets.UTF_8));
            pipe.flush();
            assertTrue(answers.take().contains("\"text\":\"cab\""));
            assertTrue(answers.take().contains("\"text\":\"\""));
            pipe.write("de".getBytes(StandardCharsets.UTF_8));
            pipe.close();
            assertTrue(answers.take().contains("\"text\":\"fade\""));
            assertEquals(0, exitCode.get(), () -> err.toString(StandardCharsets.UTF_8));
        }
    }

    @Test
    void linesThatCannotBeRankedOrFilledAreNamed() {
        Outcome.with("cab\n\n", "score", "--rank", "--model", characters).failed(1, "standard input, line 2: is empty");
        Outcome.with("cab\nz", "score", "--rank", "--model", characters)
                .failed(1, "standard input, line 2: character 'z' (U+007A) at position 0");
        Outcome.with("\n", "score", "--fill", "--model", words).failed(1, "standard input, line 1: is empty");
        Outcome.with("the cat", "score", "--fill", "--model", words)
                .failed(1, "standard input, line 1: expected one gap, ___, got none in \"the cat\"");
        Outcome.with("the ___ ___", "score", "--fill", "--model", words)
                .failed(1, "standard input, line 1: expected one gap, ___, got several");
        Outcome.with("a___z", "score", "--fill", "--model", characters)
                .failed(1, "standard input, line 1: character 'z'");
        Outcome.with("a___", "score", "--fill", "--candidates", "a,z", "--model", characters)
                .failed(1, "--candidates: 'z': character 'z'");
    }

    /** More than are taken at once, of all lengths: they come out in the order in which they went in. */
    @Test
    void linesBeforeOneThatCannotBeReadAreScored() {
        List<String> lines = IntStream.range(0, 5000)
                .mapToObj(i -> "abcdefghijklm".substring(0, i % 13) + "cab".charAt(i % 3)).toList();
        String input = lines.stream().collect(Collectors.joining("\n", "", "\nz\nabc\n"));
        Outcome outcome = Outcome.with(input, "score", "--format", "json", "--model", characters);
        assertIterableEquals(lines, outcome.out().lines()
                .map(line -> JsonParser.parseString(line).getAsJsonObject().get("text").getAsString()).toList());
        outcome.failed(1, "standard input, line 5001: character 'z' (U+007A) at position 0");
    }

    /** Standard input never ends; rows come all the same, until nobody takes them. */
    @Test
    void endlessInputIsScoredAsItComes() {
        var endless = new InputStream() {
            private int at;

            @Override
            public int read() {
                return "cab\n".charAt(at++ % 4);
            }
        };
        var taken = new ArrayList<Integer>();
        var narrow = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                taken.add(b);
                if (taken.size() > 200_000) {
                    throw new IOException("broken pipe");
                }
            }
        };
        var err = new ByteArrayOutputStream();
        var streams = new Streams(endless, new PrintStream(narrow, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8), false);
        assertEquals(1, Rondo.run(streams, "score", "--model", characters.toString()));
        assertEquals("rondo: standard output: cannot be written" + System.lineSeparator(),
                err.toString(StandardCharsets.UTF_8));
    }
}
