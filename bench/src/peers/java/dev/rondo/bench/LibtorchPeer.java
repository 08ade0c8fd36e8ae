package dev.rondo.bench;

import dev.rondo.bench.golden.GoldenCase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** libtorch's LSTM, GRU and RNN; training is forward and automatic differentiation. */
final class LibtorchPeer implements Peer {
    private static final int WEIGHT_HH = 1;

    private final GoldenCase given; // of the top layer
    private final int layers;
    private final boolean training;
    private final Tensor input;
    private final Tensor[] initial;
    private final TensorVector parameters;
    private final TensorVector leaves;
    private final TensorVector outputGradient;
    private Tensor result; // output, or gradient of weightHh

    LibtorchPeer(List<GoldenCase> stack, boolean training, int threads) {
        torch.set_num_threads(threads);
        this.given = stack.getLast();
        this.layers = stack.size();
        this.training = training;
        GoldenCase bottom = stack.getFirst();
        this.input = tensor(bottom.input, bottom.timeSteps, bottom.batchSize, bottom.inputSize);
        this.initial = new Tensor[given.initial.length];
        Arrays.setAll(initial, plane -> tensor(
                Stacks.initial(stack, plane), layers, given.batchSize, given.hiddenSize));
        var own = new ArrayList<Tensor>();
        for (GoldenCase layer : stack) {
            int rows = layer.rows();
            own.addAll(List.of(tensor(layer.weightIh, rows, layer.inputSize),
                    tensor(layer.weightHh, rows, layer.hiddenSize),
                    tensor(layer.biasIh, rows), tensor(layer.biasHh, rows)));
        }
        this.parameters = new TensorVector(own.toArray(Tensor[]::new));
        Tensor[] all = Stream.of(own.stream(), Stream.of(input), Arrays.stream(initial))
                .flatMap(tensors -> tensors).toArray(Tensor[]::new);
        Arrays.stream(all).forEach(leaf -> leaf.set_requires_grad(training));
        this.leaves = new TensorVector(all);
        this.outputGradient = new TensorVector(
                tensor(given.outputGradient, given.timeSteps, given.batchSize, given.hiddenSize));
    }

    private static Tensor tensor(double[] values, long... dimensions) {
        var floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return Tensor.create(floats, dimensions);
    }

    @Override
    public void run() {
        try (var _ = new PointerScope()) {
            Tensor now;
            if (training) {
                now = torch.grad(new TensorVector(forward()), leaves, outputGradient, new BoolOptional(), false, false)
                        .get(WEIGHT_HH);
            } else {
                try (var _ = new NoGradGuard()) {
                    now = forward();
                }
            }
            keep(now);
        }
    }

    private void keep(Tensor now) {
        if (result != null) {
            result.close();
        }
        result = new Tensor(now).retainReference(); // another handle on the numbers, that outlives the scope
    }

    private Tensor forward() {
        return switch (given.cell) {
            case LSTM -> torch.lstm(
                    input, new TensorVector(initial), parameters, true, layers, 0, training, false, false).get0();
            case GRU_RESET_AFTER ->
                    torch.gru(input, initial[0], parameters, true, layers, 0, training, false, false).get0();
            case ELMAN_TANH ->
                    torch.rnn_tanh(input, initial[0], parameters, true, layers, 0, training, false, false).get0();
            case ELMAN_RELU ->
                    torch.rnn_relu(input, initial[0], parameters, true, layers, 0, training, false, false).get0();
            default ->
                    throw new UnsupportedOperationException("libtorch's " + given.cell.text + " is not compared");
        };
    }

    @Override
    public double check() {
        Tensor factors = training
                ? tensor(given.weightHh, given.rows(), given.hiddenSize) : outputGradient.get(0);
        return result.mul(factors).to(torch.ScalarType.Double).sum().item_double();
    }

    @Override
    public String system() {
        return "libtorch (bytedeco pytorch " + Tensor.class.getPackage().getImplementationVersion() + ")";
    }

    @Override
    public void close() {
        if (result != null) {
            result.close();
        }
    }
}
