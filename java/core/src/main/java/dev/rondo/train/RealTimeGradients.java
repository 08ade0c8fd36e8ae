package dev.rondo.train;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.network.Layer;
import dev.rondo.network.MaskDraw;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkInput;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * Gradients step by step, forwards in time: of each step the network's own backward pass over that one step, whatever
 * head, loss and layers there are, and, for all that was before, the gradient of the state that the step was entered in
 * times the {@link Influence} on it.
 *
 * <pre>
 * dL_t/dw = dL_t/dw (state before the step fixed) + dL_t/ds_{t-1} M_{t-1}
 * </pre>
 */
final class RealTimeGradients implements OnlineGradients {
    private final Network network;
    private final Precision precision;
    private final List<Layer> layers;
    private final int sequences; // B
    private final NetworkPass single; // one step
    private final Influence influence;
    private final MemorySegment embedding; // [V, W]; null without
    private final double[][][] before; // [L][B][n], the states that the step is entered in
    private final double[][] inputs; // [L][I]
    private final double[][] states; // [L][n]
    private final StepMasks[] masks; // [L]
    private final double[] buffer;
    private SequenceBatch piece;
    private long time;
    private boolean goneBack; // the forward pass is used up

    /** Steps that {@code single} makes, a pass of one step; it and the influence are closed with this. */
    RealTimeGradients(NetworkPass single, Influence influence) {
        this.network = single.network();
        this.precision = network.precision();
        this.layers = network.description().layers();
        this.sequences = single.batchSize();
        this.influence = influence;
        this.single = single.carryState(true);
        this.embedding = network.description().input() instanceof NetworkInput.Embedding
                ? network.parameters().view("embedding.weight") : null;
        this.before = new double[layers.size()][sequences][];
        this.inputs = new double[layers.size()][];
        this.states = new double[layers.size()][];
        this.masks = new StepMasks[layers.size()];
        int widest = 1;
        for (int layer = 0; layer < inputs.length; layer++) {
            int size = Arrays.stream(layers.get(layer).planeWidths()).sum();
            Arrays.setAll(before[layer], _ -> new double[size]);
            inputs[layer] = new double[network.description().inputSize(layer)];
            states[layer] = new double[size];
            widest = Math.max(widest, Math.max(size, inputs[layer].length));
        }
        this.buffer = new double[widest];
        SequenceInputs.beginAll(single);
    }

    @Override
    public int mostSteps() {
        return 1;
    }

    @Override
    public void enter(NetworkPass pass) {
        boolean[] begins = pass.beginning();
        copyStates(pass, single);
        time = pass.timeOrigin();
        for (int b = 0; b < sequences; b++) {
            if (begins[b]) {
                influence.begin(b);
            }
        }
    }

    @Override
    public void leave(NetworkPass pass) {
        copyStates(single, pass);
    }

    private void copyStates(NetworkPass from, NetworkPass to) {
        for (int layer = 0; layer < before.length; layer++) {
            for (int plane = 0; plane < layers.get(layer).planeWidths().length; plane++) {
                to.state(layer, plane).copyFrom(from.state(layer, plane));
            }
        }
    }

    @Override
    public MemorySegment forward(SequenceBatch step, MaskDraw masks) {
        piece = SequenceInputs.of(step);
        if (masks != null) {
            single.maskDraw(masks);
        }
        for (int layer = 0; layer < before.length; layer++) {
            copyStates(layer, true);
        }
        run();
        return single.outputs();
    }

    private void run() {
        single.timeOrigin(time);
        single.forward(piece);
        goneBack = false;
    }

    /** Copies the states of a layer from the pass, or back to it. */
    private void copyStates(int layer, boolean fromPass) {
        int first = 0;
        for (int plane = 0; plane < layers.get(layer).planeWidths().length; plane++) {
            int width = layers.get(layer).planeWidths()[plane];
            MemorySegment state = single.state(layer, plane);
            for (int b = 0; b < sequences; b++) {
                if (fromPass) {
                    read(state, b, before[layer][b], first, width);
                } else {
                    System.arraycopy(before[layer][b], first, buffer, 0, width);
                    precision.write(buffer, state, (long) b * width, width);
                }
            }
            first += width;
        }
    }

    private void read(MemorySegment plane, int b, double[] into, int first, int width) {
        precision.read(plane, (long) b * width, buffer, width);
        System.arraycopy(buffer, 0, into, first, width);
    }

    @Override
    public void addGradient(MemorySegment outputGradient) {
        if (goneBack) {
            for (int layer = 0; layer < before.length; layer++) {
                copyStates(layer, false);
            }
            run();
        }
        single.outputGradient().copyFrom(outputGradient);
        single.backward();
        goneBack = true;
        for (int b = 0; b < sequences; b++) {
            if (readStateGradients(b)) {
                influence.addGradient(b, states, network.gradients());
            }
        }
    }

    /** Returns whether there is one that is not zero: a seed may reach one sequence of many. */
    private boolean readStateGradients(int b) {
        boolean some = false;
        for (int layer = 0; layer < before.length; layer++) {
            int first = 0;
            for (int plane = 0; plane < layers.get(layer).planeWidths().length; plane++) {
                int width = layers.get(layer).planeWidths()[plane];
                read(single.stateGradient(layer, plane), b, states[layer], first, width);
                first += width;
            }
            for (double each : states[layer]) {
                some |= each != 0;
            }
        }
        return some;
    }

    @Override
    public void advance() {
        for (int b = 0; b < sequences; b++) {
            if (SequenceInputs.takesStep(piece, 0, b)) {
                int token = readInputs(b);
                for (int layer = 0; layer < before.length; layer++) {
                    System.arraycopy(before[layer][b], 0, states[layer], 0, states[layer].length);
                }
                influence.advance(b, new Influence.Step(inputs, states, masks, token, time));
            }
        }
        time++;
    }

    /** Reads what each layer has read of sequence {@code b}, and its masks; returns the embedded token, or -1. */
    private int readInputs(int b) {
        int token = piece.tokens() == null ? -1
                : piece.tokens().get(ValueLayout.JAVA_INT_UNALIGNED, (long) b * Integer.BYTES);
        int width = inputs[0].length;
        if (embedding != null) {
            precision.read(embedding, (long) token * width, inputs[0], width);
        } else if (token >= 0) {
            inputs[0][0] = token;
        } else {
            for (int i = 0; i < width; i++) {
                inputs[0][i] = piece.precision().get(piece.values(), (long) b * width + i);
            }
        }
        for (int layer = 0; layer < masks.length; layer++) {
            masks[layer] = StepMasks.of(single, layer, b);
        }
        for (int layer = 1; layer < inputs.length; layer++) {
            int size = inputs[layer].length;
            precision.read(single.state(layer - 1, 0), (long) b * size, inputs[layer], size);
            for (int i = 0; i < size; i++) {
                inputs[layer][i] = masks[layer - 1].onOutput(i) * inputs[layer][i]
                        + (layers.get(layer - 1).addsInput() ? inputs[layer - 1][i] : 0);
            }
        }
        return embedding == null ? -1 : token;
    }

    @Override
    public void write(Checkpoint.Builder checkpoint) {
        influence.write(checkpoint);
    }

    @Override
    public void restore(Checkpoint checkpoint) throws CheckpointException {
        influence.restore(checkpoint);
    }

    @Override
    public void close() {
        single.close();
        influence.close();
    }
}
