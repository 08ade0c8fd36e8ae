package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.OtherJvm;
import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Streams without end are learned from in memory that does not grow: in a JVM of its own, whose heap is all touched and
 * whose compiler takes next to nothing.
 */
class EndlessStreamTest {
    private static final int WARM = 3_000;
    private static final int STEPS = 100_000;
    private static final List<String> OPTIONS = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms48m",
            "-Xmx48m", "-XX:+AlwaysPreTouch", "--enable-native-access=ALL-UNNAMED");

    /** One object that every step keeps would be 1.6 MB on the heap; 20 bytes outside of it 2 MB. */
    private static final long HEAP = 150_000;
    private static final long ALL = 2_000_000;

    @Test
    void memoryDoesNotGrow() throws IOException, InterruptedException {
        String output = OtherJvm.output(OPTIONS, Streams.class);
        Matcher grown = Pattern.compile("(.+) grew by (-?\\d+) on the heap, (-?\\d+) in all").matcher(output);
        int learners = 0;
        while (grown.find()) {
            assertTrue(Long.parseLong(grown.group(2)) < HEAP && Long.parseLong(grown.group(3)) < ALL, grown.group());
            learners++;
        }
        assertTrue(learners == 4, output);
    }

    /** Learns by each learner, and prints what that took. */
    static final class Streams {
        private Streams() {}

        public static void main(String[] arguments) throws IOException {
            for (Learner learner : List.of(
                    Rtrl.exact(), Rtrl.uoro(1), TruncatedBptt.lookBack(5), Ekf.global())) {
                Backend backend = Backends.missing(Backend.NATIVE).isEmpty() ? Backend.NATIVE : Backend.REFERENCE;
                try (Network network = Network.builder(1).layer(Lstm.of(3)).classes(2).precision(Precision.FLOAT64)
                                .backend(backend).threads(1).quiet().build();
                        NetworkPass pass = network.pass(1, 1).carryState(true)) {
                    Trainer trainer = Trainer.builder(network).learner(learner).build();
                    learn(trainer, pass, WARM);
                    long heap = heap();
                    long resident = resident();
                    learn(trainer, pass, STEPS);
                    System.out.printf("%s grew by %d on the heap, %d in all%n",
                            learner, heap() - heap, resident() - resident);
                }
            }
        }
    }

    /** The class is the sign of the number two steps before. */
    private static void learn(Trainer trainer, NetworkPass pass, int steps) {
        var random = new Random(1);
        var x = new float[1];
        var target = new int[1];
        SequenceBatch batch = SequenceBatch.of(x, 1, 1, 1).targets(target);
        float before = 0;
        for (int step = 0; step < steps; step++) {
            target[0] = before > 0 ? 1 : 0;
            before = x[0];
            x[0] = random.nextFloat(-1, 1);
            trainer.step(pass, batch);
        }
    }

    private static long heap() {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }

    /** {@return bytes of the process that are in memory; 0 where the system does not say} */
    private static long resident() throws IOException {
        Path file = Path.of("/proc/self/statm");
        return Files.exists(file) ? Long.parseLong(Files.readString(file).split(" ")[1]) * 4096 : 0;
    }
}
