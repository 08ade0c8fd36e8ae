package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.clockwork.Clockwork;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A stream that is learned from, written down and gone on with is one that was not interrupted, bit for bit. */
class ResumedLearnerTest {
    private static final int K = 2; // steps of a batch
    private static final int B = LearnerCase.B;
    private static final int BATCHES = 5; // before the file is written, and after it

    @TempDir
    private Path directory;

    static List<Learner> learners() {
        return List.of(Rtrl.exact(), Rtrl.snap(1), Rtrl.snap(2), Rtrl.uoro(3), Rtrl.rflo(), TruncatedBptt.lookBack(5),
                Ekf.global(), Ekf.global().derivatives(TruncatedBptt.lookBack(5)));
    }

    private static Network.Builder stack() {
        return Network.embedding(4, 5)
                .layer(Layer.of(Gru.of(5)).residual().dropout(0.2).zoneout(0.2).learnedInitialState())
                .layer(Layer.of(Clockwork.of(4, 2)).recurrentDropout(0.2)).layer(Lstm.of(3));
    }

    private static Network build(Network.Builder builder) {
        return LearnerCase.build(builder, Backend.REFERENCE);
    }

    private static Trainer trainer(Network network, Learner learner) {
        return Trainer.builder(network).learner(learner).build();
    }

    /** Batches of a stream, in which sequences end, wait and begin. */
    private static void learn(Trainer trainer, NetworkPass pass, int first) {
        for (int batch = first; batch < first + BATCHES; batch++) {
            SequenceBatch next = trainer.network().description().input().tokens()
                    ? LearnerCase.tokens(K, 4, batch) : LearnerCase.numbers(K, 2, batch);
            byte[] hold = new byte[K * B];
            hold[batch % hold.length] = 1;
            trainer.step(pass, next.lengths(new int[] {K, K, batch % 3}).hold(hold));
            if (batch % 4 == 0) {
                pass.resetState(batch % B); // the last before the file is written
            }
        }
    }

    private void goesOn(Network.Builder builder, Learner learner) throws IOException {
        Path file = directory.resolve("stream.rondo");
        try (Network network = build(builder); NetworkPass pass = network.pass(K, B).carryState(true)) {
            Trainer whole = trainer(network, learner);
            learn(whole, pass, 0);
            Checkpoint.builder().add(network::write).add(whole::write).add(pass::writeStates)
                    .add(to -> whole.writePast(pass, to)).write(file);
            learn(whole, pass, BATCHES);
            double[] expected = LearnerCase.parameters(network);

            Checkpoint checkpoint = Checkpoint.read(file);
            double[] resumed = resumed(checkpoint, learner, true);
            assertArrayEquals(expected, resumed, learner.toString());
            assertFalse(Arrays.equals(expected, resumed(checkpoint, learner, false)), "the past counts: " + learner);
        }
    }

    private static double[] resumed(Checkpoint checkpoint, Learner learner, boolean withPast) throws IOException {
        try (Network network = Network.read(checkpoint, options -> options.backend(Backend.REFERENCE).threads(2));
                NetworkPass pass = network.pass(K, B).carryState(true)) {
            Trainer rest = trainer(network, learner);
            rest.restore(checkpoint);
            pass.restoreStates(checkpoint);
            if (withPast) {
                rest.restorePast(pass, checkpoint);
            }
            learn(rest, pass, BATCHES);
            return LearnerCase.parameters(network);
        }
    }

    @ParameterizedTest
    @MethodSource("learners")
    void itGoesOnBitForBit(Learner learner) throws IOException {
        goesOn(stack(), learner);
        goesOn(Network.builder(2).layer(Layer.of(Elman.of(4)).variationalDropout(0.3)).layer(Gru.of(3)), learner);
    }

    @Test
    void kroneckerFactorsGoOnBitForBit() throws IOException {
        goesOn(Network.builder(2).layer(Layer.of(Lstm.of(4)).recurrentDropout(0.2).zoneout(0.1)),
                Rtrl.kroneckerFactored(3));
    }

    @Test
    void whatDoesNotFitIsRefusedAndChangesNothing() throws IOException {
        Path file = directory.resolve("past.rondo");
        Path without = directory.resolve("without.rondo");
        try (Network network = build(stack()); NetworkPass pass = network.pass(K, B).carryState(true);
                NetworkPass two = network.pass(K, 2).carryState(true);
                NetworkPass single = network.pass(1, B).carryState(true)) {
            Trainer exact = trainer(network, Rtrl.exact());
            Trainer window = trainer(network, TruncatedBptt.lookBack(5));
            learn(exact, pass, 0);
            Checkpoint.builder().add(to -> exact.writePast(pass, to)).write(file);
            Checkpoint.builder().add(network::write).add(pass::writeStates).write(without);
            Checkpoint checkpoint = Checkpoint.read(file);

            refused("expected the past of truncated BPTT of 5 steps, 3 sequences, FLOAT64, got that of exact RTRL, 3 "
                    + "sequences, FLOAT64", () -> window.restorePast(pass, checkpoint));
            refused("expected the past of exact RTRL, 2 sequences, FLOAT64", () -> exact.restorePast(two, checkpoint));
            refused("has no section learner", () -> exact.restorePast(pass, Checkpoint.read(without)));
            Trainer bptt = Trainer.builder(network).build();
            assertThrows(IllegalStateException.class, () -> bptt.restorePast(pass, checkpoint));
            assertThrows(IllegalStateException.class, () -> bptt.writePast(pass, Checkpoint.builder()));
            Path again = directory.resolve("again.rondo");
            Checkpoint.builder().add(to -> exact.writePast(pass, to)).write(again);
            assertEquals(-1, Files.mismatch(file, again));

            learn(window, pass, 0);
            Checkpoint.builder().add(to -> window.writePast(pass, to)).write(file);
            refused("expected batches of at most the 1 steps of the pass, got one of 2",
                    () -> window.restorePast(single, Checkpoint.read(file)));
        }
        try (Network other = build(Network.builder(2).layer(Gru.of(3)));
                NetworkPass pass = other.pass(K, B).carryState(true)) {
            Checkpoint checkpoint = Checkpoint.read(file);
            assertThrows(CheckpointException.class,
                    () -> trainer(other, TruncatedBptt.lookBack(5)).restorePast(pass, checkpoint));
        }
    }

    private static void refused(String message, Executable restore) {
        String got = assertThrows(CheckpointException.class, restore).getMessage();
        assertTrue(got.contains(message), got);
    }
}
