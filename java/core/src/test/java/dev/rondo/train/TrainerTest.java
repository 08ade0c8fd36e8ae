package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Allocation;
import dev.rondo.kernel.Available;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {
    private static final int T = 12;
    private static final int B = 4;
    private static final int V = 6;

    private static Network network(Backend backend) {
        return Network.oneHot(V).layer(Lstm.of(24)).classes(V).backend(backend).threads(1).seed(1).build();
    }

    private static Trainer trainer(Network network) {
        return Trainer.builder(network).optimizer(Adam.of(1e-2)).clip(GradientClipping.globalNorm(1)).build();
    }

    /** A task that only memory solves: the token of {@code lag} steps ago. */
    private static SequenceBatch echo(long seed, int lag) {
        int[] ids = new SeededRandom(seed).ints(T * B, 0, V).toArray();
        var targets = new int[T * B];
        for (int n = 0; n < T * B; n++) {
            targets[n] = n < lag * B ? SequenceBatch.IGNORED : ids[n - lag * B];
        }
        return SequenceBatch.tokens(ids, T, B).targets(targets);
    }

    @ParameterizedTest
    @EnumSource
    void aNetworkLearnsToRemember(Backend backend) {
        Available.assume(backend);
        try (Network network = network(backend); var pass = network.pass(T, B)) {
            Trainer trainer = trainer(network);
            StepResult result = null;
            for (int step = 0; step < 500; step++) {
                result = trainer.step(pass, echo(step, 2));
            }
            assertEquals(500, trainer.steps());
            assertEquals(500, result.step());
            assertEquals((T - 2) * B, result.counted());
            assertTrue(result.loss() < 0.2, "from ln 6 = 1.79 to " + result.loss());
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneSeedGivesOneCourseBitForBit(Backend backend) {
        Available.assume(backend);
        assertArrayEquals(course(backend), course(backend));
    }

    private static byte[] course(Backend backend) {
        try (Network network = network(backend); var pass = network.pass(T, B).carryState(true)) {
            Trainer trainer = trainer(network);
            for (int step = 0; step < 20; step++) {
                trainer.step(pass, echo(step, 1));
            }
            return network.parameters().slab().toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /** Few sequences are shared by units, many by sequences. OpenBLAS, in the baseline tier, promises nothing. */
    @ParameterizedTest
    @ValueSource(ints = {4, 40})
    void theNumberOfThreadsChangesNoBit(int sequences) {
        Available.assume(Backend.NATIVE);
        assumeFalse(Backends.details(Backend.NATIVE, Execution.threads(1)).contains("BASELINE"));
        byte[] one = course(sequences, 1);
        assertArrayEquals(one, course(sequences, 2));
        assertArrayEquals(one, course(sequences, 3));
    }

    private static byte[] course(int sequences, int threads) {
        try (Network network = Network.oneHot(V).layer(Lstm.of(97)).layer(Gru.of(65)).classes(V)
                .backend(Backend.NATIVE).threads(threads).seed(1).build();
                var pass = network.pass(T, sequences).carryState(true)) {
            Trainer trainer = trainer(network);
            for (int step = 0; step < 5; step++) {
                int[] ids = new SeededRandom(step).ints(T * sequences, 0, V).toArray();
                trainer.step(pass, SequenceBatch.tokens(ids, T, sequences).targets(ids));
            }
            return network.parameters().slab().toArray(ValueLayout.JAVA_BYTE);
        }
    }

    @Test
    void theNormIsThatBeforeClipping() {
        try (Network network = network(Backend.REFERENCE); var pass = network.pass(T, B)) {
            StepResult result = trainer(network).step(pass, echo(1, 1));
            double squares = 0;
            for (float gradient : network.gradients().toArray(ValueLayout.JAVA_FLOAT)) {
                squares += (double) gradient * gradient;
            }
            assertTrue(result.gradientNorm() > 1e-3);
            assertEquals(Math.sqrt(squares), result.gradientNorm(), 1e-13 * result.gradientNorm());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aGradientThatIsNotFiniteIsNamedAndNothingChanges(Backend backend) {
        Available.assume(backend);
        try (Network network = network(backend); var pass = network.pass(T, B)) {
            Trainer trainer = trainer(network);
            trainer.step(pass, echo(1, 1));
            MemorySegment bias = network.parameters().view("head.bias");
            Precision.FLOAT32.set(bias, 2, Double.NaN);
            network.parameters().changed();
            byte[] before = network.parameters().slab().toArray(ValueLayout.JAVA_BYTE);
            byte[] moments = trainer.optimizerState().slabs().get("adam.mean").toArray(ValueLayout.JAVA_BYTE);
            var e = assertThrows(NonFiniteGradientException.class, () -> trainer.step(pass, echo(2, 1)));
            assertEquals(2, e.step());
            assertTrue(e.parameter().matches("layer0\\.weightIh\\[\\d+, \\d+]"), e.parameter());
            assertEquals("gradient of " + e.parameter() + " at step 2: expected a finite number, got NaN",
                    e.getMessage());
            assertArrayEquals(before, network.parameters().slab().toArray(ValueLayout.JAVA_BYTE));
            assertArrayEquals(moments,
                    trainer.optimizerState().slabs().get("adam.mean").toArray(ValueLayout.JAVA_BYTE));
            assertEquals(1, trainer.steps());
        }
    }

    @Test
    void aPassOfAnotherNetworkIsRefused() {
        try (Network one = network(Backend.REFERENCE); Network two = network(Backend.REFERENCE);
                NetworkPass pass = two.pass(T, B)) {
            assertThrows(IllegalArgumentException.class, () -> trainer(one).step(pass, echo(1, 1)));
        }
    }

    @Test
    void aStepNeedsGradientsAndTargets() {
        try (Network network = network(Backend.REFERENCE); NetworkPass pass = network.pass(T, B);
                NetworkPass inference = network.inference(T, B)) {
            Trainer trainer = trainer(network);
            byte[] before = network.parameters().slab().toArray(ValueLayout.JAVA_BYTE);
            SequenceBatch inputs = SequenceBatch.tokens(echo(1, 1).tokens(), T, B);
            assertThrows(IllegalStateException.class, () -> trainer.step(inference, echo(1, 1)));
            assertThrows(IllegalStateException.class, () -> trainer.step(pass, inputs));
            assertArrayEquals(before, network.parameters().slab().toArray(ValueLayout.JAVA_BYTE));
            assertEquals(0, trainer.steps());
        }
    }

    /** A loss of the caller's own that is the network's: the same steps, bit for bit. */
    @ParameterizedTest
    @EnumSource
    void aLossOfTheCallers(Backend backend) {
        Available.assume(backend);
        var builder = Network.oneHot(V).layer(Lstm.of(5)).outputs(2).backend(backend).threads(1).seed(1);
        SequenceBatch batch = echo(1, 1);
        SequenceBatch inputs = SequenceBatch.tokens(batch.tokens(), T, B);
        try (Network own = builder.build(); Network builtIn = builder.loss(Loss.meanSquaredError()).build();
                var ownPass = own.pass(T, B); var pass = builtIn.pass(T, B)) {
            Trainer ownTrainer = trainer(own);
            Trainer trainer = trainer(builtIn);
            for (int step = 0; step < 3; step++) {
                StepResult expected = trainer.step(pass, inputs.targets(new double[T * B * 2], 2));
                StepResult got = ownTrainer.step(ownPass, inputs, (outputs, gradient) -> {
                    double sum = 0;
                    for (int i = 0; i < outputs.length; i++) {
                        sum += outputs[i] * outputs[i];
                        gradient[i] = 2 * (1.0 / outputs.length) * outputs[i];
                    }
                    return sum / outputs.length;
                });
                assertEquals(expected.loss(), got.loss(), 1e-15);
                assertEquals(expected.gradientNorm(), got.gradientNorm());
                assertEquals(0, got.counted());
            }
            assertEquals(-1, own.parameters().slab().mismatch(builtIn.parameters().slab()));
        }
    }

    /** Two halves of a batch, their gradients added: one step on the whole, up to rounding. */
    @Test
    void gradientsOfSeveralPasses() {
        SequenceBatch left = echo(1, 0);
        SequenceBatch right = echo(2, 0);
        try (Network network = network(Backend.REFERENCE); var pass = network.pass(T, B);
                Network other = network(Backend.REFERENCE); var otherPass = other.pass(T, 2 * B)) {
            network.zeroGradients();
            double loss = 0;
            for (SequenceBatch half : new SequenceBatch[] {left, right}) {
                pass.forward(half);
                pass.backward();
                loss += pass.loss() / 2;
            }
            StepResult sum = Trainer.builder(network).optimizer(Sgd.of(0.5)).build().update(loss);
            StepResult whole = Trainer.builder(other).optimizer(Sgd.of(1)).build()
                    .step(otherPass, SequenceBatch.tokens(both(left.tokens(), right.tokens()), T, 2 * B)
                            .targets(both(left.targets(), right.targets())));
            assertEquals(1, sum.step());
            // Sums of 96 positions in float32, in another order: some roundings of 1e-7 each.
            assertEquals(whole.loss(), sum.loss(), 1e-6);
            assertEquals(2 * whole.gradientNorm(), sum.gradientNorm(), 1e-5 * sum.gradientNorm());
            for (long i = 0; i < network.parameters().count(); i++) {
                assertEquals(Precision.FLOAT32.get(other.parameters().slab(), i),
                        Precision.FLOAT32.get(network.parameters().slab(), i), 1e-6);
            }
        }
    }

    private static int[] both(MemorySegment left, MemorySegment right) {
        var both = new int[2 * T * B];
        for (int t = 0; t < T; t++) {
            for (int b = 0; b < 2 * B; b++) {
                both[t * 2 * B + b] =
                        (b < B ? left : right).getAtIndex(ValueLayout.JAVA_INT, (long) t * B + b % B);
            }
        }
        return both;
    }

    /** Nor is its result made, since nobody keeps it. */
    @ParameterizedTest
    @EnumSource(names = {"VECTOR", "NATIVE"})
    void aStepAllocatesNothing(Backend backend) {
        Available.assume(backend);
        try (Network network = network(backend); var pass = network.pass(T, B)) {
            Trainer trainer = trainer(network);
            SequenceBatch batch = echo(1, 1);
            Allocation.assertNone(() -> trainer.step(pass, batch).loss());
        }
    }
}
