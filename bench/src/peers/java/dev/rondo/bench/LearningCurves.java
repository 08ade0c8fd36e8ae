package dev.rondo.bench;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Parameters;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import dev.rondo.text.Vocabulary;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.Trainer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Trains one language model of characters by Rondo and by libtorch, from the same weights, with the same batches and
 * settings, and shows the losses beside each other. By Rondo it is trained twice, by two backends that round
 * differently: how far these come apart is what differences of rounding make of a training.
 */
final class LearningCurves {
    private static final int T = 64;
    private static final int B = 32;
    private static final int EMBEDDING = 64;
    private static final int HIDDEN = 256;
    private static final Adam ADAM = Adam.of(0.002);
    private static final double CLIP = 5;
    private static final int ROW = 250; // updates, of whose losses a row has the mean

    private LearningCurves() {}

    /** A system that learns. */
    private interface Learner extends AutoCloseable {
        /** Takes a step; {@return the loss before it, in nats per character} */
        double step(int[] inputs, int[] targets);

        /** Lets the states begin anew. */
        void reset();

        /** {@return a network of what was learned} */
        Network learned();

        @Override
        void close();
    }

    /**
     * Prints the curves.
     *
     * @param file a text, the last tenth of which is for validation
     * @param updates how many steps to train
     */
    static void run(Path file, int updates) throws IOException {
        String text = Files.readString(file);
        Vocabulary vocabulary = Vocabulary.characters(text);
        int[] tokens = vocabulary.encode(text);
        int training = tokens.length / 10 * 9;
        torch.set_num_threads(1); // threads of several systems that wait for work take each other's time
        List<Learner> learners = List.of(new OfRondo(vocabulary.size(), Backend.NATIVE),
                new OfRondo(vocabulary.size(), Backend.VECTOR), new OfLibtorch(vocabulary.size()));
        System.out.printf("%8s %10s %10s %10s   nats per character, of the last %d updates%n", "updates", "NATIVE",
                "VECTOR", "libtorch", ROW);
        var sums = new double[learners.size()];
        for (int update = 1; update <= updates; update++) {
            int chunk = (update - 1) % (training / B / T);
            var inputs = new int[T * B];
            var targets = new int[T * B];
            for (int i = 0; i < inputs.length; i++) {
                int at = i % B * (training / B) + chunk * T + i / B;
                inputs[i] = tokens[at];
                targets[i] = tokens[at + 1];
            }
            for (int i = 0; i < sums.length; i++) {
                if (chunk == 0) {
                    learners.get(i).reset();
                }
                sums[i] += learners.get(i).step(inputs, targets);
            }
            if (update % ROW == 0) {
                print("%,8d", update, Arrays.stream(sums).map(sum -> sum / ROW).toArray());
                Arrays.fill(sums, 0);
            }
        }
        int[] validation = Arrays.copyOfRange(tokens, training, tokens.length);
        print("%8s", "valid", learners.stream().mapToDouble(learner -> validate(learner, validation)).toArray());
        learners.forEach(Learner::close);
    }

    private static void print(String format, Object what, double[] losses) {
        System.out.printf(Locale.ROOT, format + " %10.4f %10.4f %10.4f%n", what, losses[0], losses[1], losses[2]);
    }

    /** As one stream, by Rondo for each. */
    private static double validate(Learner learner, int[] tokens) {
        double nats = 0;
        int predictions = tokens.length - 1;
        try (Network network = learner.learned(); NetworkPass pass = network.inference(T, 1).carryState(true)) {
            for (int at = 0; at < predictions; at += T) {
                int count = Math.min(T, predictions - at);
                pass.forward(SequenceBatch.tokens(Arrays.copyOfRange(tokens, at, at + count), count, 1)
                        .targets(Arrays.copyOfRange(tokens, at + 1, at + count + 1)));
                nats += pass.loss() * count;
            }
        }
        return nats / predictions;
    }

    private static Network network(int vocabularySize, Backend backend) {
        return Network.embedding(vocabularySize, EMBEDDING).layer(Lstm.of(HIDDEN)).classes(vocabularySize).seed(1)
                .backend(backend).threads(1).build();
    }

    private static final class OfRondo implements Learner {
        private final Network network;
        private final NetworkPass pass;
        private final Trainer trainer;

        OfRondo(int vocabularySize, Backend backend) {
            this.network = network(vocabularySize, backend);
            this.pass = network.pass(T, B).carryState(true);
            this.trainer =
                    Trainer.builder(network).optimizer(ADAM).clip(GradientClipping.globalNorm(CLIP)).build();
        }

        @Override
        public double step(int[] inputs, int[] targets) {
            return trainer.step(pass, SequenceBatch.tokens(inputs, T, B).targets(targets)).loss();
        }

        @Override
        public void reset() {
            pass.resetState();
        }

        @Override
        public Network learned() {
            return network;
        }

        @Override
        public void close() {
            pass.close();
        }
    }

    private static final class OfLibtorch implements Learner {
        private final int vocabularySize;
        private final Map<String, Tensor> parameters;
        private final TensorVector ofLayer;
        private final org.bytedeco.pytorch.Adam optimizer;
        private Tensor h;
        private Tensor c;

        OfLibtorch(int vocabularySize) {
            this.vocabularySize = vocabularySize;
            try (Network network = network(vocabularySize, Backend.REFERENCE)) {
                this.parameters = LibtorchWordModel.parameters(network);
            }
            Tensor bias = parameters.get("layer0.bias");
            this.ofLayer = new TensorVector(parameters.get("layer0.weightIh"), parameters.get("layer0.weightHh"), bias,
                    torch.zeros_like(bias)); // libtorch has two
            this.optimizer = new org.bytedeco.pytorch.Adam(
                    new TensorVector(parameters.values().toArray(Tensor[]::new)), new AdamOptions(ADAM.learningRate()));
            reset();
        }

        @Override
        public void reset() {
            h = torch.zeros(1, B, HIDDEN);
            c = torch.zeros(1, B, HIDDEN);
        }

        @Override
        public double step(int[] inputs, int[] targets) {
            try (var _ = new PointerScope()) {
                optimizer.zero_grad();
                Tensor embedded = torch.embedding(
                        parameters.get("embedding.weight"), LibtorchWordModel.tensor(inputs).view(T, B));
                var states = new TensorVector(h, c);
                var steps = torch.lstm(embedded, states, ofLayer, true, 1, 0, true, false, false);
                Tensor outputs = torch.linear(steps.get0().view(T * B, HIDDEN), parameters.get("head.weight"),
                        new TensorOptional(parameters.get("head.bias")));
                Tensor loss = torch.cross_entropy_loss(
                        outputs, LibtorchWordModel.tensor(targets), new TensorOptional(), 1, -100, 0);
                loss.backward();
                LibtorchWordModel.clip(parameters.values(), CLIP);
                optimizer.step();
                h = steps.get1().detach();
                c = steps.get2().detach();
                h.retainReference(); // beyond the scope
                c.retainReference();
                return loss.item_double();
            }
        }

        @Override
        public Network learned() {
            Network network = network(vocabularySize, Backend.NATIVE);
            try (var _ = new NoGradGuard()) {
                Parameters all = network.parameters();
                parameters.forEach((name, tensor) -> {
                    var values = new float[(int) tensor.numel()];
                    new FloatPointer(tensor.contiguous().data_ptr_float()).get(values);
                    MemorySegment.copy(values, 0, all.view(name), ValueLayout.JAVA_FLOAT, 0, values.length);
                });
                all.changed();
            }
            return network;
        }

        @Override
        public void close() {
            optimizer.close();
        }
    }
}
