package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Network;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of the docs that serves many users, as a process of its own. */
class ServeTest {
    private static final Path PROGRAM = Path.of(System.getProperty("rondo.home"), "docs/examples/Serve.java");
    private static final int USERS = 9;

    @TempDir
    private Path directory;

    @Test
    void eachUserGetsWhatTheModelMakesUpForHimAlone() throws Exception {
        Path file = directory.resolve("model.rondo");
        Vocabulary vocabulary = Vocabulary.characters("abcdefg hij\nü");
        var network = Network.oneHot(vocabulary.size()).layer(Lstm.of(24)).classes(vocabulary.size()).seed(2).build();
        try (var model = new LanguageModel(vocabulary, network); HttpClient client = HttpClient.newHttpClient()) {
            model.save(file);
            Process server = start(file);
            try (BufferedReader out = server.inputReader()) {
                String line = out.readLine();
                assertTrue(line != null && line.startsWith("listening on /127.0.0.1:"), "got " + line);
                URI address = URI.create("http:/" + line.substring("listening on ".length()));
                assertAnswers(model, client, address);
                HttpResponse<String> unknown = get(client, address, "prompt=z").join();
                assertEquals(400, unknown.statusCode());
                assertEquals("character 'z' (U+007A) at position 0: the model never saw it\n", unknown.body());
                assertEquals("length: expected 1 to 10000, got 0\n", get(client, address, "length=0").join().body());
                assertEquals("seed: expected a number, got x\n", get(client, address, "seed=x").join().body());
            } finally {
                server.toHandle().destroyForcibly();
                server.waitFor();
            }
        }
    }

    /** All at once, of different lengths, so that streams begin and end at different steps. */
    private static void assertAnswers(LanguageModel model, HttpClient client, URI address) {
        var answers = new ArrayList<CompletableFuture<HttpResponse<String>>>();
        for (int user = 0; user < USERS; user++) {
            answers.add(get(client, address, "prompt=ab%C3%BC&length=" + (40 + 30 * user) + "&seed=" + user));
        }
        for (int user = 0; user < USERS; user++) {
            var expected = new StringBuilder();
            model.generate("abü", Sampling.defaults().temperature(0.8).seed(user), 40 + 30 * user, expected::append);
            assertEquals(expected.toString(), answers.get(user).join().body(), "user " + user);
        }
    }

    private static CompletableFuture<HttpResponse<String>> get(HttpClient client, URI address, String query) {
        return client.sendAsync(
                HttpRequest.newBuilder(address.resolve("/?" + query)).build(), BodyHandlers.ofString());
    }

    private Process start(Path model) throws IOException {
        List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), PROGRAM.toString(), model.toString(), "0");
        return new ProcessBuilder(command).redirectError(directory.resolve("err.txt").toFile()).start();
    }
}
