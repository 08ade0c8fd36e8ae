package dev.rondo.network;

import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import dev.rondo.memory.TensorLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What a network is, without its numbers: everything that decides names and shapes of its parameters. A value; written
 * into checkpoints as text, one part per line:
 *
 * <pre>
 * input oneHot 65
 * layer lstm 256 forgetBias=1.0
 * head 65 eachStep softmaxCrossEntropy
 * </pre>
 *
 * <p>A head without a dense layer is {@code head 0}; one without a loss ends after where it reads; class weights follow
 * their loss, as in {@code classWeights=1.0,2.5}. Files of the first format say {@code classes 65} for the head above.
 *
 * @param input what it reads
 * @param layers its cells, the one that reads the input first
 * @param head what stands on the last of them
 */
public record NetworkDescription(NetworkInput input, List<Cell> layers, NetworkHead head) {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if there are no layers, or not as many class weights as outputs
     */
    public NetworkDescription {
        Objects.requireNonNull(input, "input: expected what the network reads, got null");
        layers = Elements.copyOf("layers", "a cell", layers);
        Objects.requireNonNull(head, "head: expected what stands on the layers, got null");
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("layers: expected at least one, got none");
        }
        int outputs = head.dense() ? head.outputs() : layers.getLast().outputSize();
        if (head.loss() instanceof Loss.SoftmaxCrossEntropy(List<Double> weights)
                && !weights.isEmpty() && weights.size() != outputs) {
            throw new IllegalArgumentException(
                    "classWeights: expected " + outputs + ", one per output, got " + weights.size());
        }
    }

    /**
     * Describes a network with a dense layer that reads each step, its outputs trained as the logits of classes.
     *
     * @param input what it reads
     * @param layers its cells, the one that reads the input first
     * @param classes O, at least 1
     * @throws IllegalArgumentException if there are no layers or no classes
     */
    public NetworkDescription(NetworkInput input, List<Cell> layers, int classes) {
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
     * cell's with the prefix {@code layer0.}, {@code layer1.} and so on; {@code head.weight} [O, H] and
     * {@code head.bias} [O] if the head has a dense layer
     */
    public TensorLayout layout() {
        var layout = TensorLayout.builder();
        if (input instanceof NetworkInput.Embedding(int vocabularySize, int width)) {
            layout.add("embedding.weight", vocabularySize, width);
        }
        for (int layer = 0; layer < layers.size(); layer++) {
            layout.addAll(prefix(layer), layers.get(layer).layout(inputSize(layer), inputKind(layer)));
        }
        if (head.dense()) {
            layout.add("head.weight", head.outputs(), topSize()).add("head.bias", head.outputs());
        }
        return layout.build();
    }

    /** {@return index of the first parameter of layer {@code layer} in the slab} */
    long offset(int layer, TensorLayout whole) {
        String first = layers.get(layer).layout(inputSize(layer), inputKind(layer)).tensors().getFirst().name();
        return whole.get(prefix(layer) + first).offset();
    }

    static String prefix(int layer) {
        return "layer" + layer + ".";
    }

    /** {@return this description as text, which {@link #parse} reads} */
    public String text() {
        var lines = new ArrayList<String>();
        lines.add("input " + switch (input) {
            case NetworkInput.Dense(int size) -> "dense " + size;
            case NetworkInput.OneHot(int size) -> "oneHot " + size;
            case NetworkInput.Embedding(int vocabularySize, int width) -> "embedding " + vocabularySize + " " + width;
        });
        for (Cell cell : layers) {
            var line = new StringBuilder("layer " + cell.name() + " " + cell.hiddenSize());
            new TreeMap<>(cell.options()).forEach((name, value) -> line.append(" " + name + "=" + value));
            lines.add(line.toString());
        }
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
        var layers = new ArrayList<Cell>();
        NetworkHead head = null;
        for (String line : text.lines().toList()) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "input" -> input = parseInput(words);
                case "layer" -> layers.add(parseLayer(words));
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
            case "embedding" -> new NetworkInput.Embedding(number(words, 2), number(words, 3));
            default -> throw damaged(words);
        };
    }

    private static Cell parseLayer(String[] words) {
        int hiddenSize = number(words, 2);
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 3; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            if (equals < 1) {
                throw damaged(words);
            }
            options.put(words[i].substring(0, equals), words[i].substring(equals + 1));
        }
        return Cells.of(words[1], hiddenSize, options);
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
