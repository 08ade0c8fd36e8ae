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
                .addInitializer(parameter("W" + suffix, gates(given, given.weightIh), given.rows(), given.inputSize))
                .addInitializer(parameter("R" + suffix, gates(given, given.weightHh), given.rows(), given.hiddenSize))
                .addInitializer(parameter("B" + suffix, biases(given), 2L * given.rows()));
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
            case LSTM -> node.setOpType("LSTM").addInput(initial(1, layer)).addOutput("Y_c" + suffix);
            case ELMAN_TANH -> node.setOpType("RNN").addAttribute(strings("activations", "Tanh"));
            case ELMAN_RELU -> node.setOpType("RNN").addAttribute(strings("activations", "Relu"));
            case ELMAN_SIGMOID -> node.setOpType("RNN").addAttribute(strings("activations", "Sigmoid"));
            case GRU_RESET_AFTER -> node.setOpType("GRU").addAttribute(integer("linear_before_reset", 1));
            case GRU_RESET_BEFORE -> node.setOpType("GRU").addAttribute(integer("linear_before_reset", 0));
            default -> throw new AssertionError(given.cell);
        }
        return node;
    }

    /** Blocks of H rows in ONNX's order: i o f c of i f g o, z r h of r z n. */
    private static double[] gates(GoldenCase given, double[] values) {
        int[] order = switch (given.cell.gates) {
            case 4 -> new int[] {0, 3, 1, 2};
            case 3 -> new int[] {1, 0, 2};
            default -> new int[] {0};
        };
        int block = values.length / order.length;
        var ordered = new double[values.length];
        for (int gate = 0; gate < order.length; gate++) {
            System.arraycopy(values, order[gate] * block, ordered, gate * block, block);
        }
        return ordered;
    }

    private static double[] biases(GoldenCase given) {
        var both = new double[2 * given.rows()];
        System.arraycopy(gates(given, given.biasIh), 0, both, 0, given.rows());
        System.arraycopy(gates(given, given.biasHh), 0, both, given.rows(), given.rows());
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
