package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GradientCheck;
import dev.rondo.memory.Precision;
import dev.rondo.network.Dataset;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import dev.rondo.text.Budget;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.Sampling;
import dev.rondo.text.TextCorpus;
import dev.rondo.train.Adam;
import dev.rondo.train.Epochs;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.Trainer;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs that the API is made for, as their authors would write them, on data made here. */
class TargetProgramsTest {
    private static final int CLASSES = 10;
    private static final int INPUTS = 2;

    private static final List<float[]> SOURCE = new Random(3).doubles(30, -1, 1)
            .mapToObj(x -> new float[] {(float) x, (float) -x}).toList();

    @TempDir
    private Path directory;

    /** Sequences of 12 to 40 steps: a wave of the class's own frequency and its phase, under noise. */
    private static Dataset waves(int count, long seed) {
        var random = new Random(seed);
        List<float[][]> sequences = new ArrayList<>();
        var labels = new int[count];
        for (int n = 0; n < count; n++) {
            labels[n] = n % CLASSES;
            double frequency = 0.2 + 0.25 * labels[n];
            double phase = random.nextDouble(2 * Math.PI);
            var sequence = new float[12 + random.nextInt(29)][INPUTS];
            for (int t = 0; t < sequence.length; t++) {
                sequence[t][0] = (float) (Math.sin(phase + frequency * t) + 0.1 * random.nextGaussian());
                sequence[t][1] = (float) (Math.cos(phase + frequency * t) + 0.1 * random.nextGaussian());
            }
            sequences.add(sequence);
        }
        return Dataset.of(sequences, labels);
    }

    @Test
    void classifyRaggedSequencesAndStream() throws IOException {
        Path path = directory.resolve("model.rondo");
        Dataset.Split data = waves(640, 1).split(0.2, 1);
        Dataset test = waves(200, 2);
        float[] logits;
        try (var network = Network.builder(INPUTS).layer(Lstm.of(128)).lastStep().classes(CLASSES).seed(1).build()) {
            var trainer = Trainer.builder(network).optimizer(Adam.of(1e-2)).clip(GradientClipping.globalNorm(1))
                    .batchSize(32).build();
            trainer.fit(data.training().shuffle(1).bucketed(), data.validation(), Epochs.of(20).keepBest());
            double accuracy = network.evaluate(test).accuracy();
            network.save(path);
            assertTrue(accuracy > 0.9, "a tenth by guessing, got " + accuracy);
            try (var pass = network.inference(SOURCE.size(), 1)) {
                var whole = new float[SOURCE.size() * INPUTS];
                for (int t = 0; t < SOURCE.size(); t++) {
                    System.arraycopy(SOURCE.get(t), 0, whole, t * INPUTS, INPUTS);
                }
                pass.forward(SequenceBatch.of(whole, SOURCE.size(), 1, INPUTS));
                logits = pass.outputs().toArray(ValueLayout.JAVA_FLOAT);
            }
        }
        // Some tens of steps in float32, each in two orders of summation.
        assertArrayEquals(logits, stream(path, SOURCE), 1e-4f);
    }

    /** Returns what stood in {@code y} at the end. */
    private static float[] stream(Path path, List<float[]> source) throws IOException {
        try (var network = Network.load(path); var stepper = network.stepper()) {
            var y = new float[network.outputSize()];
            for (float[] x : source) {
                stepper.step(x, y);
            }
            return y;
        }
    }

    @Test
    void languageModel() throws IOException {
        Path path = directory.resolve("text.rondo");
        var corpus = TextCorpus.of("The quick brown fox jumps over the lazy dog. To be, or not to be. ".repeat(40));
        try (var training = LanguageModelTrainer.builder(corpus).cell(Lstm.of(48)).batchSize(8).timeSteps(32).build()) {
            training.run(Budget.steps(300));
            training.model().save(path);
        }
        var text = new StringBuilder();
        try (var model = LanguageModel.load(path)) {
            double nats = model.score("The quick brown fox").nats();
            model.generate("To be", Sampling.defaults().topP(0.9).temperature(0.8).seed(7), 400, text::append);
            double nonsense = model.score("xof nworb kciuq ehT").nats();
            assertTrue(nats > 0 && 5 * nats < nonsense, nats + " nats, backwards " + nonsense);
        }
        assertEquals(400, text.length());
        assertTrue(text.toString().contains("or not to be"), text.toString());
    }

    @Test
    void checkGradientsOfAnything() {
        int[] ids = new Random(1).ints(15, 0, 6).toArray();
        int[] next = new Random(2).ints(15, 0, 6).toArray();
        try (var network = Network.embedding(6, 3).layer(Lstm.of(4)).classes(6).precision(Precision.FLOAT64).build()) {
            var batch = SequenceBatch.tokens(ids, 5, 3).targets(next).lengths(new int[] {5, 0, 2});
            var report = GradientCheck.of(network).batch(batch).run().assertBelow(1e-6);
            assertTrue(report.toString().contains("layer0.weightHh"), report.toString());
        }
    }
}
