package dev.rondo.bench;

import dev.rondo.bench.golden.GoldenCase;
import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.InputKind;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Cells;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Rondo itself, by its own contract: packed weights are kept in inference and made anew in each step of training. */
final class RondoPeer implements Peer {
    private static final Precision PRECISION = Precision.FLOAT32;

    private final boolean training;
    private final Workspace workspace = new Workspace("comparison");
    private final List<Layer> layers = new ArrayList<>();

    RondoPeer(List<GoldenCase> stack, Backend backend, boolean training, int threads) {
        this.training = training;
        for (GoldenCase given : stack) {
            MemorySegment input = layers.isEmpty() ? segment(given.input) : layers.getLast().output;
            layers.add(new Layer(given, input, backend, threads));
        }
    }

    /** One layer. */
    private final class Layer {
        private final GoldenCase given;
        private final TensorLayout layout;
        private final Parameters parameters;
        private final MemorySegment parametersGradient;
        private final MemorySegment output;
        private final CellPlan plan;
        private final CellPass pass;
        private final CellGradients gradients;

        Layer(GoldenCase given, MemorySegment input, Backend backend, int threads) {
            this.given = given;
            Cell cell = Cells.parse(given.cell.text, given.hiddenSize);
            CellShape shape = cell.shape(given.timeSteps, given.batchSize, given.inputSize);
            this.layout = cell.layout(given.inputSize, InputKind.DENSE);
            this.parameters = new Parameters(workspace, layout, PRECISION);
            this.parametersGradient = parameters.twin();
            put("weightIh", given.weightIh);
            put("weightHh", given.weightHh);
            put("bias", given.bias());
            if (given.biasHn().length > 0) {
                put("biasHn", given.biasHn());
            }
            this.plan = cell.kernel(backend).plan(cell, shape, PRECISION, Execution.threads(threads));
            this.output = segment(new double[given.outputGradient.length]);
            CellPass.Builder builder = CellPass.of(cell, shape, parameters, 0)
                    .input(input, given.inputSize).output(output, given.hiddenSize);
            for (int plane = 0; plane < given.initial.length; plane++) {
                builder.initial(plane, segment(given.initial[plane]));
            }
            if (training) {
                builder.cache(workspace.allocateBytes(plan.cacheBytes(given.timeSteps, given.batchSize)));
            }
            this.pass = builder.build();
            this.gradients = gradients();
        }

        private CellGradients gradients() {
            CellGradients.Builder builder = CellGradients.of(pass)
                    .output(segment(given.outputGradient), given.hiddenSize).params(parametersGradient)
                    .input(segment(given.input), given.inputSize, false);
            for (int plane = 0; plane < given.initial.length; plane++) {
                builder.initial(plane, segment(given.initial[plane]));
            }
            return builder.build();
        }

        private void put(String name, double[] values) {
            for (int i = 0; i < values.length; i++) {
                PRECISION.set(parameters.slab(), layout.get(name).offset() + i, values[i]);
            }
        }

        void run() {
            if (training) {
                parameters.changed();
                parametersGradient.fill((byte) 0);
            }
            plan.forward(pass);
            if (training) {
                plan.backward(pass, gradients);
            }
        }

        double check() {
            MemorySegment values = training ? parametersGradient : output;
            double[] factors = training ? given.weightHh : given.outputGradient;
            long from = training ? layout.get("weightHh").offset() : 0;
            double sum = 0;
            for (int i = 0; i < factors.length; i++) {
                sum += factors[i] * PRECISION.get(values, from + i);
            }
            return sum;
        }
    }

    private MemorySegment segment(double[] values) {
        MemorySegment segment = workspace.allocate(PRECISION, values.length);
        for (int i = 0; i < values.length; i++) {
            PRECISION.set(segment, i, values[i]);
        }
        return segment;
    }

    @Override
    public void run() {
        layers.forEach(Layer::run);
    }

    @Override
    public double check() {
        return layers.getLast().check();
    }

    @Override
    public String system() {
        return layers.getLast().plan.toString();
    }

    @Override
    public void close() {
        layers.forEach(layer -> layer.plan.close());
        workspace.close();
    }
}
