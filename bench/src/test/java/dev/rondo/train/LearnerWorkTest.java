package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.elman.Elman;
import dev.rondo.kernel.Backends;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is timed is verified, and that can fail. */
class LearnerWorkTest {
    @BeforeEach
    void assumeNative() {
        assumeTrue(Backends.missing(Backend.NATIVE).isEmpty(), "no native library here");
    }

    @Test
    void verificationOfGradientsCanFail() {
        try (var work = new RtrlWork(Elman.of(4), IsaTier.AVX512, 1)) {
            work.verify();
            double[] gradients = work.gradients();
            gradients[3] += 1e-2;
            assertThrows(IllegalStateException.class, () -> work.compare(work.gradients(), gradients));
        }
    }

    @Test
    void verificationOfUpdatesCanFail() {
        try (var work = filter(Backend.NATIVE); var reference = filter(Backend.REFERENCE)) {
            work.verify(reference);
            work.update(); // one more than the reference
            assertThrows(IllegalStateException.class, () -> work.verify(reference));
        }
    }

    private static KalmanWork filter(Backend backend) {
        return new KalmanWork(3, ParameterGroups.perUnit(), 2, backend, IsaTier.AVX512, 1);
    }
}
