package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a training says: of the logging that a Java without another one has. */
class TrainerLogTest {
    private final Logger logger = Logger.getLogger("dev.rondo.train");
    private final List<String> said = new ArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord message) {
            said.add(message.getLevel() + " " + message.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        logger.setLevel(Level.ALL);
    }

    @AfterEach
    void stopListening() {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(true);
        logger.setLevel(null);
    }

    @Test
    void itSaysWhatIsTrainedAndNothingOfEachStep() {
        try (Network network = Network.oneHot(5).layer(Lstm.of(3)).classes(5).backend(Backend.REFERENCE).build();
                var pass = network.pass(2, 1)) {
            Trainer trainer = Trainer.builder(network).optimizer(Sgd.of(0.5)).clip(GradientClipping.byValue(1))
                    .learningRate(LearningRate.onPlateau(0.5, 1)).build();
            for (int step = 0; step < 5; step++) {
                trainer.step(pass, SequenceBatch.tokens(new int[2], 2, 1).targets(new int[2]));
            }
            String whatAndHow = "INFO training " + network.parameters().count() + " parameters from step 1 on, "
                    + "Sgd[learningRate=0.5, momentum=0.0, nesterov=false, weightDecay=0.0], "
                    + "GradientClipping[scope=VALUE, limit=1.0], " + trainer.schedule();
            assertEquals(List.of(whatAndHow), said);

            trainer.observe(1);
            trainer.observe(2);
            trainer.observe(0.5);
            assertEquals(List.of(whatAndHow, "INFO step 5: learning rate 0.5 -> 0.25"), said);
        }
    }

    private static String filterSays(Ekf ekf, Network network, int sequences) {
        long count = network.parameters().count();
        return "INFO Kalman filter: " + ekf.memoryBytes(network, sequences) + " bytes for updates by up to "
                + 2 * sequences + " numbers at once, " + 4 * count * (count + 1) + " of them for the covariance of "
                + count + " parameters in groups of up to " + count;
    }

    @Test
    void aKalmanFilterSaysItsMemory() {
        Ekf ekf = Ekf.global();
        try (Network network = Network.builder(1).layer(Elman.of(3)).outputs(2).loss(Loss.meanSquaredError())
                .backend(Backend.REFERENCE).build()) {
            Trainer trainer = Trainer.builder(network).learner(ekf).build();
            assertEquals(List.of(filterSays(ekf, network, 1)), said);
            for (int sequences : new int[] {1, 3, 3, 2}) {
                try (var pass = network.pass(1, sequences)) {
                    trainer.step(pass, SequenceBatch.of(new double[sequences], 1, sequences, 1)
                            .targets(new double[2 * sequences], 2));
                }
            }
            assertEquals(List.of(filterSays(ekf, network, 1), filterSays(ekf, network, 3)),
                    said.stream().filter(line -> line.startsWith("INFO Kalman filter")).toList());
        }
    }

    @Test
    void aKalmanFilterSaysItsMemoryBeforeItIsTaken() {
        Ekf ekf = Ekf.global();
        try (Network network = Network.builder(1).layer(Lstm.of(1000)).outputs(2).loss(Loss.meanSquaredError())
                .backend(Backend.REFERENCE).build()) {
            Trainer.Builder builder = Trainer.builder(network).learner(ekf);
            assertThrows(OutOfMemoryError.class, builder::build); // 64 TB of covariance
            assertEquals(List.of(filterSays(ekf, network, 1)), said);
        }
    }

    @Test
    void itWarnsOnceOfBatchesWithNothingToLearn() {
        try (Network network = Network.oneHot(5).layer(Lstm.of(3)).classes(5).backend(Backend.REFERENCE).build();
                var pass = network.pass(2, 1)) {
            Trainer trainer = Trainer.builder(network).build();
            int[] ignored = {SequenceBatch.IGNORED, SequenceBatch.IGNORED};
            for (int step = 0; step < 3; step++) {
                trainer.step(pass, SequenceBatch.tokens(new int[2], 2, 1).targets(ignored));
            }
            assertEquals("WARNING step 1: no target of the batch counts", said.getFirst());
            assertEquals(2, said.size());
        }
    }
}
