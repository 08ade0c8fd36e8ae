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

/** ONNX models of one operator, with the parameters of a case inside, its gates in ONNX's order. */
public final class OnnxModel {
    private static final int IR_VERSION = 8;
    private static final int OPERATOR_SET = 14;

    private OnnxModel() {}

    /** {@return the model of a case, in ONNX's own format} */
    public static byte[] of(GoldenCase given) {
        boolean cells = given.cell.planes() > 1;
        var node = NodeProto.newBuilder().addAllInput(List.of("X", "W", "R", "B", "sequence_lens", "initial_h"))
                .addAllOutput(List.of("Y", "Y_h"))
                .addAttribute(integer("hidden_size", given.hiddenSize))
                .addAttribute(string("direction", given.reversed ? "reverse" : "forward"));
        switch (given.cell) {
            case LSTM -> node.setOpType("LSTM").addInput("initial_c").addOutput("Y_c");
            case ELMAN_TANH -> node.setOpType("RNN").addAttribute(strings("activations", "Tanh"));
            case ELMAN_RELU -> node.setOpType("RNN").addAttribute(strings("activations", "Relu"));
            case ELMAN_SIGMOID -> node.setOpType("RNN").addAttribute(strings("activations", "Sigmoid"));
            case GRU_RESET_AFTER -> node.setOpType("GRU").addAttribute(integer("linear_before_reset", 1));
            case GRU_RESET_BEFORE -> node.setOpType("GRU").addAttribute(integer("linear_before_reset", 0));
            default -> throw new AssertionError(given.cell);
        }
        long t = given.timeSteps;
        long b = given.batchSize;
        long h = given.hiddenSize;
        var graph = GraphProto.newBuilder().setName("golden").addNode(node)
                .addInitializer(parameter("W", gates(given, given.weightIh), given.rows(), given.inputSize))
                .addInitializer(parameter("R", gates(given, given.weightHh), given.rows(), given.hiddenSize))
                .addInitializer(parameter("B", biases(given), 2L * given.rows()))
                .addInput(value("X", TensorProto.DataType.FLOAT, t, b, given.inputSize))
                .addInput(value("sequence_lens", TensorProto.DataType.INT32, b))
                .addInput(value("initial_h", TensorProto.DataType.FLOAT, 1, b, h))
                .addOutput(value("Y", TensorProto.DataType.FLOAT, t, 1, b, h))
                .addOutput(value("Y_h", TensorProto.DataType.FLOAT, 1, b, h));
        if (cells) {
            graph.addInput(value("initial_c", TensorProto.DataType.FLOAT, 1, b, h))
                    .addOutput(value("Y_c", TensorProto.DataType.FLOAT, 1, b, h));
        }
        return ModelProto.newBuilder().setIrVersion(IR_VERSION).setGraph(graph)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPERATOR_SET))
                .build().toByteArray();
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
