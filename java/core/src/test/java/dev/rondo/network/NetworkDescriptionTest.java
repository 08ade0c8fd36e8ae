package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Cell;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.TensorLayout;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkDescriptionTest {
    private static List<Layer> layers(Cell... cells) {
        return Stream.of(cells).map(Layer::of).toList();
    }

    static Stream<NetworkInput> inputs() {
        return Stream.of(new NetworkInput.Dense(3), new NetworkInput.OneHot(65), new NetworkInput.Embedding(65, 8),
                new NetworkInput.Embedding(65, 8, 0.25));
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void aDescriptionIsReadBackFromItsText(NetworkInput input) {
        var description = new NetworkDescription(input, layers(Lstm.of(4), new Lstm(5, -0.25)), 7);
        assertEquals(description, NetworkDescription.parse(description.text()));
    }

    static Stream<NetworkHead> heads() {
        return Stream.of(null, Loss.softmaxCrossEntropy(), Loss.softmaxCrossEntropy().classWeights(1, 0.1, 1e-300),
                        Loss.sigmoidCrossEntropy(), Loss.meanSquaredError())
                .flatMap(loss -> Stream.of(new NetworkHead(3, false, loss), new NetworkHead(3, true, loss),
                        new NetworkHead(NetworkHead.NONE, true, loss)));
    }

    @ParameterizedTest
    @MethodSource("heads")
    void aHeadIsReadBackFromItsText(NetworkHead head) {
        var description = new NetworkDescription(new NetworkInput.Dense(2), layers(Lstm.of(3)), head);
        assertEquals(description, NetworkDescription.parse(description.text()));
        assertEquals(3, description.outputSize());
    }

    static Stream<Layer> kindsOfLayers() {
        Layer plain = Layer.of(new Lstm(3, 0.5));
        return Stream.of(plain, plain.bidirectional(), plain.bidirectional(Layer.Merge.SUM), plain.residual(),
                plain.learnedInitialState(), plain.dropout(0.1), plain.variationalDropout(0.25),
                plain.recurrentDropout(0.3), plain.zoneout(1e-9), plain.dropout(0.5).dropout(0),
                plain.bidirectional(Layer.Merge.SUM).residual().learnedInitialState().variationalDropout(0.1)
                        .recurrentDropout(0.2).zoneout(0.3));
    }

    @ParameterizedTest
    @MethodSource("kindsOfLayers")
    void aLayerIsReadBackFromItsText(Layer layer) {
        var description = new NetworkDescription(
                new NetworkInput.Dense(3), List.of(layer),
                new NetworkHead(2, true, true, false, Loss.softmaxCrossEntropy()));
        assertEquals(description, NetworkDescription.parse(description.text()), description.text());
        assertTrue(description.text().contains("head 2 lastStep skip softmaxCrossEntropy"), description.text());
    }

    @Test
    void theTextOfALayerSaysWhatIsNotPlain() {
        Layer layer = Layer.of(Gru.of(6)).bidirectional().residual().dropout(0.5).learnedInitialState();
        var description = new NetworkDescription(new NetworkInput.Dense(12), List.of(layer, Layer.of(Elman.of(2))), 3);
        assertEquals("""
                input dense 12
                layer gru 6 bidirectional=concatenate dropout=0.5 initialState=learned reset=after residual=true
                layer elman 2 activation=tanh
                head 3 eachStep softmaxCrossEntropy""", description.text());
        List<String> names = description.layout().tensors().stream().map(TensorLayout.Tensor::name).toList();
        assertTrue(names.containsAll(List.of("layer0.weightIh", "layer0.initialState0", "layer0.reverse.weightIh",
                "layer0.reverse.initialState0", "layer1.weightIh", "head.weight")), names::toString);
        assertEquals(List.of(2, 12), description.layout().get("layer1.weightIh").shape());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            bidirectional=both   | bidirectional: expected one of [concatenate, sum], got both
            residual=no          | residual: expected true, got no
            initialState=given   | initialState: expected learned, got given
            dropout=much         | dropout: expected a number, got much
            zoneout=1            | zoneout: expected 0 to below 1, got 1.0
            """)
    void optionsOfLayersThatAreNone(String option, String message) {
        String text = "input dense 3\nlayer gru 3 " + option + "\nhead 3 eachStep";
        assertEquals(message,
                assertThrows(IllegalArgumentException.class, () -> NetworkDescription.parse(text)).getMessage());
    }

    @Test
    void theHeadOfTheFirstFormatIsRead() {
        assertEquals(new NetworkHead(65, false, Loss.softmaxCrossEntropy()),
                NetworkDescription.parse("input oneHot 65\nlayer lstm 4 forgetBias=1.0\nclasses 65").head());
    }

    @Test
    void parametersAreNamedByPartAndCell() {
        var description = new NetworkDescription(new NetworkInput.Embedding(9, 2), layers(Lstm.of(4), Lstm.of(5)), 7);
        List<String> names = description.layout().tensors().stream().map(TensorLayout.Tensor::name).toList();
        assertEquals(List.of("embedding.weight", "layer0.weightIh", "layer0.weightHh", "layer0.bias", "layer1.weightIh",
                "layer1.weightHh", "layer1.bias", "head.weight", "head.bias"), names);
        assertEquals(List.of(20, 4), description.layout().get("layer1.weightIh").shape());
        assertEquals(List.of(7, 5), description.layout().get("head.weight").shape());
    }

    @Test
    void theFirstWeightsOfOneHotTokensLieTokenMajor() {
        var description = new NetworkDescription(new NetworkInput.OneHot(9), layers(Lstm.of(4)), 9);
        assertEquals(List.of(9, 16), description.layout().get("layer0.weightIh").shape());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "colour red", "input oneHot", "input oneHot x", "input oneHot 3\nlayer", "input oneHot 3\nlayer gnu 4",
        "input oneHot 3\nlayer lstm 4 forgetBias\nclasses 3", "input oneHot 3\nclasses 3",
        "input oneHot 3\nlayer lstm 4", "input sparse 3\nlayer lstm 4\nclasses 3",
        "input oneHot -1\nlayer lstm 4\nclasses 3", "input oneHot 3\nlayer lstm 4\nhead",
        "input oneHot 3\nlayer lstm 4\nhead 3", "input oneHot 3\nlayer lstm 4\nhead 3 firstStep",
        "input oneHot 3\nlayer lstm 4\nhead -3 lastStep", "input oneHot 3\nlayer lstm 3\nhead 3 eachStep tied",
        "input oneHot 3\nlayer lstm 4\nhead 3 lastStep hinge",
        "input oneHot 3\nlayer lstm 4\nhead 3 lastStep meanSquaredError 5",
        "input oneHot 3\nlayer lstm 4\nhead 3 lastStep softmaxCrossEntropy classWeights=",
        "input oneHot 3\nlayer lstm 4\nhead 3 lastStep softmaxCrossEntropy classWeights=1.0,x,2",
        "input oneHot 3\nlayer lstm 4\nhead 3 lastStep softmaxCrossEntropy classWeights=1.0,2.0"})
    void aDamagedTextIsRefused(String text) {
        var e = assertThrows(IllegalArgumentException.class, () -> NetworkDescription.parse(text));
        assertTrue(e.getMessage() != null && !e.getMessage().isBlank());
    }

    @Test
    void aNetworkNeedsLayersAndClasses() {
        var e = assertThrows(IllegalArgumentException.class, () -> Network.oneHot(3).classes(3).build());
        assertEquals("layers: expected at least one, got none", e.getMessage());
        e = assertThrows(IllegalArgumentException.class, () -> Network.oneHot(3).layer(Lstm.of(2)).build());
        assertEquals("head: expected classes, outputs or none, got nothing said", e.getMessage());
        e = assertThrows(IllegalArgumentException.class, () -> Network.oneHot(3).classes(0));
        assertEquals("classes: expected at least 1, got 0", e.getMessage());
        e = assertThrows(IllegalArgumentException.class, () -> Network.oneHot(3).outputs(0));
        assertEquals("outputs: expected at least 1, got 0", e.getMessage());
    }

    @Test
    void aLayerThatIsNotThereIsNamed() {
        var description = new NetworkDescription(new NetworkInput.Dense(3), layers(Lstm.of(4), Lstm.of(5)), 7);
        assertEquals("layer: expected 0 to 1, got 2",
                assertThrows(IndexOutOfBoundsException.class, () -> description.inputSize(2)).getMessage());
        assertEquals("layer: expected 0 to 1, got -1",
                assertThrows(IndexOutOfBoundsException.class, () -> description.inputKind(-1)).getMessage());
    }

    @Test
    void everyCellOfTheListCanBeMadeByName() {
        assertTrue(Cells.names().containsAll(List.of("elman", "lstm", "gru")));
        for (Cell cell : Cells.all(3)) {
            assertEquals(cell, Cells.of(cell.name(), 3, cell.options()));
            assertEquals(cell, Cells.parse(Cells.text(cell), 3));
        }
        assertEquals("cell: expected one of " + Cells.names() + ", got gnu",
                assertThrows(IllegalArgumentException.class, () -> Cells.of("gnu", 3, Map.of())).getMessage());
    }

    @Test
    void anOptionIsSaidOnce() {
        assertEquals("option reset: expected it once, got \"reset=before,reset=after\"",
                assertThrows(IllegalArgumentException.class, () -> Cells.parse("gru:reset=before,reset=after", 3))
                        .getMessage());
    }

    @Test
    void cellsAsText() {
        assertTrue(Cells.variants().containsAll(List.of("elman", "elman:activation=relu", "elman:activation=sigmoid",
                "lstm", "gru", "gru:reset=before")));
        assertEquals(Elman.relu(3), Cells.parse("elman:activation=relu", 3));
        assertEquals(Elman.of(3), Cells.parse("elman:activation=tanh", 3));
        assertEquals(Gru.of(5).resetBefore(), Cells.parse("gru:reset=before", 5));
        assertEquals("lstm:forgetBias=0.5", Cells.text(new Lstm(4, 0.5)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            gru:rest=before      | option of gru: expected one of [reset], got rest
            gru:reset=between    | reset: expected one of [after, before], got between
            gru:reset            | option: expected name=value, got "reset"
            gru:reset=after,     | option: expected name=value, got ""
            elman:activation=ReLU | activation: expected one of [tanh, relu, sigmoid], got ReLU
            lstm:forgetBias=high | forgetBias: expected a number, got high
            """)
    void textsThatAreNoCell(String text, String message) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> Cells.parse(text, 3)).getMessage());
    }
}
