package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.Checkpoint;
import dev.rondo.memory.Parameters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Closing, in every order and from other threads. */
class LifecycleTest {
    /** Methods whose numbers are sizes, not places. */
    private static final Set<String> SIZES = Set.of("pass", "inference", "evaluate", "epochInPieces");

    private static Network network() {
        return Network.oneHot(5).layer(Lstm.of(16)).classes(5).backend(Backend.REFERENCE).build();
    }

    private static SequenceBatch batch(int timeSteps) {
        return SequenceBatch.tokens(new int[timeSteps], timeSteps, 1).targets(new int[timeSteps]);
    }

    @Test
    void afterTheNetworkIsClosedNothingWorks() {
        Network network = network();
        NetworkPass pass = network.pass(4, 1);
        Stepper stepper = network.stepper();
        pass.forward(batch(4));
        network.close();
        network.close();
        assertTrue(network.isClosed());
        assertClosed("network", () -> pass.forward(batch(4)));
        assertClosed("network", pass::backward);
        assertClosed("network", () -> stepper.step(1, new float[5]));
        assertClosed("network", network::stepper);
        assertClosed("network", () -> network.pass(4, 1));
        assertClosed("network", () -> network.inference(4, 1));
        assertThrows(IllegalStateException.class, () -> network.parameters().view("head.bias").fill((byte) 0));
        pass.close();
        stepper.close();
    }

    @Test
    void afterAPassIsClosedItDoesNotWork() {
        try (Network network = network()) {
            NetworkPass pass = network.pass(4, 1);
            pass.forward(batch(4));
            pass.close();
            pass.close();
            assertClosed("pass", () -> pass.forward(batch(4)));
            assertClosed("pass", pass::backward);
            assertClosed("pass", pass::resetState);
            assertThrows(IllegalStateException.class, () -> pass.outputs().fill((byte) 0));

            Stepper stepper = network.stepper();
            stepper.close();
            stepper.close();
            assertClosed("stepper", () -> stepper.step(1, new float[5]));
            assertClosed("stepper", stepper::reset);
        }
    }

    @Test
    void everyMethodOfAClosedNetworkSaysSo() throws ReflectiveOperationException {
        Network network = network();
        network.close();
        assertSays("network is closed", network, Set.of("description", "backend", "execution", "precision", "inputSize",
                "outputSize", "tokenRows", "isClosed", "close"),
                Path.of("none.rondo"), Checkpoint.builder(), restorable(), data());
    }

    @Test
    void parametersTakenBeforeSaySoToo() {
        Network network = network();
        Parameters parameters = network.parameters();
        network.close();
        assertClosed("network", () -> parameters.view("head.bias"));
        assertClosed("network", parameters::twin);
    }

    @Test
    void everyMethodOfAClosedPassSaysSo() throws ReflectiveOperationException {
        try (Network network = network()) {
            NetworkPass pass = network.pass(4, 1);
            pass.forward(batch(4));
            pass.close();
            Function<NetworkPass, NetworkPass.Companion> companion = _ -> () -> {};
            assertSays("pass is closed", pass, Set.of("timeSteps", "batchSize", "network", "carryState", "maskSeed",
                    "maskDraw", "timeOrigin", "loss", "counted", "lossWeight", "inputNanos", "headNanos", "close"),
                    batch(4), Checkpoint.builder(), restorable(), companion, new int[] {0});
            OutputLoss zero = (_, _) -> 0;
            assertClosed("pass", () -> pass.loss(zero));
        }
    }

    @Test
    void everyMethodOfAClosedStepperSaysSo() {
        try (Network network = network();
                Network dense = Network.builder(5).layer(Lstm.of(3)).noHead().backend(Backend.REFERENCE).build()) {
            Stepper stepper = network.stepper();
            stepper.close();
            assertClosed("stepper", () -> stepper.step(1, new float[5]));
            assertClosed("stepper", () -> stepper.select(0));
            Stepper reader = dense.stepper();
            reader.close();
            assertClosed("stepper", () -> reader.step(new float[5], new float[3]));
            assertClosed("stepper", reader::reset);
        }
    }

    @Test
    void everyMethodOfClosedBatchesSaysSo() throws ReflectiveOperationException {
        try (Network network = network()) {
            Batches batches = Batches.training(network, data(), 1);
            Batches.Visitor visitor = (_, _) -> true;
            batches.epoch(0, visitor);
            batches.close();
            assertSays("batches are closed", batches, Set.of("padding", "close"), visitor,
                    (Batches.PieceVisitor) (_, _, _) -> true);
            Batches closing = Batches.training(network, data(), 1);
            assertEquals("batches are closed", assertThrows(IllegalStateException.class, () -> closing.epoch(0,
                    (_, _) -> {
                        closing.close();
                        return true;
                    })).getMessage());
        }
    }

    @Test
    void aClosedNetworkWritesNoFile(@TempDir Path directory) {
        Network network = network();
        network.close();
        Path file = directory.resolve("closed.rondo");
        assertClosed("network", () -> {
            try {
                network.save(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        assertFalse(Files.exists(file));
    }

    @Test
    void memoryOfABatchThatIsClosedIsNamed() {
        try (Network network = network(); var pass = network.pass(4, 1)) {
            for (String part : List.of("tokens", "targets", "targetMask", "lengths", "hold")) {
                SequenceBatch batch;
                try (Arena arena = Arena.ofShared()) {
                    MemorySegment memory = arena.allocate(16);
                    batch = switch (part) {
                        case "tokens" -> SequenceBatch.tokens(memory, 4, 1);
                        case "targets" -> batch(4).targets(memory);
                        case "targetMask" -> batch(4).targetMask(memory.asSlice(0, 4));
                        case "lengths" -> batch(4).lengths(memory.asSlice(0, 4));
                        default -> batch(4).hold(memory.asSlice(0, 4));
                    };
                    pass.forward(batch);
                }
                assertEquals(part + " of the batch: its memory is closed",
                        assertThrows(IllegalStateException.class, () -> pass.forward(batch)).getMessage());
            }
            pass.forward(batch(4));
        }
    }

    private static Dataset data() {
        return Dataset.tokens(List.of(new int[] {1, 2}, new int[] {3})).stepLabels(List.of(new int[2], new int[1]));
    }

    private static Checkpoint restorable() {
        try (Network network = network(); var pass = network.inference(1, 1)) {
            Path file = Files.createTempFile("lifecycle", ".rondo");
            try {
                Checkpoint.builder().add(network::write).add(pass::writeStates).write(file);
                return Checkpoint.read(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Calls every public method of {@code closed} but those {@code stillGood}, with arguments of {@code samples}. */
    private static void assertSays(String message, Object closed, Set<String> stillGood, Object... samples)
            throws ReflectiveOperationException {
        var wrong = new ArrayList<String>();
        int calls = 0;
        for (Method method : closed.getClass().getDeclaredMethods()) {
            if (!Modifier.isPublic(method.getModifiers()) || Modifier.isStatic(method.getModifiers())
                    || stillGood.contains(method.getName())) {
                continue;
            }
            Object[] arguments = Arrays.stream(method.getParameterTypes())
                    .map(type -> type == int.class ? (Object) (SIZES.contains(method.getName()) ? 1 : 0)
                            : Arrays.stream(samples).filter(type::isInstance).findFirst().orElseThrow())
                    .toArray();
            calls++;
            try {
                method.invoke(closed, arguments);
                wrong.add(method + ": no exception");
            } catch (InvocationTargetException e) {
                if (!(e.getCause() instanceof IllegalStateException && message.equals(e.getCause().getMessage()))) {
                    wrong.add(method + ": " + e.getCause());
                }
            }
        }
        assertEquals("", String.join("\n", wrong));
        assertTrue(calls > 1, closed + ": calls " + calls);
    }

    private static void assertClosed(String owner, Runnable use) {
        assertEquals(owner + " is closed", assertThrows(IllegalStateException.class, use::run).getMessage());
    }

    @Test
    void whileAPassRunsNothingCanBeClosed() {
        Network network = network();
        NetworkPass pass = network.pass(4, 1);
        var guard = new PassGuard(network.parameters().workspace(), pass.workspace());
        guard.enter();
        String running = ": cannot close while 1 passes are running";
        assertEquals("network" + running, assertThrows(IllegalStateException.class, network::close).getMessage());
        assertEquals("pass" + running, assertThrows(IllegalStateException.class, pass::close).getMessage());
        guard.exit();
        pass.forward(batch(4));
        pass.close();
        network.close();
    }

    @Test
    void onePassServesOneThread() {
        try (Network network = network(); var pass = network.pass(4, 1)) {
            var guard = new PassGuard(network.parameters().workspace(), pass.workspace());
            guard.enter();
            assertEquals("pass: one thread at a time; another is at work",
                    assertThrows(IllegalStateException.class, guard::enter).getMessage());
            guard.exit();
            guard.enter();
            guard.exit();
        }
    }

    /**
     * A thread runs passes without end; closing under it is refused or, between two passes, ends it with an exception.
     */
    @Test
    void closingUnderARunningThreadIsSafe() throws InterruptedException {
        Network network = network();
        NetworkPass pass = network.pass(200, 1);
        SequenceBatch batch = batch(200);
        var end = new AtomicReference<IllegalStateException>();
        var started = new CountDownLatch(1);
        Thread runner = Thread.ofPlatform().start(() -> {
            try {
                while (true) {
                    pass.forward(batch);
                    pass.backward();
                    started.countDown();
                }
            } catch (IllegalStateException e) {
                end.set(e);
            }
        });
        started.await();
        while (!network.isClosed()) {
            try {
                network.close();
            } catch (IllegalStateException e) {
                assertEquals("network: cannot close while", e.getMessage().substring(0, 27));
            }
        }
        runner.join();
        assertEquals("network is closed", end.get().getMessage());
        pass.close();
    }
}
