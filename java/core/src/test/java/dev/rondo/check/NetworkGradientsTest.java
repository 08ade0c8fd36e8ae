package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.DamagedPlan;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GradientReport.Against;
import dev.rondo.check.GradientReport.Row;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients of networks of every cell, on every backend and in both precisions; and what the check notices. */
class NetworkGradientsTest {
    private static final int T = 5;
    private static final int B = 3;
    private static final int I = 3;
    private static final int OUTPUTS = 4;

    private enum HeadKind { EACH_STEP, LAST_STEP, NONE, SIGMOID, SQUARED, OWN }

    static Stream<Arguments> cells() {
        var cases = new ArrayList<Arguments>();
        for (String cell : Cells.variants()) {
            for (Backend backend : Backend.values()) {
                for (Precision precision : Precision.values()) {
                    if (backend != Backend.VECTOR || precision == Precision.FLOAT32) {
                        cases.add(Arguments.of(cell, backend, precision));
                    }
                }
            }
        }
        return cases.stream();
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("cells")
    void twoLayersOfEveryCell(String cell, Backend backend, Precision precision) {
        assumeBody(cell, backend);
        try (Network network = Network.builder(I).layer(Cells.parse(cell, 4)).layer(Cells.parse(cell, 5))
                .classes(OUTPUTS).backend(backend).precision(precision).threads(2).seed(3).build()) {
            GradientReport report = GradientCheck.of(network).batch(batch(HeadKind.EACH_STEP)).run().assertPasses();
            assertEquals(precision == Precision.FLOAT32,
                    report.rows().stream().anyMatch(row -> row.against() == Against.FLOAT64));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStackOfMixedCellsUnderEveryHead(HeadKind kind) {
        var builder = Network.builder(I).layer(Gru.of(4)).layer(Elman.relu(5)).layer(Lstm.of(3))
                .layer(Gru.of(OUTPUTS).resetBefore());
        builder = switch (kind) {
            case EACH_STEP -> builder.classes(OUTPUTS);
            case LAST_STEP -> builder.classes(OUTPUTS).lastStep();
            case NONE -> builder.noHead().loss(Loss.meanSquaredError());
            case SIGMOID -> builder.outputs(OUTPUTS).loss(Loss.sigmoidCrossEntropy());
            case SQUARED -> builder.outputs(OUTPUTS).loss(Loss.meanSquaredError());
            case OWN -> builder.outputs(OUTPUTS);
        };
        for (Precision precision : Precision.values()) {
            try (Network network = builder.backend(Backend.REFERENCE).precision(precision).seed(3).build()) {
                GradientCheck check = GradientCheck.of(network).batch(batch(kind));
                (kind == HeadKind.OWN ? check.loss(NetworkGradientsTest::sumOfCubes) : check).run().assertPasses();
            }
        }
    }

    private static double sumOfCubes(double[] outputs, double[] gradient) {
        double sum = 0;
        for (int i = 0; i < outputs.length; i++) {
            boolean padding = i / OUTPUTS / B >= length(i / OUTPUTS % B);
            sum += padding ? 0 : Math.pow(outputs[i], 3);
            gradient[i] = padding ? Double.NaN : 3 * outputs[i] * outputs[i];
        }
        return sum;
    }

    private static int length(int sequence) {
        return new int[] {T, 2, 4}[sequence];
    }

    private static SequenceBatch batch(HeadKind kind) {
        var random = new Random(7);
        var batch = SequenceBatch.of(random.doubles(T * B * I, -1, 1).toArray(), T, B, I)
                .lengths(new int[] {length(0), length(1), length(2)});
        return switch (kind) {
            case EACH_STEP -> batch.targets(random.ints(T * B, 0, OUTPUTS).toArray());
            case LAST_STEP -> batch.targets(random.ints(B, 0, OUTPUTS).toArray());
            case NONE, SQUARED, SIGMOID -> batch.targets(random.doubles(T * B * OUTPUTS).toArray(), OUTPUTS);
            case OWN -> batch;
        };
    }

    private static void assumeBody(String cell, Backend backend) {
        Available.assume(backend);
        assumeTrue(
                CellBody.present(units -> Cells.parse(cell, units)).stream().anyMatch(b -> b.backend() == backend));
    }

    @ParameterizedTest
    @EnumSource
    void aWrongGradientOfOnesOwnLossIsNoticed(Precision precision) {
        try (Network network = Network.builder(I).layer(Lstm.of(4)).outputs(OUTPUTS).backend(Backend.REFERENCE)
                .precision(precision).build()) {
            GradientReport report = GradientCheck.of(network).batch(batch(HeadKind.OWN)).loss((outputs, gradient) -> {
                double loss = sumOfCubes(outputs, gradient);
                gradient[3] *= 1.001;
                return loss;
            }).run();
            assertFalse(report.passes());
            assertEquals(Against.DIFFERENCES, report.worst().against());
            assertThrows(AssertionError.class, report::assertPasses);
        }
    }

    /** The fault is in the body that runs, and not in the reference: float32 is compared with float64. */
    @Test
    void aWrongGradientOfABodyOfFloat32IsNoticed() {
        Available.assume(Backend.VECTOR);
        var fault = new DamagedPlan.Fault() {
            @Override
            public void afterBackward(CellGradients gradients) {
                MemorySegment params = gradients.params();
                Precision.FLOAT32.set(params, 9, 1.001 * Precision.FLOAT32.get(params, 9));
            }
        };
        for (boolean damaged : new boolean[] {false, true}) {
            var none = new DamagedPlan.Fault() {};
            try (Network network = Network.builder(I).layer(new DamagedLstm(4, damaged ? fault : none))
                    .classes(OUTPUTS).backend(Backend.VECTOR).build()) {
                GradientReport report = GradientCheck.of(network).batch(batch(HeadKind.EACH_STEP)).run();
                assertEquals(!damaged, report.passes(), report::toString);
                List<Row> wrong = report.rows().stream().filter(row -> !row.passes()).toList();
                assertTrue(wrong.stream().allMatch(row -> row.against() == Against.FLOAT64
                        && row.worst().equals("layer0.weightIh[3, 0]")), report::toString);
            }
        }
    }

    /**
     * One rectified unit whose pre-activation is 1e-4: a difference by anything that moves it past 0 would be half a
     * slope. Such elements are left out; the others are compared.
     */
    @Test
    void differencesThatStraddleAKinkAreLeftOut() {
        try (Network network = Network.builder(1).layer(Elman.relu(1)).outputs(1).loss(Loss.meanSquaredError())
                .backend(Backend.REFERENCE).precision(Precision.FLOAT64).build()) {
            var batch = SequenceBatch.of(new double[] {0.5}, 1, 1, 1).targets(new double[] {1}, 1);
            GradientCheck check = GradientCheck.of(network).batch(batch);
            set(network, 0.5, 1, -0.25 + 1e-4, 1, 0);
            GradientReport near = check.run();
            Row bias = near.rows().stream().filter(row -> row.tensor().endsWith("bias")).findFirst().orElseThrow();
            assertEquals(0, bias.elements());
            assertFalse(bias.passes(), "what was not compared has not passed");
            assertTrue(near.toString().contains("straddle a kink"), near::toString);
            set(network, 0.5, 1, -0.25 + 1e-3, 1, 0); // a smaller step stays on this side
            assertEquals(1, check.run().assertPasses().rows().getFirst().elements());
            set(network, 0.5, 1, -0.25 - 1e-2, 1, 0);
            assertEquals(0, check.run().assertPasses().rows().getFirst().gradient(), "below its kink, no slope");
        }
    }

    private static void set(Network network, double... parameters) {
        Precision.FLOAT64.write(parameters, network.parameters().slab(), 0, parameters.length);
        network.parameters().changed();
    }

    @Test
    void aFunctionOfOnesOwn() {
        GradientCheck.of(x -> x[0] * Math.sin(x[1]), x -> new double[] {Math.sin(x[1]), x[0] * Math.cos(x[1])})
                .at(0.5, 2).run().assertPasses();
        GradientReport wrong = GradientCheck.of(
                x -> Arrays.stream(x).map(Math::exp).sum(), x -> new double[] {Math.exp(x[0]), 1, Math.exp(x[2])})
                .at(0.5, 0.001, -1).run();
        assertEquals("x[1]", wrong.worst().worst());
        assertEquals(1.0010005, wrong.worst().expected(), 1e-9);
        assertEquals(3, wrong.worst().elements());
        assertThrows(AssertionError.class, wrong::assertPasses);
    }

    @Test
    void functionsThatCannotBeChecked() {
        var check = GradientCheck.of(x -> x[0], x -> new double[] {1});
        assertEquals("x: expected a point to check at, got none",
                assertThrows(IllegalArgumentException.class, check::run).getMessage());
        assertEquals("x: expected at least one number, got none",
                assertThrows(IllegalArgumentException.class, check::at).getMessage());
        assertEquals("gradient: expected 2 numbers, got 1",
                assertThrows(IllegalArgumentException.class, () -> check.at(1, 2).run()).getMessage());
    }
}
