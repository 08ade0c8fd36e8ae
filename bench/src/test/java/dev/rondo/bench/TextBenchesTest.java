package dev.rondo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Generating and scoring have figures, of texts so short that they take no time. */
class TextBenchesTest {
    @TempDir
    private Path directory;

    @Test
    void generating() throws IOException {
        Path file = directory.resolve("generate.json");
        Generating.main(new Choices(new String[] {"generate", "--units", "3,5", "--threads", "1", "--length", "20",
            "--rounds", "2", "--json", file.toString()}, Generating.OPTIONS));
        List<JsonElement> figures = JsonParser.parseString(Files.readString(file)).getAsJsonArray().asList();
        assertEquals(2, figures.size());
        for (JsonElement figure : figures) {
            JsonObject of = figure.getAsJsonObject();
            assertTrue(of.get("median").getAsDouble() > 0);
            assertTrue(of.get("characters_per_second").getAsDouble() >= of.get("median").getAsDouble());
        }
    }

    @Test
    void scoring() throws IOException {
        Path file = directory.resolve("score.json");
        Scoring.main(new Choices(new String[] {"score", "--lines", "3", "--rounds", "1", "--json", file.toString()},
                Scoring.OPTIONS));
        List<JsonElement> figures = JsonParser.parseString(Files.readString(file)).getAsJsonArray().asList();
        assertEquals(List.of("characters", "words"),
                figures.stream().map(figure -> figure.getAsJsonObject().get("model").getAsString()).toList());
        figures.forEach(figure -> assertTrue(figure.getAsJsonObject().get("alone_per_second").getAsDouble() > 0));
    }
}
