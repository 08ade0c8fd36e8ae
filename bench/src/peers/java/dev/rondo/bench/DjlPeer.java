package dev.rondo.bench;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.recurrent.RNN;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.rondo.bench.golden.GoldenCase;
import java.util.List;
import java.util.stream.Stream;

/** libtorch as DJL ships it, built with MKL: its LSTM, GRU and RNN, and automatic differentiation. */
final class DjlPeer implements Peer {
    private static final int WEIGHT_HH = 1;

    private final GoldenCase given; // of the top layer
    private final int layers;
    private final boolean training;
    private final Engine engine;
    private final NDManager manager;
    private final NDArray input;
    private final NDList initial = new NDList();
    private final NDList parameters = new NDList();
    private final NDArray outputGradient;
    private NDArray output;

    DjlPeer(List<GoldenCase> stack, boolean training, int threads) {
        System.setProperty("ai.djl.offline", "true"); // what it runs comes from its jars
        System.setProperty("slf4j.internal.verbosity", "ERROR"); // it has no logger, and need not say so
        this.given = stack.getLast();
        this.layers = stack.size();
        this.training = training;
        this.engine = Engine.getEngine("PyTorch");
        JniUtils.setNumThreads(threads);
        JniUtils.setGradMode(training);
        this.manager = engine.newBaseManager();
        GoldenCase bottom = stack.getFirst();
        this.input = array(bottom.input, bottom.timeSteps, bottom.batchSize, bottom.inputSize);
        for (int plane = 0; plane < given.initial.length; plane++) {
            initial.add(array(Stacks.initial(stack, plane), layers, given.batchSize, given.hiddenSize));
        }
        for (GoldenCase layer : stack) {
            int rows = layer.rows();
            parameters.addAll(new NDList(array(layer.weightIh, rows, layer.inputSize),
                    array(layer.weightHh, rows, layer.hiddenSize), array(layer.biasIh, rows),
                    array(layer.biasHh, rows)));
        }
        this.outputGradient = array(given.outputGradient, given.timeSteps, given.batchSize, given.hiddenSize);
        leaves().forEach(leaf -> leaf.setRequiresGradient(training));
    }

    private NDArray array(double[] values, long... dimensions) {
        var floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return manager.create(floats, new Shape(dimensions));
    }

    private Stream<NDArray> leaves() {
        return Stream.concat(Stream.of(input), Stream.concat(initial.stream(), parameters.stream()));
    }

    @Override
    public void run() {
        if (output != null) {
            output.close();
        }
        NDList results = forward();
        output = results.removeFirst();
        results.close();
        if (training) {
            leaves().forEach(leaf -> JniUtils.zeroGrad((PtNDArray) leaf)); // backward adds to them
            JniUtils.backward((PtNDArray) output, (PtNDArray) outputGradient, false, false);
        }
    }

    private NDList forward() {
        var made = input.getNDArrayInternal();
        return switch (given.cell) {
            case LSTM -> made.lstm(input, initial, parameters, true, layers, 0, training, false, false);
            case GRU_RESET_AFTER ->
                    made.gru(input, initial.head(), parameters, true, layers, 0, training, false, false);
            case ELMAN_TANH -> rnn(RNN.Activation.TANH);
            case ELMAN_RELU -> rnn(RNN.Activation.RELU);
            default -> throw new UnsupportedOperationException("DJL's layer " + given.cell.text + " is not compared");
        };
    }

    private NDList rnn(RNN.Activation activation) {
        return input.getNDArrayInternal().rnn(
                input, initial.head(), parameters, true, layers, activation, 0, training, false, false);
    }

    @Override
    public double check() {
        float[] values = (training ? parameters.get(WEIGHT_HH).getGradient() : output).toFloatArray();
        double[] factors = training ? given.weightHh : given.outputGradient;
        double sum = 0;
        for (int i = 0; i < factors.length; i++) {
            sum += factors[i] * values[i];
        }
        return sum;
    }

    @Override
    public String system() {
        return "libtorch " + engine.getVersion() + " (DJL)";
    }

    @Override
    public void close() {
        manager.close();
    }
}
