package dev.rondo.bench;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.rondo.cell.Backend;
import dev.rondo.cell.CellShape;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Network;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A word model trained by libtorch as DJL ships it, built with MKL. DJL has no fused cross-entropy: log-softmax, and of
 * each row its class, as its own loss does it. The biases that libtorch has beside Rondo's stay zero.
 */
final class DjlWordModel implements Peer {
    private final CellShape shape;
    private final Engine engine;
    private final NDManager manager;
    private final Map<String, NDArray> parameters = new LinkedHashMap<>();
    private final NDList ofLayers = new NDList();
    private final NDList initial = new NDList();
    private final NDArray words; // [T, B]
    private final NDArray next; // [T * B, 1]
    private final NDArray one;

    DjlWordModel(WordModel model, int threads) {
        System.setProperty("ai.djl.offline", "true"); // what it runs comes from its jars
        System.setProperty("slf4j.internal.verbosity", "ERROR"); // it has no logger, and need not say so
        this.shape = model.shape();
        this.engine = Engine.getEngine("PyTorch");
        JniUtils.setNumThreads(threads);
        JniUtils.setGradMode(true);
        this.manager = engine.newBaseManager();
        try (Network network = RondoWordModel.network(model, Backend.REFERENCE, 1)) {
            for (TensorLayout.Tensor tensor : network.parameters().layout().tensors()) {
                NDArray parameter = manager.create(
                        network.parameters().view(tensor.name()).toArray(ValueLayout.JAVA_FLOAT),
                        new Shape(tensor.shape().stream().mapToLong(Integer::longValue).toArray()));
                parameter.setRequiresGradient(true);
                parameters.put(tensor.name(), parameter);
            }
        }
        for (int layer = 0; layer < WordModel.LAYERS; layer++) {
            String prefix = "layer" + layer + ".";
            NDArray bias = parameters.get(prefix + "bias");
            ofLayers.addAll(new NDList(parameters.get(prefix + "weightIh"), parameters.get(prefix + "weightHh"), bias,
                    manager.zeros(bias.getShape())));
        }
        NDArray zeros = manager.zeros(new Shape(WordModel.LAYERS, shape.batchSize(), shape.hiddenSize()));
        initial.addAll(new NDList(zeros, zeros));
        this.words = ids(model.words(1), shape.timeSteps(), shape.batchSize());
        this.next = ids(model.words(2), shape.rows(), 1);
        this.one = manager.create(1f);
    }

    private NDArray ids(int[] values, long... dimensions) {
        return manager.create(values, new Shape(dimensions)).toType(DataType.INT64, false);
    }

    /** All that is made lies in {@code scope}. */
    private NDArray loss(NDManager scope) {
        NDArray table = parameters.get("embedding.weight");
        NDArray embedded = table.getNDArrayInternal().embedding(words, table, SparseFormat.DENSE).head();
        embedded.attach(scope);
        NDList run = embedded.getNDArrayInternal()
                .lstm(embedded, initial, ofLayers, true, WordModel.LAYERS, 0, true, false, false);
        run.attach(scope);
        NDArray top = run.head().reshape(shape.rows(), shape.hiddenSize());
        NDArray outputs = top.getNDArrayInternal()
                .linear(top, parameters.get("head.weight"), parameters.get("head.bias")).head();
        return outputs.logSoftmax(1).gather(next, 1).mean().neg();
    }

    @Override
    public void run() {
        try (NDManager scope = manager.newSubManager()) {
            parameters.values().forEach(parameter -> JniUtils.zeroGrad((PtNDArray) parameter));
            NDArray loss = loss(scope);
            JniUtils.backward((PtNDArray) loss, (PtNDArray) one, false, false);
            JniUtils.setGradMode(false);
            update(scope);
            JniUtils.setGradMode(true);
        }
    }

    private void update(NDManager scope) {
        double squares = 0;
        var gradients = new LinkedHashMap<String, NDArray>();
        for (var parameter : parameters.entrySet()) {
            NDArray gradient = parameter.getValue().getGradient();
            gradient.attach(scope);
            gradients.put(parameter.getKey(), gradient);
            double norm = gradient.norm().toFloatArray()[0];
            squares += norm * norm;
        }
        double norm = Math.sqrt(squares);
        double limit = WordModel.CLIPPING.limit();
        double rate = WordModel.OPTIMIZER.learningRate() * (norm > limit ? limit / norm : 1);
        gradients.forEach((name, gradient) -> parameters.get(name).subi(gradient.muli(rate)));
    }

    @Override
    public double check() {
        try (NDManager scope = manager.newSubManager()) {
            return loss(scope).toFloatArray()[0];
        }
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
