package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Activation;
import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.UnitGroup;
import dev.rondo.cell.clockwork.Clockwork;
import dev.rondo.cell.elman.Elman;
import dev.rondo.io.Checkpoint;
import dev.rondo.kernel.Available;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The Clockwork RNN as a description, and its clock in networks: it goes on where states are carried. */
class ClockworkNetworkTest {
    private static final int T = 29;
    private static final int I = 2;
    private static final int O = 3;
    private static final Cell CELL = Clockwork.of(new int[] {5, 2, 4, 6}, new int[] {1, 2, 3, 5});

    private static Network network(Backend backend) {
        return Network.builder(I).layer(CELL).layer(CELL).classes(O).backend(backend).seed(3).build();
    }

    private static float[] numbers() {
        var random = new SeededRandom(4);
        var x = new float[T * I];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextFloat(-1, 1);
        }
        return x;
    }

    private static SequenceBatch steps(float[] x, int from, int to) {
        return SequenceBatch.of(Arrays.copyOfRange(x, from * I, to * I), to - from, 1, I);
    }

    private static double[] outputs(NetworkPass pass) {
        var outputs = new double[(int) pass.outputs().byteSize() / pass.network().precision().bytes()];
        pass.network().precision().read(pass.outputs(), 0, outputs, outputs.length);
        return outputs;
    }

    private static void assertSteps(double[] whole, int from, double[] part) {
        for (int i = 0; i < part.length; i++) {
            assertEquals(whole[from * O + i], part[i], 1e-5, "step " + (from + i / O));
        }
    }

    @ParameterizedTest
    @EnumSource
    void theClockGoesOnFromChunkToChunkAndFromStepToStep(Backend backend) {
        Available.assume(backend);
        float[] x = numbers();
        try (Network network = network(backend); var whole = network.inference(T, 1);
                var chunks = network.pass(T, 1).carryState(true); Stepper stepper = network.stepper()) {
            whole.forward(steps(x, 0, T));
            double[] expected = outputs(whole);
            for (int round = 0; round < 2; round++) { // the second from a reset
                chunks.resetState();
                assertEquals(0, chunks.timeOrigin());
                for (int from = 0; from < T; from += 7) {
                    chunks.forward(steps(x, from, Math.min(from + 7, T)));
                    assertSteps(expected, from, outputs(chunks));
                }
                assertEquals(T, chunks.timeOrigin());
                var y = new float[O];
                stepper.reset();
                for (int t = 0; t < T; t++) {
                    stepper.step(Arrays.copyOfRange(x, t * I, (t + 1) * I), y);
                    assertSteps(expected, t, new double[] {y[0], y[1], y[2]});
                }
            }
            whole.forward(steps(x, 0, T)); // states are not carried: the clock begins anew
            assertSteps(outputs(whole), 0, expected);
        }
    }

    @Test
    void aCheckpointKeepsTheClock(@TempDir Path directory) throws IOException {
        float[] x = numbers();
        Path file = directory.resolve("states");
        try (Network network = network(Backend.REFERENCE); var whole = network.inference(T, 1);
                var first = network.inference(T, 1).carryState(true);
                var second = network.inference(T, 1).carryState(true)) {
            whole.forward(steps(x, 0, T));
            first.forward(steps(x, 0, 11));
            Checkpoint.builder().add(first::writeStates).write(file);
            second.restoreStates(Checkpoint.read(file));
            assertEquals(11, second.timeOrigin());
            second.forward(steps(x, 11, T));
            assertSteps(outputs(whole), 11, outputs(second));
            second.restoreStates(Checkpoint.read(file));
            second.timeOrigin(12).forward(steps(x, 11, T));
            assertNotEquals(outputs(whole)[11 * O], outputs(second)[0], 1e-3, "another time is another step");
        }
    }

    /** Blocks below the diagonal are not in the slab: Koutnik et al. count as many for their networks of equal size. */
    @Test
    void weightsAreThoseOfThePaper() {
        try (Network clockwork = Network.builder(1).layer(Clockwork.of(64, 8)).outputs(1).build();
                Network elman = Network.builder(1).layer(Elman.of(48)).outputs(1).build()) {
            assertEquals(2497, clockwork.parameters().count());
            assertEquals(2449, elman.parameters().count());
        }
        assertEquals(List.of(16, 48), Clockwork.of(64, 4).layout(1, InputKind.DENSE).get("weightHh1").shape());
    }

    @Test
    void weightsStartByTheRules() {
        try (Network network = Network.builder(40).layer(Clockwork.of(160, 4)).classes(2)
                .inputWeights(Initialization.normal(0.1)).recurrentWeights(Initialization.normal(0.1)).build()) {
            for (String tensor : List.of("weightIh", "weightHh0", "weightHh1", "weightHh2", "weightHh3")) {
                double[] weights = weights(network, tensor);
                double squares = Arrays.stream(weights).map(w -> w * w).average().orElseThrow();
                assertEquals(0.1, Math.sqrt(squares), 0.1 * 5 / Math.sqrt(2.0 * weights.length), tensor);
            }
        }
        try (Network network = Network.builder(1).layer(Clockwork.of(12, 3)).classes(2)
                .recurrentWeights(Initialization.orthogonal()).build()) {
            double[] weights = weights(network, "weightHh1"); // [4, 8]
            for (int r = 0; r < 4; r++) {
                for (int s = 0; s < 4; s++) {
                    double product = 0;
                    for (int j = 0; j < 8; j++) {
                        product += weights[r * 8 + j] * weights[s * 8 + j];
                    }
                    assertEquals(r == s ? 1 : 0, product, 1e-6);
                }
            }
        }
    }

    private static double[] weights(Network network, String tensor) {
        var place = network.parameters().layout().get("layer0." + tensor);
        var weights = new double[(int) place.count()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = network.precision().get(network.parameters().slab(), place.offset() + i);
        }
        return weights;
    }

    @Test
    void equalDescriptionsAreEqual() {
        int[] sizes = {3, 4};
        int[] periods = {1, 6};
        Clockwork cell = Clockwork.of(sizes, periods);
        sizes[0] = periods[0] = 9; // the caller's arrays are not the cell's
        assertEquals(Clockwork.of(new int[] {3, 4}, new int[] {1, 6}), cell);
        assertEquals(cell.hashCode(), Clockwork.of(new int[] {3, 4}, new int[] {1, 6}).hashCode());
        assertNotEquals(Clockwork.of(new int[] {4, 3}, new int[] {1, 6}), cell);
        assertNotEquals(cell.activation(Activation.RELU), cell);
        assertThrows(UnsupportedOperationException.class, () -> cell.groups().add(new UnitGroup(1, 8)));
        assertEquals(List.of(new UnitGroup(2, 1), new UnitGroup(2, 2), new UnitGroup(3, 4)),
                Clockwork.of(7, 3).groups());
    }

    @Test
    void textIsReadAgain() {
        assertEquals(Clockwork.of(64, 8), Cells.parse("clockwork", 64));
        assertEquals(Clockwork.of(64, 3), Cells.parse("clockwork:periods=1/2/4", 64));
        assertEquals(Clockwork.of(new int[] {1, 2, 4}, new int[] {1, 1, 9}).activation(Activation.SIGMOID),
                Cells.parse("clockwork:sizes=1/2/4,periods=1/1/9,activation=sigmoid", 7));
        assertEquals("clockwork", Cells.text(Clockwork.of(64, 8)));
        assertEquals("clockwork:periods=1/2/4", Cells.text(Clockwork.of(64, 3)));
        for (Cell cell : List.of(CELL, Clockwork.of(9, 9), Clockwork.of(1, 1).activation(Activation.RELU))) {
            assertEquals(cell, Cells.parse(Cells.text(cell), cell.hiddenSize()));
            assertEquals(cell, Cells.of(cell.name(), cell.hiddenSize(), cell.options()));
        }
        for (int units : new int[] {1, 2, 3, 37}) {
            Clockwork few = (Clockwork) Cells.parse("clockwork:periods=1/2/3/5", units);
            assertEquals(Math.min(units, 4), few.groups().size());
            assertTrue(Cells.all(units).contains(few));
        }
        assertTrue(Cells.variants().containsAll(List.of("clockwork", "clockwork:periods=1/2/3/5")));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        int[] two = {4, 4};
        refused("periods: expected 2, one for each group, got 1", () -> Clockwork.of(two, new int[] {1}));
        refused("periods[1]: expected at least 1, got 0", () -> Clockwork.of(two, new int[] {1, 0}));
        refused("sizes[0]: expected at least 1, got -3", () -> Clockwork.of(new int[] {-3, 4}, two));
        refused("periods: expected none shorter than the one before, got 4/2",
                () -> Clockwork.of(two, new int[] {4, 2}));
        refused("groups: expected 9 units in all, got 8",
                () -> new Clockwork(9, Clockwork.of(two, two).groups(), Activation.TANH));
        refused("groups: expected 1 to 3, got 4", () -> Clockwork.of(3, 4));
        refused("groups: expected 1 to 31, got 32", () -> Clockwork.of(100, 32));
        refused("groups: expected 1 to 3, got 0", () -> Clockwork.of(3, 0));
        refused("hiddenSize: expected at least 1, got 0", () -> Clockwork.of(new int[0], new int[0]));
        refused("hiddenSize: expected at least 1, got 0", () -> Clockwork.of(0, 1));
        refused("hiddenSize: expected at least 1, got 0", () -> Clockwork.of(0, Map.of()));
        refused("groups: expected 9 units in all, got 8", () -> Cells.parse("clockwork:sizes=4/4,periods=1/2", 9));
        refused("periods: expected 2, one for each group, got 3",
                () -> Cells.parse("clockwork:sizes=4/4,periods=1/2/4", 8));
        refused("periods: expected numbers as in 1/2/4, got 1/x", () -> Cells.parse("clockwork:periods=1/x", 8));
        refused("periods[0]: expected at least 1, got 0", () -> Cells.parse("clockwork:periods=0/1", 8));
        refused("size: expected at least 1, got 0", () -> new UnitGroup(0, 1));
        refused("period: expected at least 1, got 0", () -> new UnitGroup(1, 0));
    }

    private static void refused(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }
}
