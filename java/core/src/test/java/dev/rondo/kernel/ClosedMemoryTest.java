package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Memory that another thread closes while kernels work on it by raw addresses. Memory of the size used here is given
 * back to the operating system at once: a kernel that went on would end the JVM, and with it these tests.
 */
class ClosedMemoryTest {
    private static final CellShape SHAPE = new CellShape(60, 16, 64, 128);
    private static final Cell CELL = Lstm.of(SHAPE.hiddenSize());

    private final Workspace workspace = new Workspace("test");
    private final List<Arena> arenas = new ArrayList<>();

    static List<Backend> backends() {
        return Backends.available();
    }

    @AfterEach
    void free() {
        workspace.close();
        arenas.stream().filter(arena -> arena.scope().isAlive()).forEach(Arena::close);
    }

    /** Memory that all of a pass or a product but its parameters is allocated from; {@code closing} closes it. */
    private record Memory(LongFunction<MemorySegment> bytes, Runnable closing) {
        static Memory ofArena() {
            Arena arena = Arena.ofShared();
            return new Memory(count -> arena.allocate(count, 64), arena::close);
        }

        static Memory ofWorkspace() {
            return of(new Workspace("closing"));
        }

        static Memory of(Workspace workspace) {
            return new Memory(workspace::allocateBytes, workspace::close);
        }

        MemorySegment floats(long count) {
            return bytes.apply(count * Float.BYTES);
        }
    }

    static List<Supplier<Memory>> memories() {
        return List.of(Memory::ofArena, Memory::ofWorkspace);
    }

    @ParameterizedTest
    @MethodSource("memories")
    void staysOpenDuringForward(Supplier<Memory> memory) {
        Available.assume(Backend.NATIVE);
        try (CellPlan plan = plan(Backend.NATIVE)) {
            assertRefusesToClose(memory, m -> {
                CellPass pass = pass(plan, m);
                return () -> plan.forward(pass);
            });
        }
    }

    @ParameterizedTest
    @MethodSource("memories")
    void staysOpenDuringBackward(Supplier<Memory> memory) {
        Available.assume(Backend.NATIVE);
        try (CellPlan plan = plan(Backend.NATIVE)) {
            assertRefusesToClose(memory, m -> {
                CellPass pass = pass(plan, Memory.of(workspace));
                CellGradients gradients = gradients(pass, m);
                return () -> {
                    plan.forward(pass);
                    plan.backward(pass, gradients);
                };
            });
        }
    }

    @ParameterizedTest
    @MethodSource("memories")
    void staysOpenDuringAProduct(Supplier<Memory> memory) {
        Available.assume(Backend.NATIVE);
        Products products = Products.of(Backend.NATIVE, Precision.FLOAT32, Execution.threads(1));
        int n = 400;
        assertRefusesToClose(memory, m -> {
            Matrix a = Matrix.of(m.floats(n * n), n, n);
            Matrix b = Matrix.of(m.floats(n * n), n, n);
            Matrix c = Matrix.of(m.floats(n * n), n, n);
            return () -> products.multiply(a, b, c, false);
        });
    }

    /** What the memory is used for. */
    private interface Use {
        Runnable of(Memory memory);
    }

    /**
     * One thread uses memory without a pause while this one tries to close it. Between two calls it may; then there is
     * a next round with other memory, until it was refused.
     */
    private static void assertRefusesToClose(Supplier<Memory> memories, Use use) {
        boolean refused = false;
        for (int round = 0; !refused && round < 1_000; round++) {
            Memory memory = memories.get();
            Runnable call = use.of(memory);
            var running = new AtomicBoolean();
            var stop = new AtomicBoolean();
            var failure = new AtomicReference<RuntimeException>();
            Thread user = Thread.ofPlatform().start(() -> {
                try {
                    while (!stop.get()) {
                        running.set(true);
                        call.run();
                    }
                } catch (RuntimeException e) {
                    failure.set(e);
                }
            });
            while (!running.get()) {
                Thread.onSpinWait();
            }
            try {
                memory.closing().run();
            } catch (IllegalStateException e) {
                refused = true;
            }
            stop.set(true);
            join(user);
            if (refused) {
                assertEquals(null, failure.get(), "the call whose memory could not be closed");
                memory.closing().run();
            } else if (failure.get() != null) {
                assertInstanceOf(IllegalStateException.class, failure.get());
            }
            assertThrows(IllegalStateException.class, call::run);
        }
        assertTrue(refused, "memory was closed in every round");
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Each operand of a pass and its gradients in an arena of its own, more than a call usually keeps open. */
    @ParameterizedTest
    @MethodSource("backends")
    void everyOperandMayHaveItsOwnArena(Backend backend) {
        try (CellPlan plan = plan(backend)) {
            float[] expected = run(plan, Memory.of(workspace), Memory.of(workspace));
            assertArrayEquals(expected, run(plan, ownArenas(), ownArenas()));
            assertEquals(9, arenas.size());
            CellPass pass = pass(plan, ownArenas());
            for (Arena arena : arenas.subList(arenas.size() - 4, arenas.size())) {
                arena.close();
                assertThrows(IllegalStateException.class, () -> plan.forward(pass));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void anotherThreadsMemoryIsRefused(Backend backend) {
        try (CellPlan plan = plan(backend); Arena mine = Arena.ofConfined()) {
            CellPass pass = CellPass.of(CELL, SHAPE, parameters(), 0)
                    .input(mine.allocate(SHAPE.rows() * SHAPE.inputSize() * Float.BYTES, 64), SHAPE.inputSize())
                    .build();
            plan.forward(pass);
            var failure = new AtomicReference<RuntimeException>();
            join(Thread.ofPlatform().start(() ->
                    failure.set(assertThrows(IllegalStateException.class, () -> plan.forward(pass)))));
            assertEquals("input: its memory belongs to another thread", failure.get().getMessage());
        }
    }

    private float[] run(CellPlan plan, Memory memory, Memory gradientMemory) {
        CellPass pass = pass(plan, memory);
        CellGradients gradients = gradients(pass, gradientMemory);
        plan.forward(pass);
        plan.backward(pass, gradients);
        return gradients.input().toArray(ValueLayout.JAVA_FLOAT);
    }

    private Memory ownArenas() {
        return new Memory(
                count -> {
                    arenas.add(Arena.ofShared());
                    return arenas.getLast().allocate(count, 64);
                },
                () -> arenas.forEach(Arena::close));
    }

    private static CellPlan plan(Backend backend) {
        return CELL.kernel(backend).plan(CELL, SHAPE, Precision.FLOAT32, Execution.threads(1));
    }

    private Parameters parameters() {
        var layout = CELL.layout(SHAPE.inputSize(), InputKind.DENSE);
        var parameters = new Parameters(workspace, layout, Precision.FLOAT32);
        filled(parameters.slab());
        return parameters;
    }

    private CellPass pass(CellPlan plan, Memory memory) {
        long states = (long) SHAPE.batchSize() * SHAPE.hiddenSize();
        return CellPass.of(CELL, SHAPE, parameters(), 0)
                .input(filled(memory.floats(SHAPE.rows() * SHAPE.inputSize())), SHAPE.inputSize())
                .initial(0, memory.floats(states))
                .initial(1, memory.floats(states))
                .last(0, memory.floats(states))
                .output(memory.floats(SHAPE.rows() * SHAPE.hiddenSize()), SHAPE.hiddenSize())
                .cache(memory.bytes().apply(plan.cacheBytes(SHAPE.timeSteps(), SHAPE.batchSize())))
                .build();
    }

    private CellGradients gradients(CellPass pass, Memory memory) {
        return CellGradients.of(pass)
                .output(filled(memory.floats(SHAPE.rows() * SHAPE.hiddenSize())), SHAPE.hiddenSize())
                .params(memory.floats(pass.parameters().count()))
                .input(memory.floats(SHAPE.rows() * SHAPE.inputSize()), SHAPE.inputSize(), false)
                .build();
    }

    private static MemorySegment filled(MemorySegment values) {
        var numbers = new SplittableRandom(3);
        for (long i = 0; i < values.byteSize() / Float.BYTES; i++) {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) numbers.nextDouble(-0.1, 0.1));
        }
        return values;
    }
}
