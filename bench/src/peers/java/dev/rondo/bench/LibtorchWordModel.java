package dev.rondo.bench;

import dev.rondo.cell.Backend;
import dev.rondo.cell.CellShape;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Network;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A word model trained by libtorch, as its examples do: embedding with a dense gradient, the LSTM of both layers in one
 * call, linear, cross-entropy, automatic differentiation, clip_grad_norm_ (here of its own operators), SGD. The biases
 * that libtorch has beside Rondo's stay zero.
 */
final class LibtorchWordModel implements Peer {
    private static final int MEAN = 1;
    private static final int IGNORED = -100;

    private final CellShape shape;
    private final Map<String, Tensor> parameters;
    private final TensorVector ofLayers;
    private final TensorVector initial;
    private final Tensor words; // [T, B]
    private final Tensor next; // [T * B]
    private final SGD optimizer;

    LibtorchWordModel(WordModel model, int threads) {
        torch.set_num_threads(threads);
        this.shape = model.shape();
        try (Network network = RondoWordModel.network(model, Backend.REFERENCE, 1)) {
            this.parameters = parameters(network);
        }
        int width = shape.hiddenSize();
        var layers = new ArrayList<Tensor>();
        for (int layer = 0; layer < WordModel.LAYERS; layer++) {
            String prefix = "layer" + layer + ".";
            Tensor bias = parameters.get(prefix + "bias");
            layers.addAll(List.of(parameters.get(prefix + "weightIh"), parameters.get(prefix + "weightHh"), bias,
                    torch.zeros_like(bias)));
        }
        this.ofLayers = new TensorVector(layers.toArray(Tensor[]::new));
        Tensor zeros = torch.zeros(WordModel.LAYERS, shape.batchSize(), width);
        this.initial = new TensorVector(zeros, zeros);
        this.words = tensor(model.words(1)).view(shape.timeSteps(), shape.batchSize());
        this.next = tensor(model.words(2));
        this.optimizer = new SGD(new TensorVector(parameters.values().toArray(Tensor[]::new)),
                new SGDOptions(WordModel.OPTIMIZER.learningRate()));
    }

    /** {@return the parameters of {@code network}, by name, each a leaf that gets a gradient} */
    static Map<String, Tensor> parameters(Network network) {
        var parameters = new LinkedHashMap<String, Tensor>();
        Parameters all = network.parameters();
        for (TensorLayout.Tensor tensor : all.layout().tensors()) {
            parameters.put(tensor.name(), Tensor.create(
                    all.view(tensor.name()).toArray(ValueLayout.JAVA_FLOAT),
                    tensor.shape().stream().mapToLong(Integer::longValue).toArray()).set_requires_grad(true));
        }
        return parameters;
    }

    static Tensor tensor(int... values) {
        return Tensor.create(Arrays.stream(values).asLongStream().toArray());
    }

    private Tensor loss() {
        Tensor embedded = torch.embedding(parameters.get("embedding.weight"), words);
        Tensor top = torch.lstm(embedded, initial, ofLayers, true, WordModel.LAYERS, 0, true, false, false).get0();
        Tensor outputs = torch.linear(top.view(shape.rows(), shape.hiddenSize()), parameters.get("head.weight"),
                new TensorOptional(parameters.get("head.bias")));
        return torch.cross_entropy_loss(outputs, next, new TensorOptional(), MEAN, IGNORED, 0);
    }

    @Override
    public void run() {
        try (var _ = new PointerScope()) {
            optimizer.zero_grad();
            loss().backward();
            clip(parameters.values(), WordModel.CLIPPING.limit());
            optimizer.step();
        }
    }

    /** Scales the gradients of {@code parameters} down to a norm of at most {@code limit}. */
    static void clip(Collection<Tensor> parameters, double limit) {
        try (var _ = new NoGradGuard()) {
            var norms = new TensorVector();
            parameters.forEach(parameter -> norms.push_back(parameter.grad().norm()));
            double norm = torch.stack(norms, 0).norm().item_double();
            if (norm > limit) {
                parameters.forEach(parameter -> parameter.grad().mul_(new Scalar(limit / norm)));
            }
        }
    }

    @Override
    public double check() {
        try (var _ = new PointerScope(); var _ = new NoGradGuard()) {
            return loss().item_double();
        }
    }

    @Override
    public String system() {
        return "libtorch (bytedeco pytorch " + Tensor.class.getPackage().getImplementationVersion() + ")";
    }

    @Override
    public void close() {
        optimizer.close();
    }
}
