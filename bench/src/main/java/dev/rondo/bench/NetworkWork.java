package dev.rondo.bench;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.check.CellBody;
import dev.rondo.check.Tolerance;
import dev.rondo.memory.Precision;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Adam;
import dev.rondo.train.Optimizer;
import dev.rondo.train.StepResult;
import dev.rondo.train.Trainer;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/** A network on one body, a batch for it, and a trainer: what is timed above the kernels. */
final class NetworkWork implements AutoCloseable {
    private final Network network;
    private final NetworkPass pass;
    private final NetworkPass inference;
    private final SequenceBatch batch;
    private final Trainer trainer;

    private NetworkWork(Network.Builder builder, CellBody body, SequenceBatch batch, int threads) {
        this(builder, body, batch, threads, Adam.of(1e-3));
    }

    private NetworkWork(
            Network.Builder builder, CellBody body, SequenceBatch batch, int threads, Optimizer optimizer) {
        this.batch = batch;
        this.network = builder.backend(body.backend()).maxIsa(body.tier()).threads(threads).seed(1).build();
        this.pass = network.pass(batch.timeSteps(), batch.batchSize());
        this.inference = network.inference(batch.timeSteps(), batch.batchSize());
        this.trainer = Trainer.builder(network).optimizer(optimizer).clip(WordModel.CLIPPING).build();
    }

    /** {@return a character model: I tokens in, one layer, softmax over the next of I tokens} */
    static NetworkWork characters(CellBody body, CellShape shape, int threads) {
        return characters(body, body.cell(shape.hiddenSize()), shape, threads);
    }

    /** {@return as good as nothing but the softmax: a character model of one unit} */
    static NetworkWork softmax(CellBody body, CellShape shape, int threads) {
        return characters(body, body.cell(1), shape, threads);
    }

    private static NetworkWork characters(CellBody body, Cell cell, CellShape shape, int threads) {
        int vocabulary = shape.inputSize();
        return new NetworkWork(Network.oneHot(vocabulary).layer(cell).classes(vocabulary), body,
                tokens(shape).targets(ids(shape, 2)), threads);
    }

    /** {@return a {@link WordModel}} */
    static NetworkWork words(CellBody body, CellShape shape, int threads) {
        return words(body, new WordModel(shape), threads, Loss.softmaxCrossEntropy());
    }

    /** {@return the same with an adaptive softmax} */
    static NetworkWork adaptiveWords(CellBody body, CellShape shape, int threads) {
        var model = new WordModel(shape);
        return words(body, model, threads, model.adaptiveSoftmax());
    }

    private static NetworkWork words(CellBody body, WordModel model, int threads, Loss loss) {
        return new NetworkWork(model.builder(body.cell(model.shape().hiddenSize())).loss(loss), body, model.batch(),
                threads, WordModel.OPTIMIZER);
    }

    /** {@return the layer of a character model by itself} */
    static NetworkWork layer(CellBody body, CellShape shape, int threads) {
        return new NetworkWork(Network.oneHot(shape.inputSize()).layer(body.cell(shape.hiddenSize())).noHead(),
                body, tokens(shape), threads);
    }

    /** {@return the layers of {@link StackBenchmark} on top of each other, numbers in, without a head} */
    static NetworkWork stack(CellBody body, CellShape shape, int threads) {
        Network.Builder builder = Network.builder(shape.inputSize()).noHead();
        for (int layer = 0; layer < StackBenchmark.LAYERS; layer++) {
            builder.layer(body.cell(shape.hiddenSize()));
        }
        var values = new float[Math.toIntExact(shape.rows() * shape.inputSize())];
        var random = new SplittableRandom(1);
        for (int n = 0; n < values.length; n++) {
            values[n] = (float) random.nextDouble(-1, 1);
        }
        return new NetworkWork(builder, body,
                SequenceBatch.of(values, shape.timeSteps(), shape.batchSize(), shape.inputSize()), threads);
    }

    private static SequenceBatch tokens(CellShape shape) {
        return SequenceBatch.tokens(ids(shape, 1), shape.timeSteps(), shape.batchSize());
    }

    private static int[] ids(CellShape shape, long seed) {
        return new SplittableRandom(seed).ints(shape.rows(), 0, shape.inputSize()).toArray();
    }

    /** Forward, in inference. */
    void infer() {
        inference.forward(batch);
    }

    /** Forward as in training, to the loss and its gradient if there are targets. */
    void forward() {
        pass.forward(batch);
    }

    /** Forward and backward; without targets from a gradient of zero, which takes as long as any other. */
    void train() {
        network.zeroGradients();
        pass.forward(batch);
        if (batch.targets() == null) {
            pass.outputGradient();
        }
        pass.backward();
        network.parameters().changed();
    }

    /** A whole training step: forward, loss, backward, clipping, update. */
    StepResult step() {
        return trainer.step(pass, batch);
    }

    /** Norm, clipping and update alone, on the gradients that are there. */
    StepResult update() {
        return trainer.update(0);
    }

    /**
     * Compares outputs and gradients after {@link #train} with those of the same network on the reference.
     *
     * @throws IllegalStateException if one is further off than the tolerance of the network
     */
    void compare(NetworkWork reference) {
        infer();
        reference.infer();
        Tolerance tolerance = Tolerance.gradients(
                network.description(), batch.timeSteps(), batch.batchSize(), Precision.FLOAT32);
        compare("outputs", tolerance, reference.pass.outputs(), pass.outputs());
        compare("outputs of inference", tolerance, reference.inference.outputs(), inference.outputs());
        compare("gradients", tolerance, reference.network.gradients(), network.gradients());
    }

    private void compare(String what, Tolerance tolerance, MemorySegment expected, MemorySegment actual) {
        double error = tolerance.error(read(expected), read(actual));
        if (!(error <= tolerance.bound())) {
            throw new IllegalStateException(network.description() + " on " + network.backend() + ": " + what
                    + ": expected an error of at most " + tolerance.bound() + ", got " + error);
        }
    }

    private static double[] read(MemorySegment values) {
        var numbers = new double[Math.toIntExact(values.byteSize() / Float.BYTES)];
        Precision.FLOAT32.read(values, 0, numbers, numbers.length);
        return numbers;
    }

    @Override
    public void close() {
        inference.close();
        pass.close();
        network.close();
    }
}
