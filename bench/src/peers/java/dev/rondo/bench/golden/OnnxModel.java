package dev.rondo.bench.golden;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.List;

/** ONNX models of one operator for each layer, with the parameters of a case inside, its gates in ONNX's order. */
public final class OnnxModel {
    private static final int IR_VERSION = 8;
    private static final int OPERATOR_SET = 14;

    private OnnxModel() {}

    /** {@return the model of a case, in ONNX's own format} */
    public static byte[] of(GoldenCase given) {
        return of(List.of(given));
    }

    /** {@return the model of layers on top of each other; names of those above the first end in their number} */
    public static byte[] of(List<GoldenCase> layers) {
        GoldenCase bottom = layers.getFirst();
        long t = bottom.timeSteps;
        long b = bottom.batchSize;
        var graph = GraphProto.newBuilder().setName("golden")
                .addInput(value("X", TensorProto.DataType.FLOAT, t, b, bottom.inputSize))
                .addInput(value("sequence_lens", TensorProto.DataType.INT32, b));
        for (int layer = 0; layer < layers.size(); layer++) {
            addLayer(graph, layers.get(layer), layer);
        }
        String output = "Y" + suffix(layers.size() - 1);
        graph.addOutput(value(output, TensorProto.DataType.FLOAT, t, 1, b, layers.getLast().hiddenSize));
        return ModelProto.newBuilder().setIrVersion(IR_VERSION).setGraph(graph)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPERATOR_SET))
                .build().toByteArray();
    }

    /** {@return the name of the input that is a plane of a layer's initial state} */
    public static String initial(int plane, int layer) {
        return (plane == 0 ? "initial_h" : "initial_c") + suffix(layer);
    }

    /** {@return what the names of layer number {@code layer} end in} */
    public static String suffix(int layer) {
        return layer == 0 ? "" : Integer.toString(layer);
    }

    private static void addLayer(GraphProto.Builder graph, GoldenCase given, int layer) {
        String suffix = suffix(layer);
        if (layer > 0) { // the output below has a dimension of directions
            graph.addNode(NodeProto.newBuilder().setOpType("Squeeze")
                    .addInput("Y" + suffix(layer - 1)).addInput("axes" + suffix).addOutput("X" + suffix));
            graph.addInitializer(TensorProto.newBuilder().setName("axes" + suffix).addDims(1)
                    .setDataType(TensorProto.DataType.INT64.getNumber()).addInt64Data(1));
        }
        graph.addNode(node(given, layer))
                .addInitializer(parameter("W" + suffix, gates(given, given.weightIh), rows(given), given.inputSize))
                .addInitializer(parameter("R" + suffix, gates(given, given.weightHh), rows(given), given.hiddenSize))
                .addInitializer(parameter("B" + suffix, biases(given), 2L * rows(given)));
        if (given.cell.option("peepholes").isPresent()) {
            graph.addInitializer(parameter("P" + suffix, peepholes(given), 3L * given.hiddenSize));
        }
        String[] last = {"Y_h", "Y_c"};
        for (int plane = 0; plane < given.cell.planes(); plane++) {
            long[] dimensions = {1, given.batchSize, given.hiddenSize};
            graph.addInput(value(initial(plane, layer), TensorProto.DataType.FLOAT, dimensions))
                    .addOutput(value(last[plane] + suffix, TensorProto.DataType.FLOAT, dimensions));
        }
    }

    private static NodeProto.Builder node(GoldenCase given, int layer) {
        String suffix = suffix(layer);
        var node = NodeProto.newBuilder()
                .addInput("X" + suffix).addInput("W" + suffix).addInput("R" + suffix).addInput("B" + suffix)
                .addInput("sequence_lens").addInput(initial(0, layer))
                .addOutput("Y" + suffix).addOutput("Y_h" + suffix)
                .addAttribute(integer("hidden_size", given.hiddenSize))
                .addAttribute(string("direction", given.reversed ? "reverse" : "forward"));
        switch (given.cell) {
            case LSTM, LSTM_PEEPHOLES, LSTM_COUPLED, LSTM_CLIP ->
                    node.setOpType("LSTM").addInput(initial(1, layer)).addOutput("Y_c" + suffix);
            case ELMAN_TANH -> node.setOpType("RNN").addAttribute(strings("activations", "Tanh"));
            case ELMAN_RELU -> node.setOpType("RNN").addAttribute(strings("activations", "Relu"));
            case ELMAN_SIGMOID -> node.setOpType("RNN").addAttribute(strings("activations", "Sigmoid"));
            case GRU_RESET_AFTER -> node.setOpType("GRU").addAttribute(integer("linear_before_reset", 1));
            case GRU_RESET_BEFORE -> node.setOpType("GRU").addAttribute(integer("linear_before_reset", 0));
            default -> throw new AssertionError(given.cell);
        }
        if (given.cell.option("peepholes").isPresent()) {
            node.addInput("P" + suffix);
        }
        if (given.cell.option("coupled").isPresent()) {
            node.addAttribute(integer("input_forget", 1));
        }
        given.cell.option("clip").ifPresent(clip -> node.addAttribute(AttributeProto.newBuilder().setName("clip")
                .setType(AttributeProto.AttributeType.FLOAT).setF(Float.parseFloat(clip))));
        return node;
    }

    /** {@return the rows of ONNX's weights, which has those of the forget gate where it is coupled, too} */
    private static int rows(GoldenCase given) {
        return given.cell.isLstm() ? 4 * given.hiddenSize : given.rows();
    }

    /** i o f, zero where there is none. */
    private static double[] peepholes(GoldenCase given) {
        var peepholes = new double[3 * given.hiddenSize];
        String[] order = {"peepholeI", "peepholeO", "peepholeF"};
        for (int gate = 0; gate < order.length; gate++) {
            if (given.more.containsKey(order[gate])) {
                System.arraycopy(given.more.get(order[gate]).values(), 0, peepholes, gate * given.hiddenSize,
                        given.hiddenSize);
            }
        }
        return peepholes;
    }

    /** Blocks of H rows in ONNX's order: i o f c of i f g o or, with zeroes for f, of i g o; z r h of r z n. */
    private static double[] gates(GoldenCase given, double[] values) {
        int none = -1;
        int[] order = switch (given.cell.gates) {
            case 4 -> new int[] {0, 3, 1, 2};
            case 3 -> given.cell.isLstm() ? new int[] {0, 2, none, 1} : new int[] {1, 0, 2};
            default -> new int[] {0};
        };
        int block = values.length / given.cell.gates;
        var ordered = new double[order.length * block];
        for (int gate = 0; gate < order.length; gate++) {
            if (order[gate] != none) {
                System.arraycopy(values, order[gate] * block, ordered, gate * block, block);
            }
        }
        return ordered;
    }

    private static double[] biases(GoldenCase given) {
        int rows = rows(given);
        var both = new double[2 * rows];
        System.arraycopy(gates(given, given.biasIh), 0, both, 0, rows);
        System.arraycopy(gates(given, given.biasHh), 0, both, rows, rows);
        return both;
    }

    /** A parameter with ONNX's leading dimension, the number of directions. */
    private static TensorProto parameter(String name, double[] values, long... dimensions) {
        var tensor = TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT.getNumber())
                .addDims(1);
        for (long dimension : dimensions) {
            tensor.addDims(dimension);
        }
        for (double value : values) {
            tensor.addFloatData((float) value);
        }
        return tensor.build();
    }

    private static ValueInfoProto value(String name, TensorProto.DataType type, long... dimensions) {
        var shape = TensorShapeProto.newBuilder();
        for (long dimension : dimensions) {
            shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(dimension));
        }
        var tensor = TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape);
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(tensor)).build();
    }

    private static AttributeProto integer(String name, long value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INT).setI(value).build();
    }

    private static AttributeProto string(String name, String value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.STRING)
                .setS(com.google.protobuf.ByteString.copyFromUtf8(value)).build();
    }

    private static AttributeProto strings(String name, String value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.STRINGS)
                .addStrings(com.google.protobuf.ByteString.copyFromUtf8(value)).build();
    }
}
