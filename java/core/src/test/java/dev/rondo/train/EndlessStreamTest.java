package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.parallel.Isolated;

/** Streams without end are learned from in memory that does not grow. */
@Isolated("memory of the whole process is measured")
class EndlessStreamTest {
    private static final int WARM = 5_000;
    private static final int STEPS = 20_000;

    /** A KiB that every step keeps would be 20 MB, and one object that it keeps some 300 KB. */
    private static final long HEAP = 300_000;
    private static final long ALL = 20_000_000;

    @ParameterizedTest
    @ValueSource(strings = {"exact", "uoro", "window"})
    void memoryDoesNotGrow(String name) throws IOException {
        Learner learner = switch (name) {
            case "exact" -> Rtrl.exact();
            case "uoro" -> Rtrl.uoro(1);
            default -> TruncatedBptt.lookBack(5);
        };
        Backend backend = Backends.missing(Backend.NATIVE).isEmpty() ? Backend.NATIVE : Backend.REFERENCE;
        try (Network network = Network.builder(1).layer(Lstm.of(3)).classes(2).precision(Precision.FLOAT64)
                        .backend(backend).threads(1).quiet().build();
                NetworkPass pass = network.pass(1, 1).carryState(true)) {
            Trainer trainer = Trainer.builder(network).learner(learner).build();
            learn(trainer, pass, WARM);
            long heap = heap();
            long resident = resident();
            learn(trainer, pass, STEPS);
            long grown = heap() - heap;
            assertTrue(grown < HEAP, "heap: " + grown);
            assertTrue(resident() - resident < ALL, "resident: " + (resident() - resident));
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
