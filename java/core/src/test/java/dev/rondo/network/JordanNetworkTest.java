package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Activation;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.jordan.Jordan;
import dev.rondo.cell.jordan.Jordan.Output;
import dev.rondo.train.Adam;
import dev.rondo.train.Trainer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.ToDoubleBiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Networks whose output is fed back: by the cell itself, and by a teacher first, then by hand. */
class JordanNetworkTest {
    private static final int T = 200;
    private static final int UPDATES = 1000;

    /** What is to be learned: d(t) = 0.8 d(t - 1) + tanh(2 x(t)) / 2, from d = 0 on. */
    private static float[] inputs(long seed) {
        var random = new Random(seed);
        var x = new float[T];
        for (int t = 0; t < T; t++) {
            x[t] = 2 * random.nextFloat() - 1;
        }
        return x;
    }

    private static float[] targets(float[] x) {
        var d = new float[T];
        for (int t = 0; t < T; t++) {
            d[t] = 0.8f * (t == 0 ? 0 : d[t - 1]) + (float) Math.tanh(2 * x[t]) / 2;
        }
        return d;
    }

    /** {@return the targets of the steps before} */
    private static float[] delayed(float[] d) {
        var before = new float[T];
        System.arraycopy(d, 0, before, 1, T - 1);
        return before;
    }

    private static Trainer trainer(Network network) {
        return Trainer.builder(network).optimizer(Adam.of(1e-2)).build();
    }

    /** The mean squared error over the variance, on a sequence that was not seen in training. */
    private static double error(ToDoubleBiFunction<Float, Float> step) {
        float[] x = inputs(2);
        float[] d = targets(x);
        double squares = 0;
        double power = 0;
        float y = 0;
        for (int t = 0; t < T; t++) {
            y = (float) step.applyAsDouble(x[t], y);
            squares += (y - d[t]) * (y - d[t]);
            power += d[t] * d[t];
        }
        return squares / power;
    }

    /** The target of the step before is an input of an ordinary layer; afterwards the output takes its place. */
    @Test
    void learnsByTeacherForcingAndRunsFreely() {
        float[] x = inputs(1);
        float[] d = targets(x);
        float[] before = delayed(d);
        var forced = new float[2 * T];
        for (int t = 0; t < T; t++) {
            forced[2 * t] = x[t];
            forced[2 * t + 1] = before[t];
        }
        SequenceBatch batch = SequenceBatch.of(forced, T, 1, 2).targets(d, 1);
        try (var network = Network.builder(2).layer(Elman.of(12)).outputs(1).loss(Loss.meanSquaredError()).seed(1)
                        .quiet().build();
                var pass = network.pass(T, 1);
                var stepper = network.stepper()) {
            Trainer trainer = trainer(network);
            for (int update = 0; update < UPDATES; update++) {
                trainer.step(pass, batch);
            }
            var y = new float[1];
            double error = error((input, old) -> {
                stepper.step(new float[] {input, old}, y);
                return y[0];
            });
            assertTrue(error < 0.02, "error " + error);
        }
    }

    /** The cell itself, by the teacher: sequences of one step, which begin with the target of the step before. */
    @Test
    void theCellLearnsFromSingleStepsThatBeginWithTheTarget() {
        float[] x = inputs(1);
        float[] d = targets(x);
        try (var network = network(Jordan.of(12, 1)); var pass = network.pass(1, T)) {
            pass.initialState(0, 0).copyFrom(MemorySegment.ofArray(delayed(d)));
            SequenceBatch batch = SequenceBatch.of(x, 1, T, 1).targets(d, 1);
            Trainer trainer = trainer(network);
            for (int update = 0; update < UPDATES; update++) {
                trainer.step(pass, batch);
            }
            assertTrue(errorOfStepper(network) < 0.02, "error " + errorOfStepper(network));
        }
    }

    /** With a decaying context it is that which is forced, in its own plane. */
    @Test
    void theCellLearnsFromSingleStepsThatBeginWithTheContextOfTheTargets() {
        float[] x = inputs(1);
        float[] d = targets(x);
        float decay = 0.25f;
        var context = new float[T];
        for (int t = 1; t < T; t++) {
            context[t] = d[t - 1] + decay * context[t - 1];
        }
        try (var network = network(Jordan.of(12, 1).decay(decay)); var pass = network.pass(1, T)) {
            pass.initialState(0, 1).copyFrom(MemorySegment.ofArray(context));
            SequenceBatch batch = SequenceBatch.of(x, 1, T, 1).targets(d, 1);
            Trainer trainer = trainer(network);
            for (int update = 0; update < UPDATES; update++) {
                trainer.step(pass, batch);
            }
            // d(t - 1) is a difference of contexts, of which the cell sees one: what is left is what that tells of it.
            double error = errorOfStepper(network);
            assertTrue(error < 0.1, "error " + error);
        }
    }

    /** The cell itself, running freely: its gradient goes through all of its outputs. */
    @Test
    void theCellLearnsRunningFreely() {
        float[] x = inputs(1);
        float[] d = targets(x);
        try (var network = network(Jordan.of(12, 1)); var pass = network.pass(T, 1)) {
            SequenceBatch batch = SequenceBatch.of(x, T, 1, 1).targets(d, 1);
            Trainer trainer = trainer(network);
            for (int update = 0; update < UPDATES; update++) {
                trainer.step(pass, batch);
            }
            assertTrue(errorOfStepper(network) < 0.02, "error " + errorOfStepper(network));
        }
    }

    private static Network network(Jordan cell) {
        return Network.builder(1).layer(cell).noHead().loss(Loss.meanSquaredError()).seed(1).quiet().build();
    }

    private static double errorOfStepper(Network network) {
        try (var stepper = network.stepper()) {
            var y = new float[1];
            return error((input, old) -> {
                stepper.step(new float[] {input}, y);
                return y[0];
            });
        }
    }

    @Test
    void aFileGivesItBack(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("jordan.rondo");
        Jordan cell = Jordan.of(5, 2).activation(Activation.SIGMOID).outputActivation(Output.TANH).decay(0.5)
                .withElman();
        var x = new float[] {0.5f, -1, 0.25f};
        try (var network = network(cell); var pass = network.inference(3, 1)) {
            pass.forward(SequenceBatch.of(x, 3, 1, 1));
            network.save(file);
            try (var restored = Network.load(file); var same = restored.inference(3, 1)) {
                assertEquals(cell, restored.description().layers().getFirst().cell());
                same.forward(SequenceBatch.of(x, 3, 1, 1));
                assertArrayEquals(pass.outputs().toArray(ValueLayout.JAVA_FLOAT),
                        same.outputs().toArray(ValueLayout.JAVA_FLOAT));
            }
        }
    }

    @Test
    void refusesDropoutWhereNoOutputIsMultipliedAndZoneout() {
        Layer.of(Jordan.of(4, 2)).recurrentDropout(0.5);
        assertSays("recurrentDropout: expected a cell that multiplies its old output, got jordan:decay=0.5,outputs=2",
                () -> Layer.of(Jordan.of(4, 2).decay(0.5)).recurrentDropout(0.5));
        assertSays("zoneout: expected a cell whose units can be held one by one, got jordan",
                () -> Layer.of(Jordan.of(4, 4)).zoneout(0.5));
    }

    private static void assertSays(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }
}
