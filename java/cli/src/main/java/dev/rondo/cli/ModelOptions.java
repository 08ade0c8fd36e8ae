package dev.rondo.cli;

import dev.rondo.cell.Cell;
import dev.rondo.network.Cells;
import dev.rondo.network.Initialization;
import dev.rondo.network.Layer;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.text.TextUnit;
import dev.rondo.text.Vocabulary;
import dev.rondo.text.WordVectors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What a new model is made of. */
final class ModelOptions {
    private static final String UNIFORM = "uniform=";

    @Option(names = "--cell", paramLabel = "CELL", defaultValue = "lstm",
            description = "Cell of the layers, with options after a colon, as in gru:reset=before; rondo info lists "
                    + "them. Default: ${DEFAULT-VALUE}.")
    private String cell;

    @Option(names = "--hidden", paramLabel = "N", defaultValue = "256",
            description = "Units of each layer. Default: ${DEFAULT-VALUE}.")
    private int hidden;

    @Option(names = "--layers", paramLabel = "N", defaultValue = "1",
            description = "Layers. Default: ${DEFAULT-VALUE}.")
    private int layers;

    @Option(names = "--embedding", paramLabel = "N",
            description = "Numbers of the learned vector that stands for each token; 0 = none, the first layer reads "
                    + "one-hot tokens. Default: of words and sub-words as many as a layer has units, else 0.")
    private Integer embedding;

    @Option(names = "--tied", description = "Predicts tokens by the vectors that they are read as; --embedding is as "
            + "wide as a layer puts out then.")
    private boolean tied;

    @Option(names = "--adaptive-softmax", paramLabel = "N", split = ",",
            description = "For large vocabularies: tokens from each N on, of which there may be several as in "
                    + "2000,10000, are rarer and cost less; figures stay exact. Default: one softmax over all.")
    private int[] cutoffs;

    @Option(names = "--vectors", paramLabel = "FILE",
            description = "Vectors of words to begin with, of word2vec (text or binary) or GloVe, gzip or not: their "
                    + "width is that of --embedding.")
    private Path vectors;

    @Option(names = "--dropout", paramLabel = "RATE", defaultValue = "0",
            description = "Share of what each layer hands on that is left out at random in training, from 0 to below "
                    + "1. Default: ${DEFAULT-VALUE}.")
    private double dropout;

    @Option(names = "--embedding-dropout", paramLabel = "RATE", defaultValue = "0",
            description = "The same of what comes from the embedding.")
    private double embeddingDropout;

    @Option(names = "--variational-dropout", paramLabel = "RATE", defaultValue = "0",
            description = "The same by one mask for all steps, instead of --dropout.")
    private double variationalDropout;

    @Option(names = "--recurrent-dropout", paramLabel = "RATE", defaultValue = "0",
            description = "Share of its own old output that each layer does not see.")
    private double recurrentDropout;

    @Option(names = "--zoneout", paramLabel = "RATE", defaultValue = "0",
            description = "Share of units that keep their old state at each step.")
    private double zoneout;

    @Option(names = "--init", paramLabel = "uniform=X",
            description = "All weights start evenly within X. Default: by the rules of the library.")
    private String init;

    private WordVectors loaded; // null until the vocabulary is known

    /**
     * Says what is wrong before anything is read.
     *
     * @param ofWords whether units are words or sub-words, which are embedded unless said otherwise
     */
    void check(CommandLine commandLine, boolean ofWords) {
        Options.atLeast(commandLine, "--hidden", hidden, 1);
        Options.parsed(commandLine, "--cell", "cell", this::cell, cell);
        Options.atLeast(commandLine, "--layers", layers, 1);
        Options.atLeast(commandLine, "--embedding", embedding == null ? 0 : embedding, 0);
        if (dropout > 0 && variationalDropout > 0) {
            throw new ParameterException(commandLine, "--variational-dropout is instead of --dropout, not beside it");
        }
        Layer layer = Options.checked(commandLine, this::layer);
        Options.parsed(commandLine, "--init", "init", ModelOptions::initialization, init);
        Options.checked(commandLine, () -> Network.embedding(1, 1).embeddingDropout(embeddingDropout));
        if (cutoffs != null) {
            Options.parsed(commandLine, "--adaptive-softmax", "cutoffs", _ -> Loss.adaptiveSoftmax(cutoffs), "");
        }
        if (vectors != null && embedding != null) {
            throw new ParameterException(commandLine, "--vectors have a width of their own: not with --embedding");
        }
        if (tied && cutoffs != null) {
            throw new ParameterException(commandLine, "--adaptive-softmax has weights of its own: not with --tied");
        }
        if (embeddingDropout > 0 && !embeds(ofWords)) {
            throw new ParameterException(
                    commandLine, "--embedding-dropout: expected --embedding N beside it, got none");
        }
        if (tied && embedding != null && embedding != layer.outputSize()) {
            throw new ParameterException(commandLine, "--tied: expected --embedding " + layer.outputSize()
                    + ", as wide as a layer puts out, got " + embedding);
        }
    }

    private boolean embeds(boolean ofWords) {
        return vectors != null || (embedding != null ? embedding > 0 : tied || ofWords);
    }

    private Cell cell(String text) {
        return Cells.parse(text, hidden);
    }

    private Layer layer() {
        Layer layer = Layer.of(cell(cell)).dropout(dropout).recurrentDropout(recurrentDropout).zoneout(zoneout);
        return variationalDropout == 0 ? layer : layer.variationalDropout(variationalDropout);
    }

    /** {@return the rule that {@code text} says; null for that of the library} */
    private static Initialization initialization(String text) {
        if (text == null) {
            return null;
        }
        if (!text.startsWith(UNIFORM)) {
            throw new IllegalArgumentException("init: expected uniform=X, got " + text);
        }
        try {
            return Initialization.uniform(Double.parseDouble(text.substring(UNIFORM.length())));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("init: expected a number after uniform=, got " + text, e);
        }
    }

    /** Reads what has to be known before the network is made. */
    void load(Vocabulary vocabulary) throws IOException {
        if (cutoffs != null && cutoffs[cutoffs.length - 1] >= vocabulary.size()) {
            throw new Failure(Figures.format("--adaptive-softmax: expected numbers below the %,d of the vocabulary,"
                    + " got %,d", vocabulary.size(), cutoffs[cutoffs.length - 1]));
        }
        if (vectors == null) {
            return;
        }
        if (vocabulary.unit() != TextUnit.WORD) {
            throw new Failure("--vectors are of words: expected --unit word, got " + vocabulary.unit().singular());
        }
        loaded = WordVectors.read(vectors, vocabulary);
        if (loaded.found() == 0) {
            throw new Failure(vectors + ": expected vectors of some of the " + vocabulary + ", got of none");
        }
        if (tied && loaded.width() != layer().outputSize()) {
            throw new Failure(vectors + ": expected vectors of " + layer().outputSize() + " numbers for --tied, got of "
                    + loaded.width());
        }
    }

    /** {@return the network for {@code vocabulary}, which was {@linkplain #load told} before} */
    Network.Builder network(Vocabulary vocabulary) {
        int width = width(vocabulary);
        Network.Builder network =
                width == 0 ? Network.oneHot(vocabulary.size()) : Network.embedding(vocabulary.size(), width);
        if (embeddingDropout > 0) {
            network.embeddingDropout(embeddingDropout);
        }
        Layer layer = layer();
        for (int i = 0; i < layers; i++) {
            network.layer(layer);
        }
        Initialization rule = initialization(init);
        if (rule != null) {
            network.inputWeights(rule).recurrentWeights(rule);
            if (width > 0) {
                network.embeddingWeights(rule);
            }
        }
        network.classes(vocabulary.size());
        if (cutoffs != null) {
            network.loss(Loss.adaptiveSoftmax(cutoffs));
        }
        return tied ? network.tieWeights() : network;
    }

    private int width(Vocabulary vocabulary) {
        if (loaded != null) {
            return loaded.width();
        }
        boolean ofWords = vocabulary.unit() == TextUnit.WORD || vocabulary.unit() == TextUnit.SUB_WORD;
        return !embeds(ofWords) ? 0 : embedding != null ? embedding : layer().outputSize();
    }

    /** Puts the vectors that were loaded into a new network. */
    void begin(Network network) {
        if (loaded != null) {
            loaded.writeTo(network);
        }
    }

    /** {@return what {@code rondo info} shall say of the model beside what is in it, by name} */
    Map<String, String> notes() {
        Map<String, String> notes = new TreeMap<>();
        if (init != null) {
            notes.put("init", init);
        }
        if (loaded != null) {
            notes.put("vectors", Figures.format("%s, %,d words", vectors.getFileName(), loaded.found()));
        }
        return notes;
    }
}
