package dev.rondo.cell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every bad argument is refused above the bodies, with its name, what was expected and what came. */
class CellErrorsTest {
    private static final int T = 3;
    private static final int B = 2;
    private static final int I = 5;
    private static final int H = 4;

    private final Cell cell = Lstm.of(H);
    private final CellShape shape = cell.shape(T, B, I);
    private final Workspace workspace = new Workspace("test");
    private final Parameters parameters = parameters(Precision.FLOAT32);

    @AfterEach
    void close() {
        workspace.close();
    }

    static List<Backend> backends() {
        return Backends.available();
    }

    private Parameters parameters(Precision precision) {
        return new Parameters(workspace, cell.layout(I, InputKind.DENSE), precision);
    }

    private MemorySegment floats(long count) {
        return workspace.allocate(Precision.FLOAT32, count);
    }

    private CellPass.Builder pass() {
        return CellPass.of(cell, shape, parameters, 0);
    }

    private CellPass densePass() {
        return pass().input(floats(T * B * I), I).build();
    }

    private CellPass trainingPass(CellPlan plan) {
        return pass().input(floats(T * B * I), I).cache(workspace.allocateBytes(plan.cacheBytes(T, B))).build();
    }

    private CellPlan plan(Backend backend) {
        return cell.kernel(backend).plan(cell, shape, Precision.FLOAT32, Execution.threads(1));
    }

    private static void refused(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }

    private static void missing(String message, Executable call) {
        assertEquals(message, assertThrows(NullPointerException.class, call).getMessage());
    }

    private static void wrongState(String part, Executable call) {
        String message = assertThrows(IllegalStateException.class, call).getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void sizes() {
        refused("timeSteps: expected at least 1, got 0", () -> new CellShape(0, B, I, H));
        refused("batchSize: expected at least 1, got -1", () -> new CellShape(T, -1, I, H));
        refused("inputSize: expected at least 1, got 0", () -> new CellShape(T, B, 0, H));
        refused("hiddenSize: expected at least 1, got 0", () -> new CellShape(T, B, I, 0));
        refused("hiddenSize: expected at least 1, got 0", () -> Lstm.of(0));
        refused("hiddenSize: expected at most 536870911, got 536870912", () -> Lstm.of(1 << 29));
        refused("threads: expected 1 to 1024, got 0", () -> Execution.threads(0));
        refused("threads: expected 1 to 1024, got 1025", () -> Execution.threads(1025));
        refused("hiddenSize: expected 4, got 5",
                () -> CellPass.of(cell, new CellShape(T, B, I, 5), parameters, 0));
        refused("offset: expected 160 parameters from it on within 160, got offset 1",
                () -> CellPass.of(cell, shape, parameters, 1));
        refused("offset: expected 160 parameters from it on within 160, got offset -1",
                () -> CellPass.of(cell, shape, parameters, -1));
    }

    @Test
    void segmentsOfAPass() {
        refused("input: expected at least 30 elements of 4 bytes, got 116 bytes", () -> pass().input(floats(29), I));
        refused("input: expected at least 35 elements of 4 bytes, got 120 bytes",
                () -> pass().input(floats(30), I + 1));
        refused("input: expected a row stride of at least 5, got 4", () -> pass().input(floats(30), I - 1));
        refused("input: expected a native segment, got one on the heap",
                () -> pass().input(MemorySegment.ofArray(new float[30]), I));
        refused("tokens: expected at least 6 elements of 4 bytes, got 20 bytes", () -> pass().tokens(floats(5)));
        refused("initial[1]: expected at least 8 elements of 4 bytes, got 28 bytes",
                () -> pass().initial(1, floats(7)));
        refused("plane: expected 0 to 1, got 2", () -> pass().initial(2, floats(8)));
        refused("last[0]: expected at least 8 elements of 4 bytes, got 28 bytes", () -> pass().last(0, floats(7)));
        refused("plane: expected 0 to 1, got -1", () -> pass().last(-1, floats(8)));
        refused("output: expected at least 24 elements of 4 bytes, got 92 bytes", () -> pass().output(floats(23), H));
        refused("output: expected a row stride of at least 4, got 3", () -> pass().output(floats(24), H - 1));
        refused("lengths: expected at least 2 elements of 4 bytes, got 4 bytes", () -> pass().lengths(floats(1)));
        refused("hold: expected at least 6 elements of 1 bytes, got 5 bytes",
                () -> pass().hold(workspace.allocateBytes(5), 1));
        refused("hold: expected at least 24 elements of 1 bytes, got 23 bytes",
                () -> pass().hold(workspace.allocateBytes(23), H));
        refused("width: expected 1 or 4, got 2", () -> pass().hold(workspace.allocateBytes(24), 2));
        refused("recurrentMask: expected at least 8 elements of 4 bytes, got 28 bytes",
                () -> pass().recurrentMask(floats(7)));
        refused("recurrentMask: expected at least 24 elements of 4 bytes, got 92 bytes",
                () -> pass().recurrentMasks(floats(23)));
    }

    @Test
    void alignment() {
        MemorySegment bytes = workspace.allocateBytes(256);
        var odd = assertThrows(IllegalArgumentException.class, () -> pass().input(bytes.asSlice(2), I)).getMessage();
        assertTrue(odd.startsWith("input: expected an address that is a multiple of 4, got "), odd);
        var cache = assertThrows(IllegalArgumentException.class, () -> pass().cache(bytes.asSlice(32))).getMessage();
        assertTrue(cache.startsWith("cache: expected an address that is a multiple of 64, got "), cache);
    }

    @Test
    void readOnlyResults() {
        MemorySegment fixed = floats(T * B * 4 * H).asReadOnly();
        String refused = ": expected a segment to write to, got a read-only one";
        refused("last[1]" + refused, () -> pass().last(1, fixed));
        refused("output" + refused, () -> pass().output(fixed, H));
        refused("cache" + refused, () -> pass().cache(fixed));
        CellPass pass = densePass();
        refused("gradient of params" + refused, () -> CellGradients.of(pass).params(fixed));
        refused("gradient of input" + refused, () -> CellGradients.of(pass).input(fixed, I, true));
        refused("gradient of initial[0]" + refused, () -> CellGradients.of(pass).initial(0, fixed));
        refused("gradient of preActivations" + refused, () -> CellGradients.of(pass).preActivations(fixed));
    }

    @Test
    void nullIsRefusedByName() {
        missing("input: expected dense values or tokens, got null", () -> pass().build());
        missing("input: expected a segment, got null", () -> pass().input(null, I));
        missing("initial[1]: expected a segment, got null", () -> pass().initial(1, null));
        CellPass pass = densePass();
        missing("gradient of params: expected a segment, got null", () -> CellGradients.of(pass).params(null));
    }

    @Test
    void segmentsOfGradients() {
        CellPass pass = densePass();
        refused("gradient of output: expected at least 24 elements of 4 bytes, got 92 bytes",
                () -> CellGradients.of(pass).output(floats(23), H));
        refused("gradient of output: expected a row stride of at least 4, got 0",
                () -> CellGradients.of(pass).output(floats(24), 0));
        refused("gradient of last[1]: expected at least 8 elements of 4 bytes, got 28 bytes",
                () -> CellGradients.of(pass).last(1, floats(7)));
        refused("plane: expected 0 to 1, got 2", () -> CellGradients.of(pass).last(2, floats(8)));
        refused("gradient of params: expected at least 160 elements of 4 bytes, got 636 bytes",
                () -> CellGradients.of(pass).params(floats(159)));
        refused("gradient of input: expected at least 30 elements of 4 bytes, got 116 bytes",
                () -> CellGradients.of(pass).input(floats(29), I, false));
        refused("gradient of initial[0]: expected at least 8 elements of 4 bytes, got 28 bytes",
                () -> CellGradients.of(pass).initial(0, floats(7)));
        refused("gradient of preActivations: expected at least 96 elements of 4 bytes, got 380 bytes",
                () -> CellGradients.of(pass).preActivations(floats(95)));
        CellPass tokens = pass().tokens(floats(T * B)).build();
        refused("input: expected none, for tokens have no gradient; got a segment",
                () -> CellGradients.of(tokens).input(floats(30), I, false));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("backends")
    void passesOfAPlan(Backend backend) {
        try (var plan = plan(backend)) {
            Cell other = new Lstm(H, 2);
            CellPass ofOther = CellPass.of(other, shape, parameters, 0).input(floats(30), I).build();
            refused("cell: expected " + cell + ", got " + other, () -> plan.forward(ofOther));
            CellPass wide = CellPass.of(cell, shape, parameters(Precision.FLOAT64), 0)
                    .input(workspace.allocate(Precision.FLOAT64, 30), I).build();
            refused("precision: expected FLOAT32, got FLOAT64", () -> plan.forward(wide));
            CellPass narrow = CellPass.of(cell, cell.shape(T, B, I - 1), parameters, 0).input(floats(30), I).build();
            refused("inputSize: expected 5, got 4", () -> plan.forward(narrow));
            CellPass longer = CellPass.of(cell, cell.shape(T + 1, B, I), parameters, 0).input(floats(40), I).build();
            refused("shape: expected at most 3 time steps x 2 sequences, got 4 x 2", () -> plan.forward(longer));
            CellPass broader = CellPass.of(cell, cell.shape(T, B + 1, I), parameters, 0).input(floats(45), I).build();
            refused("shape: expected at most 3 time steps x 2 sequences, got 3 x 3", () -> plan.forward(broader));
            refused("timeSteps: expected 1 to 3, got 4", () -> plan.cacheBytes(T + 1, B));
            refused("batchSize: expected 1 to 2, got 0", () -> plan.cacheBytes(T, 0));
            long bytes = plan.cacheBytes(T, B);
            CellPass small = pass().input(floats(30), I).cache(workspace.allocateBytes(bytes - 1)).build();
            refused("cache: expected at least " + bytes + " bytes, got " + (bytes - 1), () -> plan.forward(small));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("backends")
    void contents(Backend backend) {
        MemorySegment lengths = floats(B);
        MemorySegment tokens = floats(T * B);
        try (var plan = plan(backend)) {
            CellPass pass = pass().tokens(tokens).lengths(lengths)
                    .cache(workspace.allocateBytes(plan.cacheBytes(T, B))).build();
            CellGradients gradients = CellGradients.of(pass).params(floats(160)).build();
            Executable backward = () -> plan.backward(pass, gradients);
            for (Executable call : List.<Executable>of(() -> plan.forward(pass), backward)) {
                lengths.setAtIndex(ValueLayout.JAVA_INT, 1, T + 1);
                refused("lengths[1]: expected 0 to 3, got 4", call);
                lengths.setAtIndex(ValueLayout.JAVA_INT, 1, -1);
                refused("lengths[1]: expected 0 to 3, got -1", call);
                lengths.setAtIndex(ValueLayout.JAVA_INT, 1, T);
                tokens.setAtIndex(ValueLayout.JAVA_INT, 3, I);
                refused("tokens[1, 1]: expected 0 to 4, got 5", call);
                tokens.setAtIndex(ValueLayout.JAVA_INT, 3, -1);
                refused("tokens[1, 1]: expected 0 to 4, got -1", call);
                tokens.setAtIndex(ValueLayout.JAVA_INT, 3, 0);
                plan.forward(pass);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("backends")
    void backwardNeedsForward(Backend backend) {
        try (var plan = plan(backend); var another = plan(backend)) {
            CellPass pass = trainingPass(plan);
            CellGradients gradients = CellGradients.of(pass).build();
            wrongState("backward: expected a forward pass with cache", () -> plan.backward(pass, gradients));
            plan.forward(pass);
            refused("gradients: expected gradients made for this pass, got another's",
                    () -> plan.backward(pass, CellGradients.of(densePass()).build()));
            wrongState("got one by another plan", () -> another.backward(pass, gradients));
            plan.backward(pass, gradients);
            wrongState("got none", () -> plan.backward(pass, gradients));
            CellPass inference = densePass();
            plan.forward(inference);
            wrongState("got none", () -> plan.backward(inference, CellGradients.of(inference).build()));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("backends")
    void afterClose(Backend backend) {
        var plan = plan(backend);
        CellPass pass = trainingPass(plan);
        CellGradients gradients = CellGradients.of(pass).build();
        plan.forward(pass);
        plan.close();
        plan.close();
        wrongState("plan is closed", () -> plan.forward(pass));
        wrongState("plan is closed", () -> plan.backward(pass, gradients));
        wrongState("plan is closed", () -> plan.cacheBytes(T, B));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("backends")
    void afterMemoryWasClosed(Backend backend) {
        try (var plan = plan(backend)) {
            CellPass reading;
            CellGradients gradients;
            CellPass pass = trainingPass(plan);
            try (var arena = Arena.ofConfined()) {
                reading = pass().input(arena.allocate(T * B * I * 4L, 4), I).build();
                gradients = CellGradients.of(pass).params(arena.allocate(160 * 4, 4)).build();
            }
            wrongState("input: its memory is closed", () -> plan.forward(reading));
            plan.forward(pass);
            wrongState("gradient of params: its memory is closed", () -> plan.backward(pass, gradients));
            var closing = new Workspace("short-lived");
            var weights = new Parameters(closing, cell.layout(I, InputKind.DENSE), Precision.FLOAT32);
            CellPass late = CellPass.of(cell, shape, weights, 0).input(floats(30), I).build();
            closing.close();
            wrongState("its memory is closed", () -> plan.forward(late));
            plan.forward(densePass()); // the refused calls have left the plan usable
        }
    }

    @Test
    void oneThreadAtATime() throws InterruptedException {
        try (var plan = new BlockingPlan(cell, shape)) {
            CellPass pass = densePass();
            Thread other = Thread.ofPlatform().start(() -> plan.forward(pass));
            plan.entered.acquire();
            wrongState("one thread at a time", () -> plan.forward(pass));
            wrongState("cannot close while a pass is running", plan::close);
            wrongState("test: cannot close while 1 passes are running", workspace::close);
            plan.leave.release();
            other.join();
            plan.leave.release();
            plan.forward(pass);
        }
    }

    @Test
    void blocksAreChecked() {
        var bias = new TensorLayout.Tensor("bias", 20, List.of(4));
        var weight = new TensorLayout.Tensor("weightHh", 0, List.of(4, 5));
        refused("weight: expected a matrix, got bias of shape [4]",
                () -> ParameterBlock.matrix(bias, Source.NEW_STATE, 0, 0));
        refused("weightIh: expected a matrix, got bias of shape [4]",
                () -> ParameterBlock.input(bias, InputKind.TOKENS, 0));
        refused("bias: expected a vector, got weightHh of shape [4, 5]", () -> ParameterBlock.bias(weight, 0));
        refused("row: expected at least 0, got -1", () -> ParameterBlock.bias(bias, -1));
        refused("plane: expected at least 0, got -2", () -> ParameterBlock.matrix(weight, Source.NEW_STATE, -2, 0));
        refused("rows: expected at least 1, got 0", () -> ParameterBlock.bias(bias, 0).slice(1, 0, 0));
        refused("offset: expected at least 0, got -1", () -> block(-1, 4, 0, 5, 5, 1));
        refused("rows: expected at least 1, got -4", () -> block(0, -4, 0, 5, 5, 1));
        refused("column: expected at least 0, got -3", () -> block(0, 4, -3, 5, 5, 1));
        refused("width: expected at least 1, got 0", () -> block(0, 4, 0, 0, 5, 1));
        refused("rowStride: expected at least 1, got 0", () -> block(0, 4, 0, 5, 0, 1));
        refused("columnStride: expected at least 0, got -1", () -> block(0, 4, 0, 5, 5, -1));
    }

    private static ParameterBlock block(
            long offset, int rows, int column, int width, int rowStride, int columnStride) {
        return new ParameterBlock(
                "w", offset, 0, rows, Source.PREVIOUS_STATE, 0, column, width, rowStride, columnStride);
    }
}
