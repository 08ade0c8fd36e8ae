package dev.rondo.network;

import dev.rondo.cell.InputKind;
import dev.rondo.memory.TensorLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What a network is, without its numbers: everything that decides names and shapes of its parameters. A value; written
 * into checkpoints as text, one part per line:
 *
 * <pre>
 * input oneHot 65
 * layer lstm 256 bidirectional=concatenate forgetBias=1.0
 * layer lstm 512 forgetBias=1.0 residual=true
 * head 65 eachStep softmaxCrossEntropy
 * </pre>
 *
 * <p>A head without a dense layer is {@code head 0}; one without a loss ends after where it reads; {@code skip} before
 * the loss says that it reads the network's input, too, {@code tied} that its weights are the embedding's; class
 * weights follow their loss, as in {@code classWeights=1.0,2.5}, and what an adaptive softmax is made of, as in
 * {@code adaptiveSoftmax cutoffs=2000,10000 divValue=4.0}. Files of the first format say {@code classes 65} for
 * the head above.
 *
 * @param input what it reads
 * @param layers the one that reads the input first
 * @param head what stands on the last of them
 */
public record NetworkDescription(NetworkInput input, List<Layer> layers, NetworkHead head) {
    static final String EMBEDDING_WEIGHT = "embedding.weight";
    private static final String HEAD_WEIGHT = "head.weight";
    private static final String DROPOUT = "dropout=";

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if there are no layers, a layer or the head does not fit what it reads, or there
     *     are not as many class weights as outputs
     */
    public NetworkDescription {
        Objects.requireNonNull(input, "input: expected what the network reads, got null");
        layers = Elements.copyOf("layers", "a layer", layers);
        Objects.requireNonNull(head, "head: expected what stands on the layers, got null");
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("layers: expected at least one, got none");
        }
        int width = input.size();
        for (int layer = 0; layer < layers.size(); layer++) {
            String misfit = layers.get(layer).misfit(layer == 0 ? input : null, width);
            if (misfit != null) {
                throw new IllegalArgumentException(prefix(layer) + misfit);
            }
            width = layers.get(layer).outputSize();
        }
        if (head.skip() && input instanceof NetworkInput.OneHot) {
            throw new IllegalArgumentException(
                    "skip: expected numbers or an embedding for the head to read, got one-hot tokens");
        }
        if (head.tied()) {
            requireTied(input, width, head.outputs());
        }
        int outputs = head.dense() ? head.outputs() : layers.getLast().outputSize();
        if (head.loss() instanceof Loss.AdaptiveSoftmax softmax) {
            requireAdaptive(head, softmax.cutoffs().getLast());
        }
        if (head.loss() instanceof Loss.SoftmaxCrossEntropy(List<Double> weights)
                && !weights.isEmpty() && weights.size() != outputs) {
            throw new IllegalArgumentException(
                    "classWeights: expected " + outputs + ", one per output, got " + weights.size());
        }
    }

    private static void requireAdaptive(NetworkHead head, int lastCutoff) {
        if (!head.dense() || head.skip() || head.tied()) {
            throw new IllegalArgumentException("adaptiveSoftmax: expected a dense layer that reads the top layer, with"
                    + " weights of its own, got " + (head.dense() ? head.tied() ? "tied ones" : "a skip" : "none"));
        }
        if (lastCutoff >= head.outputs()) {
            throw new IllegalArgumentException("cutoffs: expected them below the number of classes, "
                    + head.outputs() + ", got " + lastCutoff);
        }
    }

    /** The weights [O, H] of the head are those [V, W] of the embedding. */
    private static void requireTied(NetworkInput input, int topSize, int outputs) {
        if (!(input instanceof NetworkInput.Embedding(int vocabularySize, int width, double _))) {
            throw new IllegalArgumentException(
                    "tieWeights: expected an embedding that the head shares, got an input without one");
        }
        if (outputs != vocabularySize) {
            throw new IllegalArgumentException("tieWeights: expected as many outputs as tokens that are embedded, "
                    + vocabularySize + ", got " + outputs);
        }
        if (width != topSize) {
            throw new IllegalArgumentException("tieWeights: expected an embedding as wide as the top layer, " + topSize
                    + ", got " + width);
        }
    }

    /**
     * Describes a network with a dense layer that reads each step, its outputs trained as the logits of classes.
     *
     * @param input what it reads
     * @param layers the one that reads the input first
     * @param classes O, at least 1
     * @throws IllegalArgumentException if there are no layers or no classes, or a layer does not fit what it reads
     */
    public NetworkDescription(NetworkInput input, List<Layer> layers, int classes) {
        this(input, layers, NetworkHead.classes(classes));
    }

    /**
     * {@return the width of what a layer reads}
     *
     * @param layer from 0, the one that reads the input
     * @throws IndexOutOfBoundsException if there is no such layer
     */
    public int inputSize(int layer) {
        Elements.checkIndex("layer", layer, layers.size());
        return layer == 0 ? input.size() : layers.get(layer - 1).outputSize();
    }

    /**
     * {@return whether a layer reads numbers or tokens}
     *
     * @param layer from 0, the one that reads the input
     * @throws IndexOutOfBoundsException if there is no such layer
     */
    public InputKind inputKind(int layer) {
        Elements.checkIndex("layer", layer, layers.size());
        return layer == 0 ? input.kind() : InputKind.DENSE;
    }

    /** {@return the name of the dense layer's weights, [O, H]} */
    String headWeight() {
        return head.tied() ? EMBEDDING_WEIGHT : HEAD_WEIGHT;
    }

    /** {@return how many outputs the dense layer has, if there is one: O, but for an adaptive softmax} */
    int denseOutputs() {
        return head.loss() instanceof Loss.AdaptiveSoftmax softmax ? softmax.topOutputs() : head.outputs();
    }

    /** {@return H, the width of what the head reads} */
    public int topSize() {
        return layers.getLast().outputSize();
    }

    /** {@return O, the numbers that the network puts out at each position} */
    public int outputSize() {
        return head.dense() ? head.outputs() : topSize();
    }

    /**
     * {@return names and shapes of all parameters}: {@code embedding.weight} [V, W] if there is one; for each layer its
     * cell's with the prefix {@code layer0.}, {@code layer1.} and so on, of a bidirectional one those of the reverse
     * direction behind them, with the prefix {@code layer0.reverse.}; where the initial state is learned {@code
     * initialState0} [P] and so on, one for each state plane, behind those of the cell; {@code head.weight} [O, H] and
     * {@code head.bias} [O] if the head has a dense layer, of one with tied weights {@code head.bias} alone;
     * {@code head.skipWeight} [O, I] if it reads the input too; of an {@linkplain Loss.AdaptiveSoftmax adaptive
     * softmax} O of these is c<sub>0</sub> + K, and {@code head.tail0.projection} [D, H], {@code head.tail0.weight}
     * [size, D] and so on follow
     */
    public TensorLayout layout() {
        var layout = TensorLayout.builder();
        if (input instanceof NetworkInput.Embedding(int vocabularySize, int width, double _)) {
            layout.add(EMBEDDING_WEIGHT, vocabularySize, width);
        }
        for (int layer = 0; layer < layers.size(); layer++) {
            for (int direction = 0; direction < layers.get(layer).directions(); direction++) {
                layout.addAll(prefix(layer, direction), cellLayout(layer));
                addInitialState(layout, layer, direction);
            }
        }
        if (head.dense()) {
            if (!head.tied()) {
                layout.add(HEAD_WEIGHT, denseOutputs(), topSize());
            }
            layout.add("head.bias", denseOutputs());
        }
        if (head.loss() instanceof Loss.AdaptiveSoftmax softmax) {
            for (int i = 0; i < softmax.cutoffs().size(); i++) {
                int narrow = softmax.width(i, topSize());
                layout.add(tail(i) + "projection", narrow, topSize())
                        .add(tail(i) + "weight", softmax.size(i, head.outputs()), narrow);
            }
        }
        if (head.skip()) {
            layout.add("head.skipWeight", head.outputs(), input.size());
        }
        return layout.build();
    }

    /** {@return what the names of the parameters of a cluster begin with} */
    static String tail(int cluster) {
        return "head.tail" + cluster + ".";
    }

    private void addInitialState(TensorLayout.Builder layout, int layer, int direction) {
        int[] widths = layers.get(layer).cell().planeWidths();
        for (int plane = 0; plane < widths.length && layers.get(layer).learnsInitialState(); plane++) {
            layout.add(initialState(layer, direction, plane), widths[plane]);
        }
    }

    /** {@return the name of a state plane that is learned} */
    static String initialState(int layer, int direction, int plane) {
        return prefix(layer, direction) + "initialState" + plane;
    }

    /**
     * {@return whether a parameter is one of a {@linkplain Layer#fixed fixed} layer}
     *
     * @param tensor one of {@link #layout()}
     */
    public boolean isFixed(TensorLayout.Tensor tensor) {
        Objects.requireNonNull(tensor, "tensor: expected a parameter, got null");
        return IntStream.range(0, layers.size())
                .anyMatch(layer -> layers.get(layer).isFixed() && tensor.name().startsWith(prefix(layer)));
    }

    /** {@return the parameters of one direction of a layer, as its cell names them} */
    TensorLayout cellLayout(int layer) {
        return layers.get(layer).cell().layout(inputSize(layer), inputKind(layer));
    }

    /** {@return index of the first parameter of a direction of a layer in the slab} */
    long offset(int layer, int direction, TensorLayout whole) {
        String first = cellLayout(layer).tensors().getFirst().name();
        return whole.get(prefix(layer, direction) + first).offset();
    }

    private static String prefix(int layer) {
        return "layer" + layer + ".";
    }

    /** {@return what the names of the parameters of a direction begin with; direction 1 is the reverse one} */
    static String prefix(int layer, int direction) {
        return prefix(layer) + (direction == 0 ? "" : "reverse.");
    }

    /** {@return whether training draws masks, of dropout or zoneout} */
    public boolean drawsMasks() {
        return embeddingDropout() > 0 || layers.stream().anyMatch(layer -> layer.dropout().any());
    }

    /** {@return the share of learned vectors that is left out in training; 0 without an embedding} */
    public double embeddingDropout() {
        return input instanceof NetworkInput.Embedding embedding ? embedding.dropout() : 0;
    }

    /**
     * Refuses layers that need whole sequences.
     *
     * @param name what asks, for the message
     * @throws IllegalArgumentException if there is one; it is named
     */
    void requireForwards(String name) {
        for (int layer = 0; layer < layers.size(); layer++) {
            if (layers.get(layer).directions() > 1) {
                throw new IllegalArgumentException(
                        name + ": expected layers that run forwards, got layer" + layer + ", a bidirectional one");
            }
        }
    }

    /** {@return this description as text, which {@link #parse} reads} */
    public String text() {
        var lines = new ArrayList<String>();
        lines.add("input " + switch (input) {
            case NetworkInput.Dense(int size) -> "dense " + size;
            case NetworkInput.OneHot(int size) -> "oneHot " + size;
            case NetworkInput.Embedding(int vocabularySize, int width, double dropout) ->
                    "embedding " + vocabularySize + " " + width + (dropout > 0 ? " " + DROPOUT + dropout : "");
        });
        layers.forEach(layer -> lines.add("layer " + layer.text()));
        lines.add(head.text());
        return String.join("\n", lines);
    }

    /**
     * {@return the description that a text says}
     *
     * @param text as {@link #text} writes it
     * @throws IllegalArgumentException if it describes no network, or one with a cell that is not in {@link Cells}
     */
    public static NetworkDescription parse(String text) {
        Objects.requireNonNull(text, "text: expected a description, got null");
        NetworkInput input = null;
        var layers = new ArrayList<Layer>();
        NetworkHead head = null;
        for (String line : text.lines().toList()) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "input" -> input = parseInput(words);
                case "layer" -> layers.add(Layer.parse(words));
                case "head" -> head = NetworkHead.parse(words);
                case "classes" -> head = NetworkHead.classes(number(words, 1));
                default -> throw damaged(words);
            }
        }
        if (input == null || head == null) {
            throw new IllegalArgumentException(
                    "network description: expected an " + (input == null ? "input" : "head") + ", got none");
        }
        return new NetworkDescription(input, layers, head);
    }

    private static NetworkInput parseInput(String[] words) {
        return switch (words.length > 1 ? words[1] : "") {
            case "dense" -> new NetworkInput.Dense(number(words, 2));
            case "oneHot" -> new NetworkInput.OneHot(number(words, 2));
            case "embedding" ->
                    new NetworkInput.Embedding(number(words, 2), number(words, 3), words.length == 4 ? 0 : rate(words));
            default -> throw damaged(words);
        };
    }

    private static double rate(String[] words) {
        try {
            if (words.length == 5 && words[4].startsWith(DROPOUT)) {
                return Double.parseDouble(words[4].substring(DROPOUT.length()));
            }
        } catch (NumberFormatException e) {
            // damaged, too
        }
        throw damaged(words);
    }

    static int number(String[] words, int index) {
        try {
            return Integer.parseInt(words[index]);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw damaged(words);
        }
    }

    static IllegalArgumentException damaged(String[] words) {
        return new IllegalArgumentException("network description: cannot read \"" + String.join(" ", words) + "\"");
    }
}
