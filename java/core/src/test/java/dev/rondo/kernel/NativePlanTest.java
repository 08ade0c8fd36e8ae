package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import dev.rondo.memory.TensorLayout;
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

/** What the binding adds to the kernels; their results are the contract test's business. */
class NativePlanTest {
    private static final CellShape SHAPE = new CellShape(4, 3, 5, 7);
    private static final Lstm CELL = Lstm.of(SHAPE.hiddenSize());
    private static final Execution EXECUTION = Execution.threads(1);

    private Workspace workspace;
    private SplittableRandom random;
    private MemorySegment input;
    private MemorySegment output;

    @BeforeEach
    void allocate() {
        Available.assume(Backend.NATIVE);
        random = new SplittableRandom(1);
        workspace = new Workspace("test");
        input = workspace.allocate(Precision.FLOAT32, SHAPE.rows() * SHAPE.inputSize());
        output = workspace.allocate(Precision.FLOAT32, SHAPE.rows() * SHAPE.hiddenSize());
        fill(input);
    }

    @AfterEach
    void free() {
        if (workspace != null) {
            workspace.close();
        }
    }

    @Test
    void seesParametersThatChanged() {
        Parameters parameters = parameters(1);
        try (CellPlan plan = plan()) {
            float[] before = forward(plan, parameters, 0);
            assertArrayEquals(before, forward(plan, parameters, 0), "the same parameters again");
            fill(parameters.slab());
            parameters.changed();
            float[] after = forward(plan, parameters, 0);
            assertFalse(Arrays.equals(before, after));
            assertArrayEquals(forwardByNewPlan(parameters, 0), after);
        }
    }

    @Test
    void seesOtherParametersOfTheSameVersion() {
        Parameters first = parameters(2);
        Parameters second = parameters(2);
        assertEquals(first.version(), second.version());
        long nextLayer = first.count() / 2;
        try (CellPlan plan = plan()) {
            assertArrayEquals(forwardByNewPlan(first, 0), forward(plan, first, 0));
            assertArrayEquals(forwardByNewPlan(second, 0), forward(plan, second, 0));
            assertArrayEquals(forwardByNewPlan(second, nextLayer), forward(plan, second, nextLayer));
        }
    }

    @ParameterizedTest
    @EnumSource
    void runsNoTierAboveTheCap(IsaTier cap) {
        try (CellPlan plan = new NativeKernel().plan(CELL, SHAPE, Precision.FLOAT32, new Execution(1, cap))) {
            assertTrue(plan.tier().compareTo(cap) <= 0, plan.tier() + " above " + cap);
        }
    }

    @Test
    void aPassAllocatesNothing() {
        Parameters parameters = parameters(1);
        try (CellPlan plan = plan()) {
            CellPass pass = pass(parameters, 0)
                    .cache(workspace.allocateBytes(plan.cacheBytes(SHAPE.timeSteps(), SHAPE.batchSize())))
                    .build();
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

    private static CellPlan plan() {
        return new NativeKernel().plan(CELL, SHAPE, Precision.FLOAT32, EXECUTION);
    }

    private Parameters parameters(int layers) {
        var layout = TensorLayout.builder();
        for (int layer = 0; layer < layers; layer++) {
            layout.addAll("layer" + layer + ".", CELL.layout(SHAPE.inputSize(), InputKind.DENSE));
        }
        var parameters = new Parameters(workspace, layout.build(), Precision.FLOAT32);
        fill(parameters.slab());
        return parameters;
    }

    private CellPass.Builder pass(Parameters parameters, long offset) {
        return CellPass.of(CELL, SHAPE, parameters, offset)
                .input(input, SHAPE.inputSize())
                .output(output, SHAPE.hiddenSize());
    }

    private float[] forward(CellPlan plan, Parameters parameters, long offset) {
        plan.forward(pass(parameters, offset).build());
        return output.toArray(ValueLayout.JAVA_FLOAT);
    }

    private float[] forwardByNewPlan(Parameters parameters, long offset) {
        try (CellPlan plan = plan()) {
            return forward(plan, parameters, offset);
        }
    }

    private void fill(MemorySegment values) {
        for (long i = 0; i < values.byteSize() / Float.BYTES; i++) {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble(-0.5, 0.5));
        }
    }
}
