package dev.rondo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.rondo.cell.Backend;
import dev.rondo.kernel.Backends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What learners cost can be measured, here of a few units and weights, for as good as no time. */
class LearnersTest {
    @TempDir
    private Path directory;

    @BeforeEach
    void assumeNative() {
        assumeTrue(Backends.missing(Backend.NATIVE).isEmpty(), "no native library here");
    }

    private static Choices choices(String text) {
        return new Choices(text.split(" "), Learners.OPTIONS);
    }

    @Test
    void stepsAndUpdatesHaveFigures() throws IOException {
        Path file = directory.resolve("figures.json");
        new Learners(choices("learners --units 5 --filters 3 --rows 2 --rounds 6 --json " + file), 0).run();
        List<JsonElement> figures = JsonParser.parseString(Files.readString(file)).getAsJsonArray().asList();
        assertEquals(2 + 4, figures.size()); // cells, and groups
        for (JsonElement element : figures) {
            JsonObject figure = element.getAsJsonObject();
            figure.entrySet().forEach(field -> assertTrue(!field.getValue().isJsonNull(), field.getKey()));
            if (figure.has("cell")) {
                int rows = figure.get("cell").getAsString().equals("lstm") ? 4 * 5 : 5;
                assertEquals(rows * (5 + 5 + 1), figure.get("weights").getAsInt());
                assertTrue(figure.get("step_us").getAsDouble() > figure.get("linearize_us").getAsDouble());
                assertTrue(figure.get("gflops").getAsDouble() > 0);
            } else {
                assertEquals(4 * 3 * (3 + 3 + 1) + 3 + 1, figure.get("weights").getAsInt());
                assertTrue(figure.get("ratio").getAsDouble() > 0);
                assertTrue(figure.get("ratio_low").getAsDouble() <= figure.get("ratio_high").getAsDouble());
            }
        }
    }

    @Test
    void whatIsNoNumberIsRefused() {
        for (String option : List.of("--units 0", "--filters x", "--rows -1", "--rounds 5", "--cells none")) {
            var choices = choices("learners " + option);
            assertThrows(IllegalArgumentException.class, () -> new Learners(choices, 0), option);
        }
    }
}
