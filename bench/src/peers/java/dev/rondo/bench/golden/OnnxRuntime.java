package dev.rondo.bench.golden;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Writes outputs and last states of ONNX Runtime, in float32, into the directory named first. Left out are cells that
 * ONNX does not have, and batches with a sequence without steps: ONNX Runtime ends it in zero, Rondo in its initial
 * state.
 */
public final class OnnxRuntime {
    private OnnxRuntime() {}

    /** Takes the directory of golden data. */
    public static void main(String[] arguments) throws IOException, OrtException {
        Path golden = Path.of(arguments[0]);
        try (var environment = OrtEnvironment.getEnvironment(); var options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            for (GoldenCell cell : GoldenCell.values()) {
                for (GoldenCase given : GoldenCase.of(cell)) {
                    if (cell.inOnnxRuntime() && given.allHaveSteps()) {
                        results(environment, options, given).write(
                                golden.resolve(cell.directory()).resolve(given.name + ".onnxruntime.txt"));
                    }
                }
            }
        }
    }

    private static GoldenFile results(OrtEnvironment environment, OrtSession.SessionOptions options, GoldenCase given)
            throws OrtException {
        int states = given.batchSize * given.hiddenSize;
        var file = new GoldenFile().text("system", "ONNX Runtime " + environment.getVersion() + " float32");
        Map<String, OnnxTensor> inputs = inputs(environment, given);
        try (var session = environment.createSession(OnnxModel.of(given), options); var results = session.run(inputs)) {
            file.floats("output", read(results, "Y", given.timeSteps * states),
                    given.timeSteps, given.batchSize, given.hiddenSize);
            file.floats("last[0]", read(results, "Y_h", states), given.batchSize, given.hiddenSize);
            if (given.cell.planes() > 1) {
                file.floats("last[1]", read(results, "Y_c", states), given.batchSize, given.hiddenSize);
            }
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
        return file;
    }

    private static Map<String, OnnxTensor> inputs(OrtEnvironment environment, GoldenCase given) throws OrtException {
        var inputs = new HashMap<String, OnnxTensor>();
        inputs.put("X", tensor(environment, given.input, given.timeSteps, given.batchSize, given.inputSize));
        inputs.put("sequence_lens", OnnxTensor.createTensor(
                environment, IntBuffer.wrap(given.lengths), new long[] {given.batchSize}));
        inputs.put("initial_h", tensor(environment, given.initial[0], 1, given.batchSize, given.hiddenSize));
        if (given.cell.planes() > 1) {
            inputs.put("initial_c", tensor(environment, given.initial[1], 1, given.batchSize, given.hiddenSize));
        }
        return inputs;
    }

    private static OnnxTensor tensor(OrtEnvironment environment, double[] values, long... dimensions)
            throws OrtException {
        var floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return OnnxTensor.createTensor(environment, FloatBuffer.wrap(floats), dimensions);
    }

    /** A single direction's dimension of one changes nothing in memory: Y [T, 1, B, H] is [T, B, H]. */
    private static float[] read(OrtSession.Result results, String name, int count) {
        var values = new float[count];
        ((OnnxTensor) results.get(name).orElseThrow()).getFloatBuffer().get(values);
        return values;
    }
}
