package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is particular to the VECTOR body; that its results are right is the contract test's business. */
class VectorPlanTest {
    private static final CellShape SHAPE = new CellShape(3, 2, 5, 17);
    private static final Lstm CELL = Lstm.of(SHAPE.hiddenSize());

    private final SplittableRandom random = new SplittableRandom(1);
    private Workspace workspace;
    private Parameters parameters;
    private MemorySegment input;
    private MemorySegment tokens;
    private MemorySegment output;
    private MemorySegment inputGradient;

    @BeforeEach
    void allocate() {
        Available.assume(Backend.VECTOR);
        workspace = new Workspace("test");
        parameters = new Parameters(workspace, CELL.layout(SHAPE.inputSize(), InputKind.DENSE), Precision.FLOAT32);
        input = workspace.allocate(Precision.FLOAT32, SHAPE.rows() * SHAPE.inputSize());
        tokens = workspace.allocateBytes(SHAPE.rows() * Integer.BYTES);
        output = workspace.allocate(Precision.FLOAT32, SHAPE.rows() * SHAPE.hiddenSize());
        inputGradient = workspace.allocate(Precision.FLOAT32, SHAPE.rows() * SHAPE.inputSize());
        fill(parameters.slab());
        fill(input);
    }

    @AfterEach
    void free() {
        if (workspace != null) {
            workspace.close();
        }
    }

    @Test
    void refusesFloat64() {
        String message = assertThrows(UnsupportedOperationException.class, () -> CELL.kernel(Backend.VECTOR)
                .plan(CELL, SHAPE, Precision.FLOAT64, Execution.threads(1))).getMessage();
        assertEquals("VECTOR: float64 is not supported; use REFERENCE or NATIVE", message);
    }

    @ParameterizedTest
    @EnumSource
    void runsNoTierAboveTheCap(IsaTier cap) {
        try (CellPlan plan = plan(cap)) {
            assertTrue(plan.tier().compareTo(cap) <= 0, plan.tier() + " above " + cap);
        }
    }

    @Test
    void tokensAllocateNothingOnceWarm() {
        try (CellPlan plan = plan(IsaTier.AVX512)) {
            CellPass pass = withCache(plan, CellPass.of(CELL, SHAPE, parameters, 0)
                    .tokens(tokens)
                    .output(output, SHAPE.hiddenSize()));
            CellGradients gradients = CellGradients.of(pass)
                    .output(output, SHAPE.hiddenSize())
                    .params(parameters.twin())
                    .build();
            Allocation.assertNone(() -> {
                plan.forward(pass);
                plan.backward(pass, gradients);
            });
        }
    }

    @Test
    void seesParametersThatChanged() {
        try (CellPlan plan = plan(IsaTier.AVX512)) {
            float[] before = gradientOfInput(plan, parameters);
            assertArrayEquals(before, gradientOfInput(plan, parameters), "the same parameters again");
            fill(parameters.slab());
            parameters.changed();
            float[] after = gradientOfInput(plan, parameters);
            assertFalse(Arrays.equals(before, after));
            assertArrayEquals(gradientOfInputByNewPlan(parameters), after);
        }
    }

    /** Rows of tokens are read one by one, when they are needed: of a changed matrix none may be an old one. */
    @Test
    void seesWeightsOfTokensThatChanged() {
        for (int i = 0; i < SHAPE.rows(); i++) {
            tokens.setAtIndex(ValueLayout.JAVA_INT, i, i % SHAPE.inputSize());
        }
        try (CellPlan plan = plan(IsaTier.AVX512)) {
            for (int change = 0; change < 2; change++) {
                float[] kept = outputForTokens(plan);
                try (CellPlan fresh = plan(IsaTier.AVX512)) {
                    assertArrayEquals(outputForTokens(fresh), kept, "after change " + change);
                }
                fill(parameters.slab());
                parameters.changed();
            }
        }
    }

    private float[] outputForTokens(CellPlan plan) {
        plan.forward(CellPass.of(CELL, SHAPE, parameters, 0)
                .tokens(tokens)
                .output(output, SHAPE.hiddenSize())
                .build());
        return output.toArray(ValueLayout.JAVA_FLOAT);
    }

    @Test
    void seesOtherParametersOfTheSameVersion() {
        var others = new Parameters(workspace, parameters.layout(), Precision.FLOAT32);
        fill(others.slab());
        assertEquals(parameters.version(), others.version());
        try (CellPlan plan = plan(IsaTier.AVX512)) {
            assertArrayEquals(gradientOfInputByNewPlan(parameters), gradientOfInput(plan, parameters));
            assertArrayEquals(gradientOfInputByNewPlan(others), gradientOfInput(plan, others));
        }
    }

    /** Beyond the end of a sequence the input is anything, and must not reach a gradient by way of 0 * NaN. */
    @Test
    void ignoresInputBeyondTheEnd() {
        MemorySegment lengths = workspace.allocateBytes((long) SHAPE.batchSize() * Integer.BYTES);
        lengths.fill((byte) 0);
        input.setAtIndex(ValueLayout.JAVA_FLOAT, 0, Float.NaN);
        MemorySegment gradient = parameters.twin();
        try (CellPlan plan = plan(IsaTier.AVX512)) {
            CellPass pass = withCache(plan, pass(parameters).lengths(lengths));
            plan.forward(pass);
            plan.backward(pass, CellGradients.of(pass).params(gradient).build());
        }
        assertArrayEquals(new float[(int) parameters.count()], gradient.toArray(ValueLayout.JAVA_FLOAT));
    }

    /** Three times the sequences, in chunks of one step instead of two: each sequence has the results it had. */
    @Test
    void whereTimeIsCutIntoChunksChangesNoBit() {
        var few = new CellShape(3, 100, SHAPE.inputSize(), SHAPE.hiddenSize());
        var many = new CellShape(few.timeSteps(), 300, few.inputSize(), few.hiddenSize());
        assertEquals(2, VectorLayout.chunkSteps(few.timeSteps(), few.batchSize()));
        assertEquals(1, VectorLayout.chunkSteps(many.timeSteps(), many.batchSize()));
        float[] values = new float[(int) few.rows() * few.inputSize()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        float[] expected = tripled(outputAndInputGradient(few, values), few);
        assertArrayEquals(expected, outputAndInputGradient(many, tripled(values, few)));
    }

    /** {@return the rows of each time step, three times} */
    private static float[] tripled(float[] rows, CellShape shape) {
        int step = rows.length / shape.timeSteps();
        var tripled = new float[3 * rows.length];
        for (int i = 0; i < tripled.length; i++) {
            tripled[i] = rows[i / (3 * step) * step + i % step];
        }
        return tripled;
    }

    /** {@return [T, B, H + I]} */
    private float[] outputAndInputGradient(CellShape shape, float[] values) {
        int H = shape.hiddenSize();
        int I = shape.inputSize();
        MemorySegment x = workspace.allocate(Precision.FLOAT32, values.length);
        MemorySegment.copy(values, 0, x, ValueLayout.JAVA_FLOAT, 0, values.length);
        MemorySegment both = workspace.allocate(Precision.FLOAT32, shape.rows() * (H + I));
        MemorySegment gradient = both.asSlice((long) H * Float.BYTES);
        try (CellPlan plan = CELL.kernel(Backend.VECTOR).plan(CELL, shape, Precision.FLOAT32, Execution.threads(1))) {
            CellPass pass = CellPass.of(CELL, shape, parameters, 0)
                    .input(x, I)
                    .output(both, H + I)
                    .cache(workspace.allocateBytes(plan.cacheBytes(shape.timeSteps(), shape.batchSize())))
                    .build();
            plan.forward(pass);
            plan.backward(pass, CellGradients.of(pass).output(both, H + I).input(gradient, H + I, false).build());
        }
        return both.toArray(ValueLayout.JAVA_FLOAT);
    }

    private static CellPlan plan(IsaTier cap) {
        return CELL.kernel(Backend.VECTOR).plan(CELL, SHAPE, Precision.FLOAT32, new Execution(1, cap));
    }

    private CellPass.Builder pass(Parameters values) {
        return CellPass.of(CELL, SHAPE, values, 0)
                .input(input, SHAPE.inputSize())
                .output(output, SHAPE.hiddenSize());
    }

    private CellPass withCache(CellPlan plan, CellPass.Builder pass) {
        return pass.cache(workspace.allocateBytes(plan.cacheBytes(SHAPE.timeSteps(), SHAPE.batchSize()))).build();
    }

    /** {@return a result that depends on both packed copies of the weights, forward's and backward's} */
    private float[] gradientOfInput(CellPlan plan, Parameters values) {
        CellPass pass = withCache(plan, pass(values));
        plan.forward(pass);
        plan.backward(pass, CellGradients.of(pass)
                .output(output, SHAPE.hiddenSize())
                .input(inputGradient, SHAPE.inputSize(), false)
                .build());
        return inputGradient.toArray(ValueLayout.JAVA_FLOAT);
    }

    private float[] gradientOfInputByNewPlan(Parameters values) {
        try (CellPlan plan = plan(IsaTier.AVX512)) {
            return gradientOfInput(plan, values);
        }
    }

    private void fill(MemorySegment values) {
        for (long i = 0; i < values.byteSize() / Float.BYTES; i++) {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble(-0.5, 0.5));
        }
    }
}
