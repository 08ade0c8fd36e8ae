package dev.rondo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is made of made-up rounds of several systems, up to the file. */
class PeerFiguresTest {
    private static final double[] OURS = {10, 10, 20, 10, 10, 10};
    private static final double[] FAST = {15, 16, 30, 14, 15, 13}; // 1.5 1.6 1.5 1.4 1.5 1.3 of ours
    private static final double[] SLOW = {40, 40, 40, 40, 40, 40};
    private static final double[] HIGH = {50, 70, 60, 60, 10, 90};
    private static final double[] PREPACKED = {5, 5, 5, 5, 5, 5};

    @Test
    void theFileHasOneObjectForEachSystem() {
        List<Map<String, Object>> figures = figures("S3", 60e3);
        JsonArray objects = JsonParser.parseString(Json.array(figures)).getAsJsonArray();
        assertEquals(4, objects.size());
        for (var object : objects) {
            assertTrue(object.getAsJsonObject().keySet().containsAll(List.of(
                    "cell", "shape", "mode", "threads", "system", "median_us", "min_us", "p99_us", "gflops")));
        }
        JsonObject ours = objects.get(0).getAsJsonObject();
        assertEquals("rondo", ours.get("system").getAsString());
        assertEquals(2, ours.get("threads").getAsInt());
        assertEquals(10, ours.get("median_us").getAsDouble());
        assertEquals(9, ours.get("min_us").getAsDouble());
        assertEquals(60, ours.get("p99_us").getAsDouble());
        assertEquals(6, ours.get("gflops").getAsDouble(), 1e-12);
        assertEquals("onednn", ours.get("best_peer").getAsString()); // not the one that leaves packing out
        assertEquals(1.5, ours.get("ratio_best_peer").getAsDouble(), 1e-12);
        assertEquals(1.3, ours.get("ratio_low").getAsDouble(), 1e-12);
        assertEquals(1.6, ours.get("ratio_high").getAsDouble(), 1e-12);
        assertFalse(objects.get(1).getAsJsonObject().has("best_peer"));
    }

    @Test
    void meansAreGeometricAndOverShapes() {
        var figures = new ArrayList<>(figures("S3", 1));
        figures.addAll(figures("S4", 1));
        figures.getLast().put("ratio_best_peer", 6.0); // another system's, as if it were ours
        var means = PeerFigures.geometricMeans(figures);
        assertEquals(1.5, means.get("rondo, lstm, train, threads 2"), 1e-12);
        figures.get(4).put("ratio_best_peer", 6.0);
        assertEquals(3, PeerFigures.geometricMeans(figures).get("rondo, lstm, train, threads 2"), 1e-12);
    }

    @Test
    void textAndNumbersThatJsonLacks() {
        var odd = new LinkedHashMap<String, Object>();
        odd.put("quote\"d", "back\\slash\nline");
        odd.put("nan", Double.NaN);
        odd.put("infinite", Double.POSITIVE_INFINITY);
        JsonObject read = JsonParser.parseString(Json.array(List.of(odd))).getAsJsonArray().get(0).getAsJsonObject();
        assertEquals("back\\slash\nline", read.get("quote\"d").getAsString());
        assertTrue(read.get("nan").isJsonNull());
        assertTrue(read.get("infinite").isJsonNull());
        assertEquals(0, JsonParser.parseString(Json.array(List.of())).getAsJsonArray().size());
    }

    private static List<Map<String, Object>> figures(String shape, double flops) {
        var systems = new LinkedHashMap<String, PeerFigures.Times>();
        systems.put("rondo", new PeerFigures.Times(OURS, 9, HIGH));
        systems.put("onednn", new PeerFigures.Times(FAST, 12, HIGH));
        systems.put("onednn-prepacked", new PeerFigures.Times(PREPACKED, 4, HIGH));
        systems.put("libtorch", new PeerFigures.Times(SLOW, 40, HIGH));
        return PeerFigures.of(new PeerFigures.Work("lstm", shape, "train", 2, flops), systems);
    }
}
