package dev.rondo.bench;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.network.Initialization;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.Sgd;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The small word model of Zaremba, Sutskever and Vinyals (2014), without carrying states: V words, an embedding and two
 * layers of one width, softmax over the next of V words; all weights within 0.1, plain gradient descent with a rate of
 * 1, gradients clipped to a norm of 5.
 *
 * @param shape T steps of B sequences; I is V, H the width
 */
record WordModel(CellShape shape) {
    static final List<String> SHAPES = List.of("W1", "W2", "W3");
    static final int LAYERS = 2;
    static final Sgd OPTIMIZER = Sgd.of(1);
    static final GradientClipping CLIPPING = GradientClipping.globalNorm(5);

    private static final Initialization WEIGHTS = Initialization.uniform(0.1);

    /** {@return the network, with a softmax over all words} */
    Network.Builder builder(Cell cell) {
        Network.Builder builder = Network.embedding(shape.inputSize(), shape.hiddenSize()).classes(shape.inputSize())
                .embeddingWeights(WEIGHTS).inputWeights(WEIGHTS).recurrentWeights(WEIGHTS);
        for (int layer = 0; layer < LAYERS; layer++) {
            builder.layer(cell);
        }
        return builder;
    }

    /** {@return an adaptive softmax instead: 2,000 frequent words, clusters of the next 8,000 and of the others} */
    Loss adaptiveSoftmax() {
        int words = shape.inputSize();
        return Loss.adaptiveSoftmax(Math.min(2_000, words / 5), Math.min(10_000, words * 3 / 5));
    }

    /** {@return words, with those to predict} */
    SequenceBatch batch() {
        return SequenceBatch.tokens(words(1), shape.timeSteps(), shape.batchSize()).targets(words(2));
    }

    /** {@return T * B words, word n about as often as 1 / (n + 1), as Zipf's law has it} */
    int[] words(long seed) {
        double logarithm = Math.log(shape.inputSize() + 1);
        return new SplittableRandom(seed).doubles(shape.rows())
                .mapToInt(u -> (int) Math.min(shape.inputSize() - 1, Math.exp(u * logarithm) - 1)).toArray();
    }

    /** {@return operations of the products of a training step, by the weights of a layer; all words in the softmax} */
    double flops(double layer) {
        return 6.0 * shape.rows() * (LAYERS * layer + (double) shape.hiddenSize() * shape.inputSize());
    }
}
