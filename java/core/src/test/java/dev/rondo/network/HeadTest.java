package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GradientCheck;
import dev.rondo.kernel.Allocation;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Heads: where they read, what they are trained by, and gradients that the caller gives. */
class HeadTest {
    private static final int T = 5;
    private static final int B = 4;
    private static final int I = 3;
    private static final int O = 3;
    private static final int[] LENGTHS = {5, 0, 2, 1};

    private static Network.Builder builder() {
        return Network.builder(I).layer(Lstm.of(4)).layer(Lstm.of(O)).seed(3).threads(1);
    }

    private static SequenceBatch inputs(int batchSize, long seed) {
        return SequenceBatch.of(new Random(seed).doubles(T * batchSize * I, -1, 1).toArray(), T, batchSize, I);
    }

    private static double[] numbers(Precision precision, MemorySegment segment) {
        var numbers = new double[(int) (segment.byteSize() / precision.bytes())];
        precision.read(segment, 0, numbers, numbers.length);
        return numbers;
    }

    private static double[] numbers(MemorySegment segment) {
        return numbers(Precision.FLOAT64, segment);
    }

    static Stream<Arguments> heads() {
        List<Loss> losses = List.of(Loss.softmaxCrossEntropy(),
                Loss.softmaxCrossEntropy().classWeights(0.5, 2, 1), Loss.sigmoidCrossEntropy(),
                Loss.meanSquaredError());
        var cases = new ArrayList<Arguments>();
        for (Backend backend : List.of(Backend.REFERENCE, Backend.NATIVE)) {
            for (Loss loss : losses) {
                for (boolean lastStep : new boolean[] {false, true}) {
                    for (int outputs : new int[] {NetworkHead.NONE, O}) {
                        cases.add(Arguments.of(backend, new NetworkHead(outputs, lastStep, loss)));
                    }
                }
            }
        }
        return cases.stream();
    }

    /** Ragged sequences, one of them empty; ignored classes, marks per position and per number; states carried over. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("heads")
    void gradients(Backend backend, NetworkHead head) {
        Available.assume(backend);
        Network.Builder builder = builder().loss(head.loss()).backend(backend).precision(Precision.FLOAT64);
        builder = head.lastStep() ? builder.lastStep() : builder;
        builder = head.dense() ? builder.outputs(O) : builder.noHead();
        var random = new Random(5);
        int positions = head.lastStep() ? B : T * B;
        SequenceBatch batch = inputs(B, 7).lengths(LENGTHS);
        if (head.loss().classTargets()) {
            int[] classes = random.ints(positions, 0, O).toArray();
            classes[0] = SequenceBatch.IGNORED;
            batch = batch.targets(classes);
        } else {
            var marks = new byte[positions * O];
            random.nextBytes(marks);
            marks[1] = 0;
            batch = batch.targets(random.doubles((long) positions * O, 0, 1).toArray(), O).targetMask(marks);
        }
        try (Network network = builder.build()) {
            assertEquals(head, network.description().head());
            GradientCheck.of(network).after(inputs(B, 8)).batch(batch).run().assertBelow(GradientCheck.TOLERANCE);
        }
    }

    /** One seed, two networks: what the last step reads is what each step reads at the last valid one. */
    @ParameterizedTest
    @EnumSource
    void theLastStepIsTheLastValidOne(Backend backend) {
        Available.assume(backend);
        SequenceBatch batch = inputs(B, 7).lengths(LENGTHS);
        try (Network each = builder().outputs(O).backend(backend).build();
                Network last = builder().outputs(O).lastStep().backend(backend).build();
                NetworkPass eachPass = each.inference(T, B); NetworkPass lastPass = last.inference(T, B)) {
            eachPass.forward(batch);
            lastPass.forward(batch);
            double[] all = numbers(Precision.FLOAT32, eachPass.outputs());
            double[] got = numbers(Precision.FLOAT32, lastPass.outputs());
            assertEquals(B * O, got.length);
            for (int b = 0; b < B; b++) {
                for (int o = 0; o < O; o++) {
                    // An empty sequence stays in the zero state, of which the head makes its bias, zero at first.
                    double expected = LENGTHS[b] == 0 ? 0 : all[((LENGTHS[b] - 1) * B + b) * O + o];
                    // One product of B rows, another of T * B: sums of three numbers, in whatever order.
                    assertEquals(expected, got[b * O + o], 4 * Precision.FLOAT32.epsilon());
                }
            }
        }
    }

    /** An empty chunk of a sequence that goes on says what was said at its end. */
    @Test
    void anEmptySequenceIsReadInTheStateItEntersIn() {
        try (Network network = builder().classes(O).lastStep().backend(Backend.REFERENCE).build();
                NetworkPass pass = network.inference(T, B).carryState(true)) {
            pass.forward(inputs(B, 7));
            double[] before = numbers(Precision.FLOAT32, pass.outputs());
            pass.forward(inputs(B, 8).lengths(new int[] {0, 5, 0, 5}).targets(new int[] {0, -1, 2, -1}));
            double[] after = numbers(Precision.FLOAT32, pass.outputs());
            assertEquals(2, pass.counted());
            for (int o = 0; o < O; o++) {
                assertEquals(before[o], after[o]);
                assertEquals(before[2 * O + o], after[2 * O + o]);
            }
        }
    }

    /** Every body takes a gradient that comes in at the last state alone. */
    @ParameterizedTest
    @EnumSource(names = {"VECTOR", "NATIVE"})
    void gradientsOfTheLastStepAreTheReferences(Backend backend) {
        Available.assume(backend);
        double[] expected = lastStepGradients(Backend.REFERENCE);
        double[] got = lastStepGradients(backend);
        double largest = 0;
        for (double gradient : expected) {
            largest = Math.max(largest, Math.abs(gradient));
        }
        for (int i = 0; i < expected.length; i++) {
            // Sums of some tens of products of numbers near 1, in float32.
            assertEquals(expected[i], got[i], 32 * Precision.FLOAT32.epsilon() * largest, "element " + i);
        }
    }

    private static double[] lastStepGradients(Backend backend) {
        try (Network network = builder().classes(O).lastStep().backend(backend).build();
                NetworkPass pass = network.pass(T, B)) {
            pass.forward(inputs(B, 7).lengths(LENGTHS).targets(new int[] {0, 1, 2, 1}));
            pass.backward();
            return numbers(Precision.FLOAT32, network.gradients());
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutAHeadTheTopLayerIsTheOutput(Backend backend) {
        Available.assume(backend);
        try (Network network = builder().noHead().lastStep().backend(backend).build();
                NetworkPass pass = network.inference(T, B); Stepper stepper = network.stepper()) {
            assertEquals(O, network.outputSize());
            assertEquals(6, network.parameters().layout().tensors().size());
            pass.forward(inputs(B, 7));
            assertArrayEquals(numbers(Precision.FLOAT32, pass.state(1, 0)), numbers(Precision.FLOAT32, pass.outputs()));
            var y = new float[O];
            stepper.step(new float[I], y);
            assertEquals(0, Math.abs(y[0]), 1);
        }
    }

    /** The caller computes the mean squared error of the counted steps by itself: the same gradients, bit for bit. */
    @ParameterizedTest
    @EnumSource(names = {"REFERENCE", "NATIVE"})
    void aLossOfTheCallers(Backend backend) {
        Available.assume(backend);
        var targets = new double[T * B * O];
        int counted = O * (5 + 2 + 1);
        SequenceBatch batch = inputs(B, 7).lengths(LENGTHS);
        try (Network network = builder().outputs(O).loss(Loss.meanSquaredError()).precision(Precision.FLOAT64)
                        .backend(backend).build();
                NetworkPass pass = network.pass(T, B)) {
            pass.forward(batch.targets(targets, O));
            pass.backward();
            double builtIn = pass.loss();
            double[] expected = numbers(network.gradients());
            network.gradients().fill((byte) 0);
            pass.forward(batch);
            double loss = pass.loss((outputs, gradient) -> {
                double sum = 0;
                for (int i = 0; i < outputs.length; i++) {
                    // What stands beyond a length is ignored: garbage there does no harm.
                    boolean valid = i / (B * O) < LENGTHS[i / O % B];
                    gradient[i] = valid ? 2 * (1.0 / counted) * outputs[i] : 1e9;
                    sum += valid ? outputs[i] * outputs[i] : 0;
                }
                return sum / counted;
            });
            assertEquals(builtIn, loss, 1e-15);
            pass.backward();
            assertArrayEquals(expected, numbers(network.gradients()));
        }
    }

    /** The gradient of a batch's loss stands in the outputs' gradient, and may be added to: here it is taken twice. */
    @Test
    void aTermOfTheCallersIsAdded() {
        SequenceBatch batch = inputs(B, 7).targets(new int[T * B]);
        try (Network network = builder().classes(O).precision(Precision.FLOAT64).backend(Backend.REFERENCE).build();
                NetworkPass pass = network.pass(T, B)) {
            pass.forward(batch);
            pass.backward();
            double[] once = numbers(network.gradients());
            network.gradients().fill((byte) 0);
            pass.forward(batch);
            MemorySegment gradient = pass.outputGradient();
            for (int i = 0; i < T * B * O; i++) {
                Precision.FLOAT64.set(gradient, i, 2 * Precision.FLOAT64.get(gradient, i));
            }
            pass.backward();
            double[] twice = numbers(network.gradients());
            for (int i = 0; i < once.length; i++) {
                assertEquals(2 * once[i], twice[i]); // a factor of two is exact
            }
        }
    }

    /** What comes in at the last state counts once, adds to the rest, and is gone for the next pass. */
    @ParameterizedTest
    @EnumSource(names = {"REFERENCE", "NATIVE"})
    void theGradientOfTheLastState(Backend backend) {
        Available.assume(backend);
        SequenceBatch batch = inputs(B, 7).lengths(LENGTHS).targets(new int[] {0, 1, 2, -1});
        try (Network network = builder().classes(O).lastStep().precision(Precision.FLOAT64).backend(backend).build();
                NetworkPass pass = network.pass(T, B)) {
            pass.forward(batch);
            pass.backward();
            double[] alone = numbers(network.gradients());
            double[] entered = numbers(pass.stateGradient(1, 1));
            for (int round = 0; round < 2; round++) {
                network.gradients().fill((byte) 0);
                pass.forward(batch);
                for (int i = 0; round == 0 && i < B * O; i++) {
                    Precision.FLOAT64.set(pass.lastStateGradient(1, 1), i, 1);
                }
                pass.backward();
                assertEquals(0, numbers(pass.lastStateGradient(1, 1))[3]);
                if (round == 0) {
                    // Sequence 1 is empty: what comes in at its last state is the gradient of the one it enters in.
                    assertEquals(entered[O] + 1, numbers(pass.stateGradient(1, 1))[O]);
                }
            }
            assertArrayEquals(alone, numbers(network.gradients()));
            assertArrayEquals(entered, numbers(pass.stateGradient(1, 1)));
        }
    }

    @Test
    void backwardWantsSomethingToGoBackFrom() {
        try (Network network = builder().outputs(O).backend(Backend.REFERENCE).build();
                NetworkPass pass = network.pass(T, B); NetworkPass inference = network.inference(T, B)) {
            assertThrows(IllegalStateException.class, pass::backward);
            assertThrows(IllegalStateException.class, () -> pass.loss((outputs, gradient) -> 0));
            pass.forward(inputs(B, 7));
            assertThrows(IllegalStateException.class, pass::backward);
            pass.outputGradient();
            pass.backward();
            assertThrows(IllegalStateException.class, pass::backward);
            pass.forward(inputs(B, 7));
            pass.lastStateGradient(0, 1);
            pass.backward();
            pass.forward(inputs(B, 7));
            assertThrows(IllegalStateException.class, pass::backward);
            assertThrows(IllegalStateException.class, () -> pass.loss());
            assertThrows(IllegalStateException.class, pass::lossWeight);
            assertThrows(IllegalStateException.class, inference::outputGradient);
            assertThrows(IllegalStateException.class, () -> inference.loss((outputs, gradient) -> 0));
            inference.forward(inputs(B, 7));
            assertEquals(T * B * O, inference.loss((outputs, gradient) -> gradient.length));
            assertThrows(IllegalStateException.class, () -> inference.lastStateGradient(0, 0));
            var e = assertThrows(IllegalArgumentException.class,
                    () -> pass.forward(inputs(B, 7).targets(new int[T * B])));
            assertEquals("targets: expected none, for the network has no loss; got some", e.getMessage());
        }
    }

    static Stream<Arguments> allocating() {
        return heads().filter(head -> head.get()[0] == Backend.NATIVE);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("allocating")
    void forwardAndBackwardAllocateNothing(Backend backend, NetworkHead head) {
        Available.assume(backend);
        Network.Builder builder = builder().loss(head.loss()).backend(backend);
        builder = head.lastStep() ? builder.lastStep() : builder;
        builder = head.dense() ? builder.outputs(O) : builder.noHead();
        int positions = head.lastStep() ? B : T * B;
        SequenceBatch batch = inputs(B, 7).lengths(LENGTHS).targetMask(new byte[positions]);
        batch = head.loss().classTargets()
                ? batch.targets(new int[positions])
                : batch.targets(new float[positions * O], O);
        SequenceBatch given = batch;
        try (Network network = builder.build(); NetworkPass pass = network.pass(T, B)) {
            Allocation.assertNone(() -> {
                pass.forward(given);
                pass.backward();
            });
        }
    }
}
