package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps that leave out the rows of tokens that the batch does not have give what whole steps give, bit for bit. */
class TokenRowsTest {
    private static final int T = 5;
    private static final int B = 3;
    private static final int V = 201; // most tokens are in no batch
    private static final int CLASSES = 4;
    private static final int STEPS = 6;
    private static final double RATE = 0.5;
    private static final double LIMIT = 0.125;

    private static Network network(Network.Builder builder, Backend backend) {
        return builder.layer(Lstm.of(7)).classes(CLASSES).backend(backend).threads(1).seed(1).build();
    }

    /** Ragged, one sequence empty. */
    private static SequenceBatch batch(long seed) {
        var random = new SeededRandom(seed);
        return SequenceBatch.tokens(random.ints(T * B, 0, V).toArray(), T, B).lengths(new int[] {T, 0, 2})
                .targets(random.ints(T * B, 0, CLASSES).toArray());
    }

    @ParameterizedTest
    @EnumSource
    void aStepOfSgdIsThatOnAllRows(Backend backend) {
        Available.assume(backend);
        try (Network network = network(Network.oneHot(V), backend)) {
            check(network, Sgd.of(RATE), (w, g, _) -> w - RATE * g);
        }
        try (Network network = network(Network.embedding(V, 3), backend)) {
            check(network, Sgd.of(RATE), (w, g, _) -> w - RATE * g);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStepOfAdagradIsThatOnAllRows(boolean oneHot) {
        try (Network network = network(oneHot ? Network.oneHot(V) : Network.embedding(V, 3), Backend.REFERENCE)) {
            check(network, new Adagrad(RATE, 0.25, 0), (w, g, v) -> w - RATE * g / (Math.sqrt(v) + 0.25));
        }
    }

    /** Updates whose rows all move also see gradients of zero where no pass wrote. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStepOfRmsPropIsOnAllRows(boolean oneHot) {
        try (Network network = network(oneHot ? Network.oneHot(V) : Network.embedding(V, 3), Backend.REFERENCE)) {
            check(network, new RmsProp(RATE, 0.5, 0.25, 0), (w, g, v) -> w - RATE * g / (Math.sqrt(v) + 0.25));
        }
    }

    /** The update of one number; v is the sum or mean of squares, this gradient in it. */
    private interface Rule {
        double next(double w, double g, double v);
    }

    /** Beside the trainer goes the plain loop over everything. */
    private static void check(Network network, Optimizer optimizer, Rule rule) {
        int count = (int) network.parameters().count();
        float[] w = network.parameters().slab().toArray(ValueLayout.JAVA_FLOAT);
        var squares = new float[count];
        double kept = optimizer instanceof RmsProp rms ? rms.decay() : 1;
        double added = optimizer instanceof RmsProp rms ? 1 - rms.decay() : 1;
        Trainer trainer =
                Trainer.builder(network).optimizer(optimizer).clip(GradientClipping.globalNorm(LIMIT)).build();
        try (var pass = network.pass(T, B)) {
            for (int step = 0; step < STEPS; step++) {
                SequenceBatch batch = batch(step);
                float[] gradients = wholeGradients(pass, batch);
                if (step == STEPS - 2) {
                    network.gradients().fill((byte) 1); // whoever writes there does not disturb the next step
                }
                StepResult result = trainer.step(pass, batch);
                assertTouchedRows(network);
                assertArrayEquals(gradients, network.gradients().toArray(ValueLayout.JAVA_FLOAT));
                assertEquals(norm(gradients), result.gradientNorm(), 1e-13 * result.gradientNorm());
                assertTrue(result.gradientNorm() > LIMIT, "clipping was to take part");
                double scale = LIMIT / result.gradientNorm();
                for (int i = 0; i < count; i++) {
                    double g = gradients[i] * scale;
                    double v = kept * squares[i] + added * g * g;
                    squares[i] = (float) v;
                    w[i] = (float) rule.next(w[i], g, v);
                }
                assertArrayEquals(w, network.parameters().slab().toArray(ValueLayout.JAVA_FLOAT));
            }
        }
    }

    /** The gradients of a batch, in memory that is zero everywhere before. */
    private static float[] wholeGradients(NetworkPass pass, SequenceBatch batch) {
        pass.network().gradients().fill((byte) 0);
        pass.forward(batch);
        pass.backward();
        float[] gradients = pass.network().gradients().toArray(ValueLayout.JAVA_FLOAT);
        pass.network().zeroGradients();
        for (float gradient : pass.network().gradients().toArray(ValueLayout.JAVA_FLOAT)) {
            assertEquals(0, gradient);
        }
        return gradients;
    }

    private static void assertTouchedRows(Network network) {
        int touched = 0;
        for (int row = 0; row < V; row++) {
            touched += network.tokenRows().nextTouched(row) == row ? 1 : 0;
        }
        assertTrue(touched > 0 && touched <= T * B, touched + " of " + V);
    }

    private static double norm(float[] gradients) {
        double squares = 0;
        for (float gradient : gradients) {
            squares += (double) gradient * gradient;
        }
        return Math.sqrt(squares);
    }

    @Test
    void theTensorsAreThoseWithARowPerToken() {
        try (Network network = network(Network.oneHot(V), Backend.REFERENCE)) {
            assertEquals("layer0.weightIh", network.tokenRows().tensors().getFirst().name());
            assertEquals(28, network.tokenRows().width(network.tokenRows().tensors().getFirst()));
        }
        try (Network network = network(Network.embedding(V, 3), Backend.REFERENCE)) {
            assertEquals("embedding.weight", network.tokenRows().tensors().getFirst().name());
        }
        try (Network network = network(Network.builder(3), Backend.REFERENCE)) {
            assertTrue(network.tokenRows().tensors().isEmpty());
            assertFalse(network.tokenRows().nextTouched(0) >= 0);
        }
    }

    /** Gradients are added up over passes; so are the rows. */
    @Test
    void rowsAreThoseOfAllPassesSinceZero() {
        try (Network network = network(Network.oneHot(V), Backend.REFERENCE); var pass = network.pass(1, 1)) {
            network.zeroGradients();
            for (int token : new int[] {9, 4}) {
                pass.forward(SequenceBatch.tokens(new int[] {token}, 1, 1).targets(new int[1]));
                pass.backward();
            }
            assertEquals(4, network.tokenRows().nextTouched(0));
            assertEquals(9, network.tokenRows().nextTouched(5));
            assertEquals(-1, network.tokenRows().nextTouched(10));
            for (IntUnaryOperator next : List.<IntUnaryOperator>of(
                    network.tokenRows()::nextTouched, network.tokenRows()::nextUntouched)) {
                assertEquals("row: expected at least 0, got -1",
                        assertThrows(IndexOutOfBoundsException.class, () -> next.applyAsInt(-1)).getMessage());
            }
            network.zeroGradients();
            assertEquals(-1, network.tokenRows().nextTouched(0));
            for (long i = 0; i < network.parameters().count(); i++) {
                assertEquals(0, Precision.FLOAT32.get(network.gradients(), i));
            }
        }
    }
}
