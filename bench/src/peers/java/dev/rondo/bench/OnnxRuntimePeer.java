package dev.rondo.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.rondo.bench.golden.GoldenCase;
import dev.rondo.bench.golden.OnnxModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** ONNX Runtime, which has inference only; input and output lie in direct buffers and are not copied. */
final class OnnxRuntimePeer implements Peer {
    private final GoldenCase given; // of the top layer
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs = new HashMap<>();
    private final FloatBuffer output;
    private final Map<String, OnnxTensor> outputs;

    OnnxRuntimePeer(List<GoldenCase> stack, int threads) {
        GoldenCase bottom = stack.getFirst();
        this.given = stack.getLast();
        this.output = buffer(new double[given.outputGradient.length]);
        try {
            var options = new OrtSession.SessionOptions();
            options.setIntraOpNumThreads(threads);
            options.setInterOpNumThreads(1);
            this.session = environment.createSession(OnnxModel.of(stack), options);
            inputs.put("X", tensor(buffer(bottom.input), bottom.timeSteps, bottom.batchSize, bottom.inputSize));
            inputs.put("sequence_lens", OnnxTensor.createTensor(
                    environment, IntBuffer.wrap(given.lengths), new long[] {given.batchSize}));
            for (int layer = 0; layer < stack.size(); layer++) {
                GoldenCase of = stack.get(layer);
                for (int plane = 0; plane < of.initial.length; plane++) {
                    inputs.put(OnnxModel.initial(plane, layer),
                            tensor(buffer(of.initial[plane]), 1, of.batchSize, of.hiddenSize));
                }
            }
            this.outputs = Map.of("Y" + OnnxModel.suffix(stack.size() - 1),
                    tensor(output, given.timeSteps, 1, given.batchSize, given.hiddenSize));
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private static FloatBuffer buffer(double[] values) {
        FloatBuffer buffer = ByteBuffer.allocateDirect(Math.multiplyExact(Float.BYTES, values.length))
                .order(ByteOrder.nativeOrder()).asFloatBuffer();
        for (int i = 0; i < values.length; i++) {
            buffer.put(i, (float) values[i]);
        }
        return buffer;
    }

    private OnnxTensor tensor(FloatBuffer values, long... dimensions) throws OrtException {
        return OnnxTensor.createTensor(environment, values, dimensions);
    }

    @Override
    public void run() {
        try {
            session.run(inputs, outputs).close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public double check() {
        double sum = 0;
        for (int i = 0; i < given.outputGradient.length; i++) {
            sum += given.outputGradient[i] * output.get(i);
        }
        return sum;
    }

    @Override
    public String system() {
        return "ONNX Runtime " + environment.getVersion();
    }

    @Override
    public void close() {
        inputs.values().forEach(OnnxTensor::close);
        outputs.values().forEach(OnnxTensor::close);
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
