package dev.rondo.reservoir;

import dev.rondo.memory.Precision;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * What an echo state network is beside its reservoir.
 *
 * @param inputs I
 * @param outputs O
 * @param feedback whether the reservoir reads the last output behind the input
 * @param noise the largest number added to a unit's output in training
 * @param squares whether the readout reads the squares of the state
 * @param readsInput whether the readout reads what the reservoir reads
 * @param seed of the noise
 */
record EchoStateSettings(
        int inputs, int outputs, boolean feedback, double noise, boolean squares, boolean readsInput, long seed) {
    /** {@return how many numbers the reservoir reads} */
    int reads() {
        return feedback ? Math.addExact(inputs, outputs) : inputs;
    }

    /** {@return F, how many numbers the readout reads} */
    int features(Network network) {
        int states = network.description().layers().stream().mapToInt(Layer::outputSize).reduce(0, Math::addExact);
        return Math.addExact(squares ? Math.multiplyExact(2, states) : states, readsInput ? reads() : 0);
    }

    /** Multiplies the weights by which the first reservoir reads the last output. */
    void scaleFeedback(Network network, double factor) {
        Precision precision = network.precision();
        MemorySegment weights = network.parameters().view("layer0.weightIh"); // [R, I + O]
        long count = weights.byteSize() / precision.bytes();
        for (long i = 0; i < count; i++) {
            if (i % reads() >= inputs) {
                precision.set(weights, i, factor * precision.get(weights, i));
            }
        }
        network.parameters().changed();
    }

    /** {@return a line that {@link #parse} reads} */
    String text() {
        return "inputs=" + inputs + " outputs=" + outputs + " feedback=" + feedback + " noise=" + noise
                + " squares=" + squares + " readsInput=" + readsInput + " seed=" + seed;
    }

    /**
     * {@return the settings that a line says}
     *
     * @throws IllegalArgumentException if it says none
     */
    static EchoStateSettings parse(String text) {
        Map<String, String> words = new HashMap<>();
        for (String word : text.split(" ")) {
            int equals = word.indexOf('=');
            words.put(word.substring(0, Math.max(0, equals)), word.substring(equals + 1));
        }
        try {
            var settings = new EchoStateSettings(
                    Integer.parseInt(words.get("inputs")), Integer.parseInt(words.get("outputs")),
                    Boolean.parseBoolean(words.get("feedback")), Double.parseDouble(words.get("noise")),
                    Boolean.parseBoolean(words.get("squares")), Boolean.parseBoolean(words.get("readsInput")),
                    Long.parseLong(words.get("seed")));
            if (settings.text().equals(text) && settings.inputs >= (settings.feedback ? 0 : 1)
                    && settings.outputs >= 1 && settings.noise >= 0 && Double.isFinite(settings.noise)) {
                return settings;
            }
        } catch (NumberFormatException | NullPointerException e) {
            throw new IllegalArgumentException("cannot read \"" + text + "\"", e);
        }
        throw new IllegalArgumentException("cannot read \"" + text + "\"");
    }
}
