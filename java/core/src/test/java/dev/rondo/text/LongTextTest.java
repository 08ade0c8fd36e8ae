package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.OtherJvm;
import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A text whose tokens alone, as a list of int, would not fit into the heap. */
class LongTextTest {
    private static final int LINES = 6_000_000; // of 50 bytes
    private static final int NUMBERS = 1_000_000; // words that tell lines apart

    @TempDir
    Path directory;

    @Test
    void threeHundredMegabytesAreLearnedInAHeapOf512() throws Exception {
        Path file = directory.resolve("long.txt");
        try (OutputStream out = Files.newOutputStream(file)) {
            write(out);
        }
        assertEquals(300_000_000, Files.size(file));
        List<String> options = List.of("-Xmx512m", "-Drondo.test.text=" + file);
        List<String> lines = OtherJvm.output(options, Training.class).lines()
                .filter(line -> line.startsWith("> ")).toList();
        // Ten digits, six letters, space and newline; nine words of a line, and its end.
        assertEquals(List.of("> 299000000 1000000 18 characters, step 3",
                "> 59000000 1000000 1,000 words, at most 1000, step 3"), lines);
    }

    /** Lines whose numbers tell them apart. */
    private static void write(OutputStream out) throws IOException {
        byte[] line = "line 0000000 gale nail angle gain linage alien in\n".getBytes(StandardCharsets.US_ASCII);
        var many = new byte[1000 * line.length];
        for (int first = 0; first < LINES; first += 1000) {
            for (int i = 0; i < 1000; i++) {
                number((first + i) % NUMBERS, line);
                System.arraycopy(line, 0, many, i * line.length, line.length);
            }
            out.write(many);
        }
    }

    private static void number(int value, byte[] line) {
        for (int at = 11; at >= 5; at--) {
            line[at] = (byte) ('0' + value % 10);
            value /= 10;
        }
    }

    /** In the other JVM. */
    static final class Training {
        private Training() {}

        public static void main(String[] arguments) throws IOException {
            Path file = Path.of(System.getProperty("rondo.test.text"));
            TextCorpus.Builder corpus = TextCorpus.builder(TextSource.of(List.of(file)));
            train(corpus.directory(file.resolveSibling("characters")).build());
            train(corpus.words(WordOptions.defaults().maximumSize(1000))
                    .directory(file.resolveSibling("words")).build());
        }

        /** Three steps, after which a training that is stopped does not evaluate. */
        private static void train(TextCorpus corpus) throws IOException {
            var running = new AtomicReference<LanguageModelTrainer>();
            var stop = new TrainingListener() {
                @Override
                public void step(TrainingProgress progress) {
                    if (progress.step() == 3) {
                        running.get().stop();
                    }
                }
            };
            try (var training = LanguageModelTrainer.builder(corpus).cell(Lstm.of(4)).batchSize(32).timeSteps(8)
                    .backend(Backend.REFERENCE).threads(1).listener(stop).build()) {
                running.set(training);
                TrainingSummary summary = training.run(Budget.steps(5));
                System.out.println("> " + corpus.training().length() + " " + corpus.validation().length() + " "
                        + corpus.vocabulary() + ", step " + summary.step());
            }
        }
    }
}
