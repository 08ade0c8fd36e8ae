package dev.rondo.cli;

import dev.rondo.network.Cells;
import dev.rondo.network.Dropout;
import dev.rondo.network.Layer;
import dev.rondo.network.Loss;
import dev.rondo.network.NetworkDescription;
import dev.rondo.network.NetworkInput;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a network is made of, in words. */
final class ModelText {
    private ModelText() {}

    /** {@return "lstm, 2 layers of 200 units, dropout 0.5"; the layers are alike} */
    static String layers(NetworkDescription network) {
        Layer layer = network.layers().getFirst();
        return Cells.text(layer.cell()) + ", " + Figures.count(network.layers().size(), "layer") + " of "
                + Figures.count(layer.cell().hiddenSize(), "unit") + rates(layer.dropout());
    }

    /** {@return "lstm, 200 units, dropout 0.5"} */
    static String layer(Layer layer) {
        return Cells.text(layer.cell()) + ", " + Figures.count(layer.cell().hiddenSize(), "unit")
                + rates(layer.dropout());
    }

    /** {@return "one-hot", "vectors of 200 numbers"} */
    static String input(NetworkDescription network) {
        return switch (network.input()) {
            case NetworkInput.Embedding(int _, int width, double dropout) -> "vectors of "
                    + Figures.count(width, "number") + rate("dropout", dropout)
                    + (network.head().tied() ? ", by which tokens are predicted, too" : "");
            case NetworkInput.OneHot _, NetworkInput.Dense _ -> "one-hot";
        };
    }

    /** {@return "softmax", "adaptive softmax from 2,000, 10,000 on"} */
    static String output(NetworkDescription network) {
        return network.head().loss() instanceof Loss.AdaptiveSoftmax adaptive
                ? "adaptive softmax from " + adaptive.cutoffs().stream().map(cutoff -> Figures.format("%,d", cutoff))
                        .collect(Collectors.joining(", ")) + " on"
                : "softmax";
    }

    /** {@return the words of a setting's name in the library: "batch size" of "batchSize"} */
    static String setting(String name) {
        return name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
    }

    private static String rates(Dropout dropout) {
        return rate(dropout.perSequence() ? "variational dropout" : "dropout", dropout.rate())
                + rate("recurrent dropout", dropout.recurrent()) + rate("zoneout", dropout.zoneout());
    }

    private static String rate(String name, double rate) {
        return rate > 0 ? ", " + name + " " + rate : "";
    }
}
