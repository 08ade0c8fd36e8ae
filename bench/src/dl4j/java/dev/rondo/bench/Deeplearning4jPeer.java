package dev.rondo.bench;

import dev.rondo.bench.golden.GoldenCase;
import dev.rondo.bench.golden.GoldenCell;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.params.LSTMParamInitializer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Deeplearning4j's LSTM. Inference is the network's, from the states that it was given; training is the layer's
 * truncated back-propagation over the whole sequence, forward within. It has no gradient of the initial state, and no
 * GRU. Sequences are [B, I, T], in the order in memory that it works in itself.
 */
final class Deeplearning4jPeer implements Peer {
    private static final String PROPERTIES = "/META-INF/maven/org.deeplearning4j/deeplearning4j-nn/pom.properties";

    // Its gates: cell input, forget, output, input. Ours: input, forget, cell input, output.
    private static final int[] OURS = {2, 1, 3, 0};
    private static final String[] STATES = {
        org.deeplearning4j.nn.layers.recurrent.LSTM.STATE_KEY_PREV_ACTIVATION,
        org.deeplearning4j.nn.layers.recurrent.LSTM.STATE_KEY_PREV_MEMCELL
    };

    private final GoldenCase given; // of the top layer
    private final boolean training;
    private final MultiLayerNetwork network;
    private final INDArray input;
    private final INDArray outputGradient;
    private final Map<Integer, Map<String, INDArray>> states = new HashMap<>(); // initial ones, by layer
    private INDArray output;
    private Gradient gradient;

    private Deeplearning4jPeer(List<GoldenCase> stack, boolean training) {
        this.given = stack.getLast();
        this.training = training;
        var layers = new NeuralNetConfiguration.Builder().dataType(DataType.FLOAT).list();
        for (GoldenCase layer : stack) {
            layers.layer(new LSTM.Builder().nIn(layer.inputSize).nOut(layer.hiddenSize)
                    .activation(Activation.TANH).gateActivationFunction(Activation.SIGMOID).build());
        }
        this.network = new MultiLayerNetwork(layers.validateOutputLayerConfig(false).build());
        network.init();
        network.initGradientsView();
        for (int n = 0; n < stack.size(); n++) {
            setParameters(n, stack.get(n));
        }
        GoldenCase bottom = stack.getFirst();
        this.input = sequence(bottom.input, bottom.batchSize, bottom.inputSize);
        this.outputGradient = sequence(given.outputGradient, given.batchSize, given.hiddenSize);
        setStates(stack);
    }

    /** Takes what {@link ComparisonWorker} takes; its threads it takes from OMP_NUM_THREADS. */
    public static void main(String[] arguments) throws IOException {
        ComparisonWorker.run(arguments, (_, stack, training, _) -> {
            if (stack.getFirst().cell != GoldenCell.LSTM) {
                throw new UnsupportedOperationException("of the cells compared it has the LSTM only");
            }
            return new Deeplearning4jPeer(stack, training);
        });
    }

    private void setParameters(int n, GoldenCase layer) {
        network.setParam(n + "_" + LSTMParamInitializer.INPUT_WEIGHT_KEY, gates(layer.weightIh, layer.inputSize));
        network.setParam(n + "_" + LSTMParamInitializer.RECURRENT_WEIGHT_KEY, gates(layer.weightHh, layer.hiddenSize));
        network.setParam(n + "_" + LSTMParamInitializer.BIAS_KEY, gates(layer.bias(), 1));
    }

    /** [4H, width] as [width, 4H], gates in its order. */
    private INDArray gates(double[] values, int width) {
        int h = given.hiddenSize;
        INDArray gates = Nd4j.create(DataType.FLOAT, width, 4L * h);
        for (int row = 0; row < 4 * h; row++) {
            int ours = OURS[row / h] * h + row % h;
            for (int column = 0; column < width; column++) {
                gates.putScalar(column, row, values[ours * width + column]);
            }
        }
        return gates;
    }

    /** [T, B, width] as [B, width, T]. */
    private INDArray sequence(double[] values, int batchSize, int width) {
        INDArray sequence = Nd4j.create(DataType.FLOAT, new long[] {batchSize, width, given.timeSteps}, 'f');
        for (int i = 0; i < values.length; i++) {
            int row = i / width;
            sequence.putScalar(row % batchSize, i % width, row / batchSize, values[i]);
        }
        return sequence;
    }

    private void setStates(List<GoldenCase> stack) {
        for (int n = 0; n < stack.size(); n++) {
            var planes = new HashMap<String, INDArray>();
            for (int plane = 0; plane < STATES.length; plane++) {
                INDArray state = Nd4j.create(DataType.FLOAT, new long[] {given.batchSize, given.hiddenSize}, 'f');
                for (int i = 0; i < given.batchSize * given.hiddenSize; i++) {
                    state.putScalar(i / given.hiddenSize, i % given.hiddenSize, stack.get(n).initial[plane][i]);
                }
                planes.put(STATES[plane], state);
            }
            states.put(n, planes);
        }
    }

    @Override
    public void run() {
        states.forEach(network::rnnSetPreviousState);
        if (training) {
            var layer = (RecurrentLayer) network.getLayer(0);
            layer.setInputMiniBatchSize(given.batchSize);
            layer.setInput(input, LayerWorkspaceMgr.noWorkspaces());
            gradient = layer.tbpttBackpropGradient(
                    outputGradient, given.timeSteps, LayerWorkspaceMgr.noWorkspaces()).getFirst();
        } else {
            output = network.rnnTimeStep(input);
        }
    }

    @Override
    public double check() {
        INDArray values = training
                ? gradient.getGradientFor(LSTMParamInitializer.RECURRENT_WEIGHT_KEY) : output;
        INDArray factors = training ? gates(given.weightHh, given.hiddenSize) : outputGradient;
        return values.castTo(DataType.DOUBLE).mul(factors.castTo(DataType.DOUBLE)).sumNumber().doubleValue();
    }

    @Override
    public String system() {
        var properties = new Properties();
        try (InputStream in = MultiLayerNetwork.class.getResourceAsStream(PROPERTIES)) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return "Deeplearning4j " + properties.get("version");
    }

    @Override
    public void close() {
        network.close();
    }
}
