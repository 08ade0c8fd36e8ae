package dev.rondo.bench.golden;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.pytorch.Adagrad;
import org.bytedeco.pytorch.AdagradOptions;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.RMSprop;
import org.bytedeco.pytorch.RMSpropOptions;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** Parameters after each step of libtorch's optimisers, from given gradients. */
final class LibtorchOptimizers {
    private static final int PARAMETERS = 6;
    private static final int STEPS = 12;
    private static final long SEED = 20;

    private final Path directory;
    private final double[] initial;
    private final double[][] gradients = new double[STEPS][];

    LibtorchOptimizers(Path directory) {
        this.directory = directory;
        var draw = new Draw(SEED);
        this.initial = draw.uniform(PARAMETERS, 1);
        for (int step = 0; step < STEPS; step++) {
            gradients[step] = draw.uniform(PARAMETERS, 2);
            // What happens without a gradient: never any, one at first and then none, none at first.
            gradients[step][3] = 0;
            gradients[step][4] = step < 4 ? gradients[step][4] : 0;
            gradients[step][5] = step < 7 ? 0 : gradients[step][5];
        }
    }

    void write() throws IOException {
        for (double decay : new double[] {0, 0.05}) {
            String suffix = decay == 0 ? "" : "-weight-decay";
            sgd("sgd" + suffix, 0, false, decay);
            sgd("momentum" + suffix, 0.9, false, decay);
            sgd("nesterov" + suffix, 0.9, true, decay);
            rmsProp("rmsprop" + suffix, decay);
            adagrad("adagrad" + suffix, decay);
            adam("adam" + suffix, decay);
            adamW("adamw" + suffix, decay);
        }
    }

    private void sgd(String name, double momentum, boolean nesterov, double decay) throws IOException {
        var settings = settings("learningRate", 0.1, "momentum", momentum, "nesterov", nesterov ? 1 : 0, decay);
        var options = new SGDOptions(settings.get("learningRate"));
        options.momentum().put(momentum);
        options.nesterov().put(nesterov);
        options.weight_decay().put(decay);
        run(name, settings, parameters -> new SGD(parameters, options));
    }

    private void rmsProp(String name, double decay) throws IOException {
        var settings = settings("learningRate", 0.01, "alpha", 0.95, "epsilon", 1e-6, decay);
        var options = new RMSpropOptions(settings.get("learningRate"));
        options.alpha().put(settings.get("alpha"));
        options.eps().put(settings.get("epsilon"));
        options.weight_decay().put(decay);
        run(name, settings, parameters -> new RMSprop(parameters, options));
    }

    private void adagrad(String name, double decay) throws IOException {
        var settings = settings("learningRate", 0.1, "epsilon", 1e-8, "initialAccumulator", 0.25, decay);
        var options = new AdagradOptions(settings.get("learningRate"));
        options.eps().put(settings.get("epsilon"));
        options.initial_accumulator_value().put(settings.get("initialAccumulator"));
        options.weight_decay().put(decay);
        run(name, settings, parameters -> new Adagrad(parameters, options));
    }

    private void adam(String name, double decay) throws IOException {
        var settings = settings("learningRate", 0.02, "beta1", 0.85, "beta2", 0.98, decay);
        settings.put("epsilon", 1e-6);
        var options = new AdamOptions(settings.get("learningRate"));
        betas(options.betas(), settings);
        options.eps().put(settings.get("epsilon"));
        options.weight_decay().put(decay);
        run(name, settings, parameters -> new Adam(parameters, options));
    }

    private void adamW(String name, double decay) throws IOException {
        var settings = settings("learningRate", 0.02, "beta1", 0.85, "beta2", 0.98, decay);
        settings.put("epsilon", 1e-6);
        var options = new AdamWOptions(settings.get("learningRate"));
        betas(options.betas(), settings);
        options.eps().put(settings.get("epsilon"));
        options.weight_decay().put(decay);
        run(name, settings, parameters -> new AdamW(parameters, options));
    }

    /** The C++ library's tuple lies in memory backwards with some compilers; its default, (0.9, 0.999), says how. */
    private static void betas(DoublePointer tuple, Map<String, Double> settings) {
        boolean backwards = tuple.get(0) > tuple.get(1);
        tuple.put(backwards ? 1 : 0, settings.get("beta1"));
        tuple.put(backwards ? 0 : 1, settings.get("beta2"));
    }

    private static Map<String, Double> settings(Object... namesAndValues) {
        var settings = new LinkedHashMap<String, Double>();
        for (int i = 0; i + 1 < namesAndValues.length; i += 2) {
            settings.put((String) namesAndValues[i], ((Number) namesAndValues[i + 1]).doubleValue());
        }
        settings.put("weightDecay", (Double) namesAndValues[namesAndValues.length - 1]);
        return settings;
    }

    private void run(String name, Map<String, Double> settings, Function<TensorVector, Optimizer> maker)
            throws IOException {
        Tensor parameters = Tensors.leaf(initial, PARAMETERS);
        Optimizer optimizer = maker.apply(new TensorVector(parameters));
        var after = new double[STEPS * PARAMETERS];
        for (int step = 0; step < STEPS; step++) {
            parameters.mutable_grad().put(Tensors.of(gradients[step], PARAMETERS));
            optimizer.step();
            System.arraycopy(Tensors.read(parameters), 0, after, step * PARAMETERS, PARAMETERS);
        }
        var file = new GoldenFile().text("system", Tensors.system())
                .text("optimizer", optimizer.getClass().getSimpleName()).text("seed", Long.toString(SEED));
        settings.forEach(file::number);
        double[] given = Arrays.stream(gradients).flatMapToDouble(Arrays::stream).toArray();
        file.fractions("parameters", initial, PARAMETERS).fractions("gradients", given, STEPS, PARAMETERS)
                .doubles("parametersAfter", after, STEPS, PARAMETERS).write(directory.resolve(name + ".txt"));
    }
}
