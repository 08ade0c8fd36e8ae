package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.IsaTier;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Cells;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What every cell's VECTOR body keeps to at every width; that results are right is the contract test's business. */
class VectorCellsTest {
    /** Its units are neither a whole number of vectors nor of panels, at any width. */
    private static final CellShape SHAPE = new CellShape(3, 2, 5, 17);

    /** Numbers from one row of outputs to the next: there are cells that put out more than they have units. */
    private static final int WIDEST =
            Cells.all(SHAPE.hiddenSize()).stream().mapToInt(Cell::outputSize).max().orElseThrow();

    private final SplittableRandom random = new SplittableRandom(1);
    private final Workspace workspace = new Workspace("test");
    private final MemorySegment input = floats(SHAPE.rows() * SHAPE.inputSize());
    private final MemorySegment mask = floats((long) SHAPE.batchSize() * WIDEST);
    private final MemorySegment output = floats(SHAPE.rows() * WIDEST);
    private final MemorySegment outputGradient = floats(SHAPE.rows() * WIDEST);
    private final MemorySegment lastGradient = floats((long) SHAPE.batchSize() * WIDEST);
    private final MemorySegment inputGradient = floats(SHAPE.rows() * SHAPE.inputSize());

    static Stream<Arguments> bodies() {
        return Cells.all(SHAPE.hiddenSize()).stream()
                .flatMap(cell -> Arrays.stream(IsaTier.values()).map(tier -> Arguments.of(cell, tier)));
    }

    @BeforeEach
    void assumeVectors() {
        Available.assume(Backend.VECTOR);
    }

    @AfterEach
    void free() {
        workspace.close();
    }

    /**
     * Several cells and widths have run in this JVM when the last case starts: none spoils another's compiled code. The
     * build gives this class a JVM of its own, in which HotSpot does not guess the classes of vectors from profiles:
     * else whether it can tell them from the code, see {@link VectorWidth}, would show only now and then.
     */
    @ParameterizedTest
    @MethodSource("bodies")
    void allocatesNothingOnceWarm(Cell cell, IsaTier tier) {
        Parameters parameters = parameters(cell);
        try (CellPlan plan = plan(cell, tier)) {
            CellPass pass = pass(cell, parameters, plan).recurrentMask(mask).build();
            CellGradients gradients = gradients(pass).params(parameters.twin()).build();
            Allocation.assertNone(() -> {
                parameters.changed();
                plan.forward(pass);
                plan.backward(pass, gradients);
            });
        }
    }

    /**
     * What a product adds beyond the units of its gates is 0 times its operand, and not 0 where that is not a number:
     * it must not reach the next row, nor the next pass.
     */
    @ParameterizedTest
    @MethodSource("bodies")
    void whatIsNotANumberStaysInItsSequence(Cell cell, IsaTier tier) {
        Parameters parameters = parameters(cell);
        try (CellPlan plan = plan(cell, tier)) {
            CellPass forwards = pass(cell, parameters, plan).build();
            CellPass backwards = pass(cell, parameters, plan).reversed(true).build();
            float[] good = run(plan, forwards);
            float[] goodBackwards = run(plan, backwards);
            float spared = input.getAtIndex(ValueLayout.JAVA_FLOAT, 0);
            input.setAtIndex(ValueLayout.JAVA_FLOAT, 0, Float.NaN); // sequence 0, and by its state all of its steps
            float[] bad = run(plan, forwards);
            assertTrue(Float.isNaN(bad[0]), "output of sequence 0");
            for (int i = 0; i < bad.length; i++) {
                int row = i < SHAPE.rows() * WIDEST
                        ? i / WIDEST
                        : (i - (int) SHAPE.rows() * WIDEST) / SHAPE.inputSize();
                if (row % SHAPE.batchSize() == 0) {
                    bad[i] = good[i];
                }
            }
            assertArrayEquals(good, bad, "sequence 1");
            input.setAtIndex(ValueLayout.JAVA_FLOAT, 0, spared);
            assertArrayEquals(goodBackwards, run(plan, backwards), "the pass after it, in the other direction");
        }
    }

    private float[] run(CellPlan plan, CellPass pass) {
        plan.forward(pass);
        plan.backward(pass, gradients(pass).build());
        float[] both = Arrays.copyOf(
                output.toArray(ValueLayout.JAVA_FLOAT), (int) SHAPE.rows() * (WIDEST + SHAPE.inputSize()));
        float[] gradient = inputGradient.toArray(ValueLayout.JAVA_FLOAT);
        System.arraycopy(gradient, 0, both, both.length - gradient.length, gradient.length);
        return both;
    }

    private CellPlan plan(Cell cell, IsaTier tier) {
        return cell.kernel(Backend.VECTOR).plan(cell, SHAPE, Precision.FLOAT32, new Execution(1, tier));
    }

    private CellPass.Builder pass(Cell cell, Parameters parameters, CellPlan plan) {
        return CellPass.of(cell, SHAPE, parameters, 0)
                .input(input, SHAPE.inputSize())
                .output(output, WIDEST)
                .cache(workspace.allocateBytes(plan.cacheBytes(SHAPE.timeSteps(), SHAPE.batchSize())));
    }

    private CellGradients.Builder gradients(CellPass pass) {
        return CellGradients.of(pass)
                .output(outputGradient, WIDEST)
                .last(0, lastGradient)
                .input(inputGradient, SHAPE.inputSize(), false);
    }

    private Parameters parameters(Cell cell) {
        var parameters =
                new Parameters(workspace, cell.layout(SHAPE.inputSize(), InputKind.DENSE), Precision.FLOAT32);
        fill(parameters.slab());
        return parameters;
    }

    private MemorySegment floats(long count) {
        MemorySegment values = workspace.allocate(Precision.FLOAT32, count);
        fill(values);
        return values;
    }

    private void fill(MemorySegment values) {
        for (long i = 0; i < values.byteSize() / Float.BYTES; i++) {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble(-0.5, 0.5));
        }
    }
}
