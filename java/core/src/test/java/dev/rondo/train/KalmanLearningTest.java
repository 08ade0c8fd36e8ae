package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.memory.Precision;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The filter learns to double a frequency from a fraction of the sequences that Adam needs. */
class KalmanLearningTest {
    private static final int T = 20;
    private static final double LEARNED = 0.005; // the variance of what is wanted is 0.5

    private static Network network(long seed) {
        return Network.builder(1).layer(Elman.of(6)).outputs(1).loss(Loss.meanSquaredError())
                .precision(Precision.FLOAT64).backend(Backend.REFERENCE).seed(seed).quiet().build();
    }

    /** sin(a) comes in, sin(2 a) is wanted, which the present input alone does not tell; it counts from step 4 on. */
    private static SequenceBatch batch(Random random, int sequences) {
        var x = new double[T * sequences];
        var y = new double[T * sequences];
        var counts = new byte[T * sequences];
        Arrays.fill(counts, 4 * sequences, counts.length, (byte) 1);
        for (int b = 0; b < sequences; b++) {
            double phase = random.nextDouble() * 2 * Math.PI;
            for (int t = 0; t < T; t++) {
                double a = phase + 2 * Math.PI * t / 12;
                x[t * sequences + b] = Math.sin(a);
                y[t * sequences + b] = Math.sin(2 * a);
            }
        }
        return SequenceBatch.of(x, T, sequences, 1).targets(y, 1).targetMask(counts);
    }

    /** Trains on one sequence after the other; returns how many it took to learn, or more than {@code most}. */
    private static int sequences(Trainer trainer, int most) {
        var random = new Random(5);
        SequenceBatch held = batch(new Random(6), 16);
        try (var pass = trainer.network().pass(T, 1); var look = trainer.network().pass(T, 16)) {
            for (int count = 1; count <= most; count++) {
                trainer.step(pass, batch(random, 1));
                look.forward(held);
                if (look.loss() < LEARNED) {
                    return count;
                }
            }
        }
        return most + 1;
    }

    /** {@return how many sequences networks of three seeds took together, or more than {@code most}} */
    private static int together(Function<Network, Trainer> trainer, int most) {
        int sum = 0;
        for (int seed = 1; seed <= 3 && sum <= most; seed++) {
            try (Network network = network(seed)) {
                sum += sequences(trainer.apply(network), most - sum);
            }
        }
        return sum;
    }

    static List<Ekf> filters() {
        return List.of(Ekf.global(), Ekf.decoupled(ParameterGroups.perLayer()));
    }

    @ParameterizedTest
    @MethodSource("filters")
    void itTakesAQuarterOfTheSequences(Ekf filter) {
        int needed = together(network -> Trainer.builder(network).learner(filter).build(), 150);
        assertTrue(needed <= 150, () -> "not learned from 150 sequences");
        for (double rate : new double[] {1e-2, 3e-2}) { // 3e-3 takes more
            int byAdam = together(network -> Trainer.builder(network).optimizer(Adam.of(rate)).build(), 4 * needed);
            assertTrue(byAdam > 4 * needed, () -> needed + " sequences; Adam with " + rate + " took " + byAdam);
        }
    }
}
