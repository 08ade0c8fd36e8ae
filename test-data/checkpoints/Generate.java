import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.Checkpoint;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import dev.rondo.text.Budget;
import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.TextCorpus;
import dev.rondo.train.Adam;
import dev.rondo.train.Trainer;
import java.lang.foreign.ValueLayout;

/**
 * Wrote the checkpoints beside it with the code of commit 192b607, whose API it uses: files that later code must read.
 * Each network's holds, beside what it needs, what its logits and its next training steps were.
 */
void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    var dense = Network.builder(3).layer(Lstm.of(5)).layer(new Lstm(4, 0.5)).classes(3);
    double[] numbers = new Random(1).doubles(4 * 2 * 3, -1, 1).toArray();
    int[] classes = new Random(2).ints(4 * 2, 0, 3).toArray();
    write(directory.resolve("dense-float64.rondo"), dense.precision(Precision.FLOAT64),
            SequenceBatch.of(numbers, 4, 2, 3).targets(classes));
    int[] ids = new Random(3).ints(4 * 2, 0, 7).toArray();
    int[] next = new Random(4).ints(4 * 2, 0, 7).toArray();
    write(directory.resolve("embedding-float32.rondo"), Network.embedding(7, 2).layer(Lstm.of(3)).classes(7),
            SequenceBatch.tokens(ids, 4, 2).targets(next));
    var corpus = TextCorpus.of("so much depends upon a red wheel barrow glazed with rain water. ".repeat(8));
    try (var training = LanguageModelTrainer.builder(corpus).cell(Lstm.of(6)).batchSize(2).timeSteps(8).threads(1)
            .backend(Backend.REFERENCE).evaluateEvery(10).directory(directory).note("from", "test").build()) {
        training.run(Budget.steps(20));
    }
    Files.move(directory.resolve("last.rondo"), directory.resolve("training.rondo"));
    Files.delete(directory.resolve("best.rondo"));
}

void write(Path file, Network.Builder builder, SequenceBatch batch) throws Exception {
    try (Network network = builder.backend(Backend.REFERENCE).seed(7).build();
            NetworkPass pass = network.pass(4, 2).carryState(true)) {
        Trainer trainer = Trainer.builder(network).optimizer(Adam.of(1e-2)).build();
        trainer.step(pass, batch);
        trainer.step(pass, batch);
        Checkpoint.Builder checkpoint = Checkpoint.builder().network(network).trainer(trainer).states(pass);
        Path half = file.resolveSibling("half.rondo");
        checkpoint.write(half); // the numbers below change what the first builder points at
        Checkpoint kept = Checkpoint.read(half);
        try (Network again = kept.network(b -> b.backend(Backend.REFERENCE));
                NetworkPass onward = again.pass(4, 2).carryState(true)) {
            Trainer other = Trainer.builder(again).optimizer(Adam.of(1e-2)).build();
            kept.restore(other);
            kept.restore(onward);
            long[] losses = new long[3];
            byte[] logits = null;
            for (int step = 0; step < losses.length; step++) {
                losses[step] = Double.doubleToLongBits(other.step(onward, batch).loss());
                logits = logits == null ? onward.logits().toArray(ValueLayout.JAVA_BYTE) : logits;
            }
            checkpoint.longs("expected.losses", losses)
                    .numbers("expected.logits", network.precision(), java.lang.foreign.MemorySegment.ofArray(logits))
                    .write(file);
        }
        Files.delete(half);
    }
}
