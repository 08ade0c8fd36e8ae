package dev.rondo.bench.golden;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdaptiveLogSoftmaxWithLossImpl;
import org.bytedeco.pytorch.AdaptiveLogSoftmaxWithLossOptions;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.PackedSequence;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Whole networks in libtorch: input, stacked layers of several kinds, head, loss, on ragged batches, from given states,
 * with incoming gradients at the last states too. Parameters have Rondo's names and shapes.
 */
final class LibtorchNetworks {
    private static final int MEAN = 1; // at::Reduction::Mean
    private static final int IGNORED = -1;
    private static final int OUTPUTS = 4;
    private static final int BATCH = 4;
    private static final int STEPS = 6;
    private static final int[] LENGTHS = {3, 6, 1, 4};

    private record Layer(GoldenCell cell, int units, boolean bidirectional, boolean residual) {
        Layer(GoldenCell cell, int units) {
            this(cell, units, false, false);
        }

        int directions() {
            return bidirectional ? 2 : 1;
        }

        int width() {
            return directions() * units;
        }
    }

    private final Path directory;

    // The network at work.
    private Draw draw;
    private GoldenFile file;
    private final Map<String, Tensor> leaves = new LinkedHashMap<>();
    private final Map<String, Tensor> last = new LinkedHashMap<>();
    private final List<Tensor> lastGradients = new ArrayList<>();

    LibtorchNetworks(Path directory) {
        this.directory = directory;
    }

    void write() throws IOException {
        try (var _ = new PointerScope()) {
            start("dense-each-step-classes", 40);
            double[] input = draw.uniform(STEPS * BATCH * 5, 1);
            file.fractions("input", input, STEPS, BATCH, 5);
            Tensor outputs = outputs(Tensors.of(input, STEPS, BATCH, 5), 5, false, false,
                    new Layer(GoldenCell.LSTM, 7), new Layer(GoldenCell.GRU_RESET_AFTER, 6));
            finish("dense-each-step-classes", outputs, classes(outputs));

            start("embedding-last-step-values", 41);
            Tensor table = leaf("embedding.weight", 9, 3);
            outputs = outputs(torch.embedding(table, tokens(9)), 3, false, true,
                    new Layer(GoldenCell.GRU_RESET_AFTER, 5), new Layer(GoldenCell.ELMAN_TANH, 3),
                    new Layer(GoldenCell.LSTM, 4));
            finish("embedding-last-step-values", outputs, values(outputs));

            start("one-hot-each-step-classes", 42);
            Tensor hot = torch.one_hot(tokens(8), 8).to(torch.ScalarType.Double);
            outputs = outputs(hot, 8, true, false, new Layer(GoldenCell.GRU_RESET_AFTER, 5));
            finish("one-hot-each-step-classes", outputs, classes(outputs));

            start("bidirectional-last-step-values", 43);
            input = draw.uniform(STEPS * BATCH * 6, 1);
            file.fractions("input", input, STEPS, BATCH, 6);
            Tensor x = Tensors.of(input, STEPS, BATCH, 6);
            outputs = outputs(x, 6, false, true, new Layer(GoldenCell.LSTM, 3, true, true),
                    new Layer(GoldenCell.GRU_RESET_AFTER, 4, true, false)).add(skip(x, 6));
            finish("bidirectional-last-step-values", outputs, values(outputs));

            adaptive();
        }
    }

    /** Clusters of 3, 1 and 2 of 9 classes, on 3, 2 and 1 of 5 numbers. */
    private void adaptive() throws IOException {
        int classes = 9;
        int width = 5;
        start("adaptive-each-step-classes", 44);
        Tensor table = leaf("embedding.weight", classes, 3);
        Tensor top = top(torch.embedding(table, tokens(classes)), 3, false, new Layer(GoldenCell.LSTM, width))
                .reshape(STEPS * BATCH, width);
        var options = new AdaptiveLogSoftmaxWithLossOptions(width, classes, new LongVector(3, 6, 7));
        options.head_bias().put(true);
        options.div_value().put(1.5);
        var softmax = new AdaptiveLogSoftmaxWithLossImpl(options);
        softmax.to(torch.ScalarType.Double, false);
        TensorVector parameters = softmax.parameters();
        List<String> names = List.of("head.weight", "head.bias", "head.tail0.projection", "head.tail0.weight",
                "head.tail1.projection", "head.tail1.weight", "head.tail2.projection", "head.tail2.weight");
        for (int i = 0; i < names.size(); i++) {
            Tensor parameter = parameters.get(i);
            double[] values = draw.uniform(Math.toIntExact(parameter.numel()), 0.75);
            file.fractions(names.get(i), values, sizes(parameter));
            try (var _ = new NoGradGuard()) {
                parameter.copy_(Tensors.of(values, sizes(parameter)));
            }
            leaves.put(names.get(i), parameter);
        }
        int[] targets = draw.integers(STEPS * BATCH, classes);
        targets[5] = IGNORED;
        file.integers("targets", targets, STEPS, BATCH);
        int[] counted = IntStream.range(0, targets.length)
                .filter(row -> row / BATCH < LENGTHS[row % BATCH] && targets[row] != IGNORED).toArray();
        int[] wanted = IntStream.of(counted).map(row -> targets[row]).toArray();
        Tensor loss = softmax.forward(top.index_select(0, Tensors.of(counted, counted.length)),
                Tensors.of(wanted, wanted.length)).output().mean().neg();
        finish("adaptive-each-step-classes", softmax.log_prob(top).view(STEPS, BATCH, classes), loss);
    }

    /** What the head adds of the input at the last step of each sequence. */
    private Tensor skip(Tensor input, int width) {
        var rows = new TensorVector();
        for (int b = 0; b < BATCH; b++) {
            rows.push_back(input.select(0, LENGTHS[b] - 1).select(0, b));
        }
        return torch.stack(rows, 0).matmul(leaf("head.skipWeight", OUTPUTS, width).t());
    }

    private void start(String name, long seed) {
        draw = new Draw(seed);
        file = new GoldenFile().text("network", name).text("system", Tensors.system()).text("seed", Long.toString(seed))
                .integers("sizes", new int[] {STEPS, BATCH}, 2).integers("lengths", LENGTHS, BATCH);
        leaves.clear();
        last.clear();
        lastGradients.clear();
    }

    private Tensor tokens(int vocabulary) {
        int[] ids = draw.integers(STEPS * BATCH, vocabulary);
        file.integers("tokens", ids, STEPS, BATCH);
        return Tensors.of(ids, STEPS, BATCH);
    }

    private Tensor leaf(String name, int... dimensions) {
        int count = IntStream.of(dimensions).reduce(1, (a, b) -> a * b);
        double[] values = draw.uniform(count, 0.75);
        file.fractions(name, values, dimensions);
        Tensor leaf = Tensors.leaf(values, dimensions);
        leaves.put(name, leaf);
        return leaf;
    }

    /** Layers and head over input [T, B, I]; [T, B, O], or [B, O] if the head reads the last step. */
    private Tensor outputs(Tensor input, int width, boolean tokenMajor, boolean lastStep, Layer... layers) {
        Tensor top = top(input, width, tokenMajor, layers);
        Layer highest = layers[layers.length - 1];
        if (lastStep) {
            top = lastOutput("layer" + (layers.length - 1), highest);
        }
        return top.matmul(leaf("head.weight", OUTPUTS, highest.width()).t()).add(leaf("head.bias", OUTPUTS));
    }

    /** Layers over input [T, B, I]; [T, B, H]. */
    private Tensor top(Tensor input, int width, boolean tokenMajor, Layer... layers) {
        PackedSequence packed = torch.pack_padded_sequence(input, Tensors.of(LENGTHS, BATCH), false, false);
        int below = width;
        for (int layer = 0; layer < layers.length; layer++) {
            packed = layer(layers[layer], "layer" + layer, below, tokenMajor && layer == 0, packed);
            below = layers[layer].width();
        }
        return torch.pad_packed_sequence(packed, false, 0, new LongOptional(STEPS)).get0();
    }

    /** The last state of each direction, side by side. */
    private Tensor lastOutput(String name, Layer layer) {
        var outputs = new TensorVector();
        for (int direction = 0; direction < layer.directions(); direction++) {
            outputs.push_back(last.get(name + ".last[" + direction * layer.cell.planes() + "]"));
        }
        return torch.cat(outputs, 1);
    }

    private PackedSequence layer(Layer layer, String name, int width, boolean tokenMajor, PackedSequence packed) {
        var parameters = new TensorVector();
        for (int direction = 0; direction < layer.directions(); direction++) {
            addParameters(parameters, layer, name + (direction == 0 ? "." : ".reverse."), width, tokenMajor);
        }
        Tensor[] states = states(layer, name, packed);
        Tensor output;
        if (layer.cell == GoldenCell.LSTM) {
            T_TensorTensorTensor_T three = torch.lstm(packed.data(), packed.batch_sizes(), new TensorVector(states),
                    parameters, true, 1, 0, true, layer.bidirectional);
            output = three.get0();
            last(name, layer, packed, three.get1(), three.get2());
        } else {
            T_TensorTensor_T two = layer.cell == GoldenCell.GRU_RESET_AFTER
                    ? torch.gru(packed.data(), packed.batch_sizes(), states[0], parameters, true, 1, 0, true,
                            layer.bidirectional)
                    : torch.rnn_tanh(packed.data(), packed.batch_sizes(), states[0], parameters, true, 1, 0, true,
                            layer.bidirectional);
            output = two.get0();
            last(name, layer, packed, two.get1());
        }
        if (layer.residual) {
            output = output.add(packed.data());
        }
        return new PackedSequence(output, packed.batch_sizes(), packed.sorted_indices(), packed.unsorted_indices());
    }

    private void addParameters(TensorVector parameters, Layer layer, String prefix, int width, boolean tokenMajor) {
        int units = layer.units;
        int rows = layer.cell.gates * units;
        parameters.push_back(tokenMajor
                ? leaf(prefix + "weightIh", width, rows).t().contiguous() : leaf(prefix + "weightIh", rows, width));
        parameters.push_back(leaf(prefix + "weightHh", rows, units));
        parameters.push_back(leaf(prefix + "bias", rows));
        Tensor other = Tensors.of(new double[rows], rows); // Rondo has one bias, but for n of h
        if (layer.cell == GoldenCell.GRU_RESET_AFTER) {
            other = torch.cat(new TensorVector(other.narrow(0, 0, rows - units), leaf(prefix + "biasHn", units)));
        }
        parameters.push_back(other);
    }

    /** Each plane [directions, B, H]; Rondo numbers those of the reverse direction behind the others. */
    private Tensor[] states(Layer layer, String name, PackedSequence packed) {
        int planes = layer.cell.planes();
        var states = new Tensor[planes];
        for (int plane = 0; plane < planes * layer.directions(); plane++) {
            Tensor one = leaf(name + ".initial[" + plane + "]", BATCH, layer.units)
                    .index_select(0, packed.sorted_indices()).unsqueeze(0);
            Tensor before = states[plane % planes];
            states[plane % planes] = before == null ? one : torch.cat(new TensorVector(before, one));
        }
        return states;
    }

    private void last(String name, Layer layer, PackedSequence packed, Tensor... states) {
        for (int plane = 0; plane < states.length * layer.directions(); plane++) {
            double[] gradient = draw.uniform(BATCH * layer.units, 0.25);
            String lastName = name + ".last[" + plane + "]";
            file.fractions("gradient:" + lastName, gradient, BATCH, layer.units);
            last.put(lastName, states[plane % states.length].select(0, plane / states.length)
                    .index_select(0, packed.unsorted_indices()));
            lastGradients.add(Tensors.of(gradient, BATCH, layer.units));
        }
    }

    /** Cross-entropy with class weights over the steps within the lengths; one of them is ignored. */
    private Tensor classes(Tensor outputs) {
        int[] classes = draw.integers(STEPS * BATCH, OUTPUTS);
        classes[5] = IGNORED; // step 1 of sequence 1
        double[] weights = IntStream.range(0, OUTPUTS).mapToDouble(c -> (c + 1) / 2.0).toArray();
        file.integers("targets", classes, STEPS, BATCH).fractions("classWeights", weights, OUTPUTS);
        int[] counted = classes.clone();
        for (int row = 0; row < counted.length; row++) {
            counted[row] = row / BATCH < LENGTHS[row % BATCH] ? counted[row] : IGNORED;
        }
        return torch.cross_entropy_loss(outputs.view(STEPS * BATCH, OUTPUTS), Tensors.of(counted, STEPS * BATCH),
                new TensorOptional(Tensors.of(weights, OUTPUTS)), MEAN, IGNORED, 0);
    }

    private Tensor values(Tensor outputs) {
        double[] targets = draw.uniform(BATCH * OUTPUTS, 1);
        file.fractions("targets", targets, BATCH, OUTPUTS);
        return torch.mse_loss(outputs, Tensors.of(targets, BATCH, OUTPUTS));
    }

    /** Gradients of loss + sum over the last states of state * gradient of it. */
    private void finish(String name, Tensor outputs, Tensor loss) throws IOException {
        var ends = new ArrayList<>(last.values());
        ends.add(loss);
        lastGradients.add(Tensors.of(new double[] {1}).view());
        TensorVector gradients = torch.grad(new TensorVector(ends.toArray(Tensor[]::new)),
                new TensorVector(leaves.values().toArray(Tensor[]::new)),
                new TensorVector(lastGradients.toArray(Tensor[]::new)), new BoolOptional(), false, false);
        file.number("loss", loss.item_double()).doubles("outputs", Tensors.read(outputs), sizes(outputs));
        last.forEach((state, values) -> file.doubles(state, Tensors.read(values), sizes(values)));
        int place = 0;
        for (var leaf : leaves.entrySet()) {
            Tensor gradient = gradients.get(place++);
            file.doubles("gradient:" + leaf.getKey(), Tensors.read(gradient), sizes(leaf.getValue()));
        }
        file.write(directory.resolve(name + ".txt"));
    }

    private static int[] sizes(Tensor tensor) {
        return IntStream.range(0, Math.toIntExact(tensor.dim())).map(d -> Math.toIntExact(tensor.size(d))).toArray();
    }
}
