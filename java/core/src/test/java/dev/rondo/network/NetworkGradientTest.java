package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of whole networks against central differences in float64.
 *
 * <p>Tolerance: with a step of 1e-5 the difference quotient is off by about 1e-10 (third derivative) and 1e-11 (rounding of a
 * loss near 1); 1e-8 relative to the greatest gradient leaves room for the least lucky parameter.
 */
class NetworkGradientTest {
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-8;
    private static final int T = 5;
    private static final int B = 3;
    private static final int CLASSES = 4;

    /** What a batch has beside inputs and targets. */
    private enum Extra { NOTHING, LENGTHS, IGNORED, HOLD, ALL }

    static Stream<Arguments> cases() {
        var cases = new ArrayList<Arguments>();
        for (Backend backend : List.of(Backend.REFERENCE, Backend.NATIVE)) {
            for (String input : List.of("dense", "oneHot", "embedding")) {
                for (int layers = 1; layers <= 2; layers++) {
                    for (Extra extra : Extra.values()) {
                        cases.add(Arguments.of(backend, input, layers, extra));
                    }
                }
            }
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsAreThoseOfTheLoss(Backend backend, String input, int layers, Extra extra) {
        Available.assume(backend);
        try (Network network = network(backend, input, layers); var pass = network.pass(T, B)) {
            SequenceBatch batch = batch(network, extra, new SeededRandom(3));
            pass.forward(batch);
            pass.backward();
            assertGradients(network.parameters(), network.gradients(), () -> {
                pass.forward(batch);
                return pass.loss();
            });
        }
    }

    /** Truncated back-propagation: the chunk's gradient, the state that it is entered with held constant; and that by it. */
    @ParameterizedTest
    @MethodSource("cases")
    void gradientsOfAChunkAreThoseWithTheEnteringStateConstant(Backend backend, String input, int layers, Extra extra) {
        Available.assume(backend);
        try (Network network = network(backend, input, layers); var pass = network.pass(T, B).carryState(true)) {
            var random = new SeededRandom(5);
            pass.forward(batch(network, Extra.NOTHING, random));
            List<MemorySegment> planes = planes(pass, layers, false);
            List<double[]> entered = planes.stream().map(NetworkGradientTest::numbers).toList();
            SequenceBatch batch = batch(network, extra, random);
            Loss loss = () -> {
                for (int i = 0; i < planes.size(); i++) {
                    planes.get(i).copyFrom(MemorySegment.ofArray(entered.get(i)));
                }
                pass.forward(batch);
                return pass.loss();
            };
            loss.value();
            pass.backward();
            assertGradients(network.parameters(), network.gradients(), loss);
            assertStateGradients(planes(pass, layers, true), entered, loss);
        }
    }

    private static Network network(Backend backend, String input, int layers) {
        Network.Builder builder = switch (input) {
            case "dense" -> Network.builder(3);
            case "oneHot" -> Network.oneHot(6);
            default -> Network.embedding(6, 2);
        };
        for (int layer = 0; layer < layers; layer++) {
            builder.layer(Lstm.of(4 + layer));
        }
        return builder.classes(CLASSES).backend(backend).precision(Precision.FLOAT64).threads(1).seed(11).build();
    }

    private static SequenceBatch batch(Network network, Extra extra, RandomGenerator random) {
        SequenceBatch batch = network.description().input().tokens()
                ? SequenceBatch.tokens(random.ints(T * B, 0, 6).toArray(), T, B)
                : SequenceBatch.of(random.doubles(T * B * 3, -1, 1).toArray(), T, B, 3);
        int[] targets = random.ints(T * B, 0, CLASSES).toArray();
        if (extra == Extra.IGNORED || extra == Extra.ALL) {
            targets[2] = SequenceBatch.IGNORED;
            targets[T * B - 1] = SequenceBatch.IGNORED;
        }
        batch = batch.targets(targets);
        if (extra == Extra.LENGTHS || extra == Extra.ALL) {
            batch = batch.lengths(new int[] {T, 0, 2});
        }
        if (extra == Extra.HOLD || extra == Extra.ALL) {
            var hold = new byte[T * B];
            hold[0] = 1;
            hold[7] = 1;
            batch = batch.hold(hold);
        }
        return batch;
    }

    private interface Loss {
        double value();
    }

    private static void assertGradients(Parameters parameters, MemorySegment gradients, Loss loss) {
        double[] computed = numbers(gradients);
        double greatest = greatest(computed);
        for (int i = 0; i < computed.length; i++) {
            double value = Precision.FLOAT64.get(parameters.slab(), i);
            double above = lossAt(parameters, i, value + STEP, loss);
            double below = lossAt(parameters, i, value - STEP, loss);
            lossAt(parameters, i, value, () -> 0);
            int at = i;
            assertEquals((above - below) / (2 * STEP), computed[i], TOLERANCE * greatest,
                    () -> parameters.layout().at(at).element(at - parameters.layout().at(at).offset()));
        }
    }

    private static double lossAt(Parameters parameters, int index, double value, Loss loss) {
        Precision.FLOAT64.set(parameters.slab(), index, value);
        parameters.changed();
        return loss.value();
    }

    private static void assertStateGradients(List<MemorySegment> computed, List<double[]> entered, Loss loss) {
        List<double[]> expected = computed.stream().map(NetworkGradientTest::numbers).toList();
        for (int plane = 0; plane < entered.size(); plane++) {
            double[] values = entered.get(plane);
            for (int i = 0; i < values.length; i++) {
                double value = values[i];
                values[i] = value + STEP;
                double above = loss.value();
                values[i] = value - STEP;
                double below = loss.value();
                values[i] = value;
                assertEquals((above - below) / (2 * STEP), expected.get(plane)[i], TOLERANCE, "plane " + plane);
            }
        }
    }

    private static List<MemorySegment> planes(NetworkPass pass, int layers, boolean gradients) {
        var planes = new ArrayList<MemorySegment>();
        for (int layer = 0; layer < layers; layer++) {
            for (int plane = 0; plane < 2; plane++) {
                planes.add(gradients ? pass.stateGradient(layer, plane) : pass.state(layer, plane));
            }
        }
        return planes;
    }

    private static double[] numbers(MemorySegment segment) {
        var numbers = new double[(int) (segment.byteSize() / Double.BYTES)];
        Precision.FLOAT64.read(segment, 0, numbers, numbers.length);
        return numbers;
    }

    private static double greatest(double[] numbers) {
        double greatest = 0;
        for (double number : numbers) {
            greatest = Math.max(greatest, Math.abs(number));
        }
        return greatest;
    }
}
