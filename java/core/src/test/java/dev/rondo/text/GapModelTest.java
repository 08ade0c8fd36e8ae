package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Adam;
import dev.rondo.train.Epochs;
import dev.rondo.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GapModelTest {
    private static final Vocabulary BITS = Vocabulary.characters("\n01");

    /** The middle is whether the two outer ones differ: each is certain by the other two, by one alone none. */
    private static final List<String> LINES = List.of("000", "011", "110", "101");

    @TempDir
    Path directory;

    private static Network network(Vocabulary vocabulary) {
        Layer both = Layer.of(Lstm.of(8)).bidirectional();
        return Network.oneHot(vocabulary.size() + 1).layer(both).layer(both)
                .classes(vocabulary.size()).backend(Backend.REFERENCE).seed(1).build();
    }

    @Test
    void gapsAreFilledFromBothSides() throws IOException {
        Path file = directory.resolve("gaps.rondo");
        try (var model = new GapModel(BITS, network(BITS))) {
            Trainer.builder(model.network()).optimizer(Adam.of(0.02)).batchSize(12).build()
                    .fit(GapModel.examples(BITS, LINES, 3, 1), Epochs.of(150));
            for (String line : LINES) {
                for (int place = 0; place < line.length(); place++) {
                    String gap = line.substring(0, place) + "___" + line.substring(place + 1);
                    List<TokenScore> best = model.fill(gap, 3);
                    assertEquals(line.substring(place, place + 1), best.getFirst().text(), gap);
                    assertTrue(Math.exp(-best.getFirst().nats()) > 0.9, gap + " " + best);
                    double sum = best.stream().mapToDouble(each -> Math.exp(-each.nats())).sum();
                    assertEquals(1, sum, 1e-6, "of all units");
                    assertEquals(best.subList(0, 1), model.fill(gap, 1));
                }
            }
            model.save(file);
            try (GapModel loaded = GapModel.load(file, network -> network.backend(Backend.REFERENCE))) {
                assertEquals(model.fill("0___1", 3), loaded.fill("0___1", 3));
            }
        }
    }

    /** Each line has its three places once, between ends of lines, with the token V in the gap and one target. */
    @Test
    void examplesHaveOneGapEach() {
        int[] line = BITS.encode("011");
        int[] whole = BITS.encode("\n011\n");
        assertEquals(2, GapModel.examples(BITS, line, 2, new SeededRandom(4)).count());
        List<GapModel.Example> examples = GapModel.examples(BITS, line, 9, new SeededRandom(4)).toList();
        int places = 0;
        for (GapModel.Example example : examples) {
            assertEquals(whole.length, example.tokens().length);
            for (int i = 0; i < whole.length; i++) {
                boolean gap = example.tokens()[i] == BITS.size();
                assertEquals(gap ? BITS.size() : whole[i], example.tokens()[i]);
                assertEquals(gap ? whole[i] : SequenceBatch.IGNORED, example.targets()[i]);
                places += gap ? 1 << i : 0;
            }
        }
        assertEquals(3, examples.size());
        assertEquals(4, GapModel.examples(BITS, List.of("011", "", "1"), 9, 4).size(), "an empty line has none");
        assertEquals(0b01110, places, "each place once");
    }

    @Test
    void whatIsNoModelOfGapsIsRefused() throws IOException {
        Path file = directory.resolve("line.rondo");
        try (Network forwards = Network.oneHot(4).layer(Lstm.of(2)).classes(3).build();
                Network small = Network.oneHot(3).layer(Layer.of(Lstm.of(2)).bidirectional()).classes(3).build();
                var language = new LanguageModel(BITS, Network.oneHot(3).layer(Lstm.of(2)).classes(3).build());
                var model = new GapModel(BITS, network(BITS))) {
            assertTrue(refused(() -> new GapModel(BITS, forwards)).startsWith("network: expected a bidirectional layer"));
            assertTrue(refused(() -> new GapModel(BITS, small))
                    .startsWith("network: expected one that reads 4 tokens and predicts 3 classes at each step, got 3"));
            assertEquals("line: expected one gap, ___, got none in \"01\"", refused(() -> model.fill("01", 1)));
            assertEquals("most: expected at least 1, got 0", refused(() -> model.fill("0___", 0)));
            assertEquals("perLine: expected at least 1, got 0",
                    refused(() -> GapModel.examples(BITS, LINES, 0, 1)));
            assertEquals("lines: expected one that is not empty, got none",
                    refused(() -> GapModel.examples(BITS, List.of(""), 1, 1)));
            language.save(file);
            String message = assertThrows(IOException.class,
                    () -> GapModel.load(file, UnaryOperator.identity())).getMessage();
            assertTrue(message.startsWith(file + ": section vocabulary: network: expected one that reads 4 tokens"), message);
        }
    }

    @Test
    void afterItIsClosedAModelDoesNotWork() {
        var model = new GapModel(BITS, network(BITS));
        model.close();
        model.close();
        assertThrows(IllegalStateException.class, () -> model.fill("0___1", 1));
        assertThrows(IllegalStateException.class, () -> model.save(directory.resolve("closed.rondo")));
    }

    private static String refused(Runnable call) {
        return assertThrows(IllegalArgumentException.class, call::run).getMessage();
    }
}
