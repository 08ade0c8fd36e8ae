package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GoldenFile;
import dev.rondo.kernel.Allocation;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import dev.rondo.network.SeededRandom;
import dev.rondo.train.GradientClipping.Scope;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Norms and updates of the native library against those in plain Java, and against libtorch's. */
class NativeUpdateTest {
    private static final List<GradientClipping> CLIPPINGS = List.of(
            GradientClipping.none(), GradientClipping.byValue(0.5), GradientClipping.globalNorm(3),
            GradientClipping.perLayer(2), GradientClipping.perParameter(1));

    private Workspace workspace;

    @BeforeEach
    void open() {
        Available.assume(Backend.NATIVE);
        workspace = new Workspace("test");
    }

    @AfterEach
    void close() {
        workspace.close();
    }

    private static TensorLayout layout(int rows, int columns) {
        return TensorLayout.builder()
                .add("layer0.weight", rows, columns).add("layer0.bias", 3).add("head.weight", 5, 7).build();
    }

    /** An optimiser at work on parameters that are drawn at random, by gradients that are. */
    private final class Course {
        final Parameters parameters;
        final OptimizerState state;
        final Gradients gradients;
        private final MemorySegment slab;
        private final SeededRandom random = new SeededRandom(1);

        /** In plain Java if {@code execution} is null. */
        Course(Optimizer optimizer, TensorLayout layout, Precision precision, Execution execution) {
            this.parameters = new Parameters(workspace, layout, precision);
            this.state = optimizer.start(parameters);
            this.slab = parameters.twin();
            this.gradients = new Gradients(slab, layout, precision, null, execution);
            draw(parameters.slab(), 1);
        }

        private void draw(MemorySegment to, double largest) {
            for (long i = 0; i < parameters.count(); i++) {
                parameters.precision().set(to, i, (float) random.nextDouble(-largest, largest));
            }
        }

        /** Makes a step; {@return the norm of its gradients}. */
        double step(GradientClipping clipping) {
            draw(slab, 1);
            double norm = gradients.norm();
            gradients.clip(clipping);
            state.update(gradients, 0.1);
            return norm;
        }

        /** Parameters, then all that is remembered of them. */
        double[] numbers() {
            List<MemorySegment> slabs = new ArrayList<>(List.of(parameters.slab()));
            slabs.addAll(state.slabs().values());
            int count = Math.toIntExact(parameters.count());
            var all = new double[slabs.size() * count];
            for (int i = 0; i < all.length; i++) {
                all[i] = parameters.precision().get(slabs.get(i / count), i % count);
            }
            return all;
        }
    }

    static Stream<Optimizer> optimizers() {
        return Stream.concat(OptimizerTest.twoUpdates(), OptimizerTest.decays())
                .map(arguments -> (Optimizer) arguments.get()[0]);
    }

    /** To the last bit, unless norms clip: these are sums of another order, and so are factors in the last place. */
    @ParameterizedTest
    @MethodSource("optimizers")
    void updatesAreThoseOfPlainJava(Optimizer optimizer) {
        for (GradientClipping clipping : CLIPPINGS) {
            for (Precision precision : Precision.values()) {
                for (IsaTier tier : IsaTier.values()) {
                    var expected = new Course(optimizer, layout(11, 37), precision, null);
                    var got = new Course(optimizer, layout(11, 37), precision, new Execution(1, tier));
                    for (int step = 0; step < 4; step++) {
                        double norm = expected.step(clipping);
                        assertEquals(norm, got.step(clipping), 1e-14 * norm);
                        assertTrue(got.state.describe(got.gradients.nativeUpdate(), 0), "none of its own");
                    }
                    String what = optimizer + " " + clipping + " " + precision + " " + tier;
                    if (clipping.scope() == Scope.NONE || clipping.scope() == Scope.VALUE) {
                        assertArrayEquals(expected.numbers(), got.numbers(), what);
                    } else { // numbers are of the order of 1
                        assertArrayEquals(expected.numbers(), got.numbers(), 4 * precision.epsilon(), what);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void theNumberOfThreadsChangesNoBit(Precision precision) {
        Cell cell = Lstm.of(1);
        for (Optimizer optimizer : List.of(Sgd.of(0.1).momentum(0.9), Adam.of(0.1))) {
            double norm = 0;
            double[] numbers = null;
            for (int threads = 1; threads <= 3; threads++) {
                var execution = Execution.threads(threads);
                try (var _ = cell.kernel(Backend.NATIVE).plan(
                        cell, new CellShape(1, 1, 1, 1), precision, execution)) { // threads run while a plan is open
                    var course = new Course(optimizer, layout(401, 503), precision, execution);
                    double own = course.step(GradientClipping.globalNorm(1));
                    if (threads == 1) {
                        norm = own;
                        numbers = course.numbers();
                    }
                    assertEquals(norm, own);
                    assertArrayEquals(numbers, course.numbers());
                }
            }
        }
    }

    static List<GoldenFile> golden() {
        return OptimizerGoldenTest.files();
    }

    @ParameterizedTest
    @MethodSource("golden")
    void everyStepIsLibtorchs(GoldenFile file) {
        for (IsaTier tier : IsaTier.values()) {
            OptimizerGoldenTest.assertSteps(file, (slab, layout) ->
                    new Gradients(slab, layout, Precision.FLOAT64, null, new Execution(1, tier)));
        }
    }

    /** A user's rule has no body in the native library. */
    private record SignSgd(double learningRate) implements Optimizer {
        @Override
        public OptimizerState start(Parameters parameters) {
            return new OptimizerState(this, parameters) {
                private double rate;

                @Override
                protected void begin(long step, double learningRate) {
                    rate = learningRate;
                }

                @Override
                protected void update(double[] w, double[] g, double[][] state, int count) {
                    for (int i = 0; i < count; i++) {
                        w[i] -= rate * Math.signum(g[i]);
                    }
                }
            };
        }
    }

    @Test
    void rulesOfUsersRunInJava() {
        var expected = new Course(new SignSgd(0.1), layout(11, 37), Precision.FLOAT32, null);
        var got = new Course(new SignSgd(0.1), layout(11, 37), Precision.FLOAT32, Execution.threads(1));
        for (GradientClipping clipping : CLIPPINGS) {
            expected.step(clipping);
            got.step(clipping);
        }
        assertArrayEquals(expected.numbers(), got.numbers());
    }

    @ParameterizedTest
    @EnumSource
    void oneBadGradientMakesABadNorm(Precision precision) {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            var course = new Course(Sgd.of(1), layout(40, 50), precision, Execution.threads(1));
            precision.set(course.slab, 1998, bad);
            assertFalse(Double.isFinite(course.gradients.norm()));
            assertEquals(1998, course.gradients.worst());
        }
        var large = new Course(Sgd.of(1), layout(1, 1), precision, Execution.threads(1));
        precision.set(large.slab, 0, 3e38);
        assertEquals(3e38, large.gradients.norm(), 1e31);
    }

    @Test
    void aStepAllocatesNothing() {
        var course = new Course(Adam.of(0.1), layout(11, 37), Precision.FLOAT32, Execution.threads(1));
        Allocation.assertNone(() -> {
            course.gradients.norm();
            course.gradients.clip(CLIPPINGS.get(2));
            course.state.update(course.gradients, 0.1);
        });
    }
}
