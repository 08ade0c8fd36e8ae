package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Cells against what another system makes of the same numbers; beside the data lies what made them. */
class GoldenTest {
    private static final PassVariant RAGGED = PassVariant.PLAIN.with(PassOption.INITIAL, PassOption.RAGGED);

    static Stream<Arguments> bodiesAndDirections() {
        return CellBody.present(units -> Cells.of("lstm", units, Map.of())).stream()
                .flatMap(body -> Stream.of("forward", "reversed").map(direction -> Arguments.of(body, direction)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("bodiesAndDirections")
    void lstmOfOnnxRuntime(CellBody body, String direction) {
        Map<String, double[]> golden = read("lstm/onnxruntime.txt");
        int batch = golden.get("lengths").length;
        Cell cell = body.cell(golden.get(direction + ".initial[0]").length / batch);
        int inputs = golden.get(direction + ".weightIh").length / cell.rows();
        var data = new CellData(cell, cell.shape(golden.get("input").length / batch / inputs, batch, inputs));
        copy(golden.get("input"), data.input, 0);
        for (var tensor : cell.layout(inputs, InputKind.DENSE).tensors()) {
            copy(golden.get(direction + "." + tensor.name()), data.params, Math.toIntExact(tensor.offset()));
        }
        data.lengths = Arrays.stream(golden.get("lengths")).mapToInt(length -> (int) length).toArray();
        data.reversed = direction.equals("reversed");
        Arrays.setAll(data.initial, plane -> golden.get(direction + ".initial[" + plane + "]"));
        // What ONNX Runtime gives is rounded to float32, too.
        Tolerance tolerance = Tolerance.forward(cell, data.shape, Precision.FLOAT32);
        try (var trial = new CellTrial(body, data, RAGGED)) {
            trial.forward().forEach((name, numbers) -> {
                double error = tolerance.error(golden.get(direction + "." + name), numbers);
                assertTrue(error <= tolerance.bound(), name + ": error " + error + ", tolerance " + tolerance.bound());
            });
        }
    }

    private static void copy(double[] from, double[] to, int at) {
        System.arraycopy(from, 0, to, at, from.length);
    }

    /** Each tensor by its name. */
    private static Map<String, double[]> read(String file) {
        try {
            Path path = Path.of(System.getProperty("rondo.home"), "test-data", "golden", file);
            List<String> lines = Files.readAllLines(path).stream().filter(line -> !line.startsWith("#")).toList();
            var tensors = new HashMap<String, double[]>();
            for (int i = 0; i < lines.size(); i += 2) {
                double[] numbers = Arrays.stream(lines.get(i + 1).split(" ")).mapToDouble(Float::parseFloat).toArray();
                tensors.put(lines.get(i).split(" ")[0], numbers);
            }
            return tensors;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
