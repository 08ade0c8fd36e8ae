package dev.rondo.network;

import dev.rondo.cell.CellShape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What stands on the top layer of a network: a dense layer or none, where it reads, and what its outputs are trained
 * by.
 *
 * @param outputs numbers that the dense layer puts out; {@link #NONE} = no dense layer, the top layer's output is the
 *     network's
 * @param lastStep whether it reads each sequence once, after its last valid step, instead of at each step
 * @param skip whether the dense layer reads the network's input, too, past all layers
 * @param tied whether the dense layer's weights are those of the embedding that the network reads
 * @param loss what the outputs are compared with targets by; null = nothing, the gradient of the outputs is given
 */
public record NetworkHead(int outputs, boolean lastStep, boolean skip, boolean tied, Loss loss) {
    /** Instead of a number of outputs: there is no dense layer. */
    public static final int NONE = 0;

    private static final String SKIP = "skip";
    private static final String TIED = "tied";
    private static final String WEIGHTS = "classWeights=";
    private static final String CUTOFFS = "cutoffs=";
    private static final String DIVISOR = "divValue=";

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if {@code outputs} is negative, or there is no dense layer that could read the
     *     input or have the embedding's weights
     */
    public NetworkHead {
        if (outputs != NONE) {
            CellShape.atLeastOne("outputs", outputs);
        }
        if (skip && outputs == NONE) {
            throw new IllegalArgumentException("skip: expected a dense layer that reads the input, got none");
        }
        if (tied && outputs == NONE) {
            throw new IllegalArgumentException("tieWeights: expected a dense layer that has weights, got none");
        }
    }

    /**
     * A head that reads the top layer alone.
     *
     * @param outputs numbers that the dense layer puts out, or {@link #NONE}
     * @param lastStep whether it reads each sequence once
     * @param loss null = none
     * @throws IllegalArgumentException if {@code outputs} is negative
     */
    public NetworkHead(int outputs, boolean lastStep, Loss loss) {
        this(outputs, lastStep, false, false, loss);
    }

    /**
     * {@return a dense layer that reads each step, its outputs trained as the logits of classes}
     *
     * @param count O, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public static NetworkHead classes(int count) {
        return new NetworkHead(CellShape.atLeastOne("classes", count), false, Loss.softmaxCrossEntropy());
    }

    /** {@return whether there is a dense layer} */
    public boolean dense() {
        return outputs != NONE;
    }

    /** {@return whether softmax makes probabilities of classes, all alike, of the outputs at each step} */
    public boolean classesAtEachStep() {
        return dense() && !lastStep
                && (loss instanceof Loss.AdaptiveSoftmax || Loss.softmaxCrossEntropy().equals(loss));
    }

    /** {@return this head as a line, which {@link #parse} reads} */
    String text() {
        String reads = "head " + outputs + (lastStep ? " lastStep" : " eachStep") + (skip ? " " + SKIP : "")
                + (tied ? " " + TIED : "");
        return switch (loss) {
            case null -> reads;
            case Loss.SoftmaxCrossEntropy(List<Double> weights) -> reads + " softmaxCrossEntropy" + (weights.isEmpty()
                    ? ""
                    : " " + WEIGHTS + weights.stream().map(String::valueOf).collect(Collectors.joining(",")));
            case Loss.AdaptiveSoftmax(List<Integer> cutoffs, double divValue) -> reads + " adaptiveSoftmax " + CUTOFFS
                    + cutoffs.stream().map(String::valueOf).collect(Collectors.joining(",")) + " " + DIVISOR + divValue;
            case Loss.SigmoidCrossEntropy _ -> reads + " sigmoidCrossEntropy";
            case Loss.MeanSquaredError _ -> reads + " meanSquaredError";
        };
    }

    /**
     * {@return the head that a line says}
     *
     * @throws IllegalArgumentException if it says none
     */
    static NetworkHead parse(String[] words) {
        int outputs = NetworkDescription.number(words, 1);
        boolean lastStep = switch (words.length > 2 ? words[2] : "") {
            case "eachStep" -> false;
            case "lastStep" -> true;
            default -> throw NetworkDescription.damaged(words);
        };
        boolean skip = words.length > 3 && words[3].equals(SKIP);
        int next = skip ? 4 : 3;
        boolean tied = words.length > next && words[next].equals(TIED);
        return new NetworkHead(outputs, lastStep, skip, tied, parseLoss(words, tied ? next + 1 : next));
    }

    /** {@return the loss that the words from {@code at} on say; null if there are none} */
    private static Loss parseLoss(String[] words, int at) {
        if (words.length == at) {
            return null;
        }
        try {
            if (words.length == at + 2 && words[at].equals("softmaxCrossEntropy")
                    && words[at + 1].startsWith(WEIGHTS)) {
                return Loss.softmaxCrossEntropy().classWeights(
                        numbers(words[at + 1], WEIGHTS).mapToDouble(Double::parseDouble).toArray());
            }
            if (words.length == at + 3 && words[at].equals("adaptiveSoftmax") && words[at + 1].startsWith(CUTOFFS)
                    && words[at + 2].startsWith(DIVISOR)) {
                return Loss.adaptiveSoftmax(numbers(words[at + 1], CUTOFFS).mapToInt(Integer::parseInt).toArray())
                        .divValue(Double.parseDouble(words[at + 2].substring(DIVISOR.length())));
            }
        } catch (NumberFormatException e) {
            throw NetworkDescription.damaged(words);
        }
        if (words.length > at + 1) {
            throw NetworkDescription.damaged(words);
        }
        return switch (words[at]) {
            case "softmaxCrossEntropy" -> Loss.softmaxCrossEntropy();
            case "sigmoidCrossEntropy" -> Loss.sigmoidCrossEntropy();
            case "meanSquaredError" -> Loss.meanSquaredError();
            default -> throw NetworkDescription.damaged(words);
        };
    }

    private static Stream<String> numbers(String word, String name) {
        return Arrays.stream(word.substring(name.length()).split(",", -1));
    }
}
