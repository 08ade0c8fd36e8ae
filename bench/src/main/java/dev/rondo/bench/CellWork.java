package dev.rondo.bench;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.UnitGroup;
import dev.rondo.check.CellBody;
import dev.rondo.check.Tolerance;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * One layer of one body at one shape, dense input, with memory for all that is timed. Every body gets the same numbers.
 */
final class CellWork implements AutoCloseable {
    private static final int VERIFIED_STEPS = 3;

    private final CellShape shape;
    private final Cell cell;
    private final Precision precision;
    private final Workspace workspace = new Workspace("benchmark");
    private final SplittableRandom random = new SplittableRandom(1);
    private final Parameters parameters;
    private final MemorySegment input;
    private final MemorySegment output;
    private final MemorySegment[] state; // [plane][B, P]: last state of a sequence
    private final MemorySegment[] streamState; // [plane][1, P]
    private final MemorySegment parametersGradient;
    private final MemorySegment inputGradient;
    private final MemorySegment[] initialGradient; // [plane][B, P]
    private final CellPlan plan;
    private final CellPlan streamPlan;
    private final CellPass inference;
    private final CellPass firstStep;
    private final CellPass training;
    private final CellPass streaming;
    private final CellGradients gradients;

    /** Work on {@code timeSteps} steps with the plan of {@code largest}, which may have more. */
    CellWork(CellBody body, CellShape largest, int timeSteps, int threads) {
        this.cell = body.cell(largest.hiddenSize());
        this.shape = cell.shape(timeSteps, largest.batchSize(), largest.inputSize());
        this.precision = body.precision();
        this.parameters = new Parameters(workspace, cell.layout(shape.inputSize(), InputKind.DENSE), precision);
        fill(parameters.slab(), 1 / Math.sqrt(shape.hiddenSize()));
        this.input = workspace.allocate(precision, shape.rows() * shape.inputSize());
        fill(input, 1);
        this.output = workspace.allocate(precision, shape.rows() * cell.outputSize());
        MemorySegment outputGradient = workspace.allocate(precision, shape.rows() * cell.outputSize());
        fill(outputGradient, 1);
        this.state = planes(shape.batchSize());
        this.streamState = planes(1);
        this.parametersGradient = parameters.twin();
        this.inputGradient = workspace.allocate(precision, shape.rows() * shape.inputSize());
        this.initialGradient = planes(shape.batchSize());
        this.plan = body.plan(largest, threads);
        this.inference = sequence(shape).build();
        this.firstStep = sequence(cell.shape(1, shape.batchSize(), shape.inputSize())).build();
        this.training = sequence(shape)
                .cache(workspace.allocateBytes(plan.cacheBytes(shape.timeSteps(), shape.batchSize())))
                .build();
        this.gradients = gradients(outputGradient);
        CellShape oneStep = new CellShape(1, 1, shape.inputSize(), shape.hiddenSize());
        this.streamPlan = body.plan(oneStep, threads);
        this.streaming = oneStep(oneStep);
    }

    /** Forward over the whole batch as in inference: parameters unchanged, nothing kept for backward. */
    void forward() {
        plan.forward(inference);
    }

    /**
     * Forward and backward over the whole batch, to all gradients, with parameters that have changed as in training.
     */
    void train() {
        forwardOfTraining();
        backward();
    }

    /** Forward that keeps what backward needs, with parameters that have changed. */
    void forwardOfTraining() {
        parameters.changed();
        plan.forward(training);
    }

    /** Backward to all gradients; once for each {@link #forwardOfTraining}, for it consumes what that has kept. */
    void backward() {
        plan.backward(training, gradients);
    }

    /** A new packing of the weights, and one step of the batch. */
    void pack() {
        parameters.changed();
        plan.forward(firstStep);
    }

    /** One step of one sequence. */
    void step() {
        streaming.timeOrigin(streaming.timeOrigin() + 1);
        streamPlan.forward(streaming);
    }

    /**
     * {@return how many weights the products of one step read, without those of the input on demand; in the mean, where
     * groups of units have clocks}
     */
    static double weights(Cell cell, int inputSize, boolean ofInput) {
        return cell.blocks(inputSize, InputKind.DENSE).stream()
                .filter(block -> block.source() != ParameterBlock.Source.ONE && !block.pointwise())
                .filter(block -> ofInput || block.source() != ParameterBlock.Source.INPUT)
                .mapToDouble(block -> (double) block.rows() * block.width() / period(cell, block))
                .sum();
    }

    /** {@return how many steps apart the units move that a block feeds} */
    private static int period(Cell cell, ParameterBlock block) {
        int end = 0;
        for (UnitGroup group : cell.unitGroups()) {
            end += group.size();
            if (block.row() < end) {
                return group.period();
            }
        }
        return 1;
    }

    /** Does everything once, for {@link #compare}: before anything else, for gradients add up. */
    void once() {
        train();
        pack();
        forward();
        for (int s = 0; s < VERIFIED_STEPS; s++) {
            step();
        }
    }

    /**
     * Compares all results of {@link #once} with those of the reference.
     *
     * @throws IllegalStateException if one is further off than the tolerance of its shape
     */
    void compare(CellWork reference) {
        Tolerance forward = Tolerance.forward(cell, shape, precision);
        compare("output", forward, reference, reference.output, output);
        compare("state", forward, reference, reference.state, state);
        Tolerance backward = Tolerance.backward(cell, shape, precision);
        compare("gradient of parameters", backward, reference, reference.parametersGradient, parametersGradient);
        compare("gradient of input", backward, reference, reference.inputGradient, inputGradient);
        compare("gradient of initial", backward, reference, reference.initialGradient, initialGradient);
        Tolerance stream = Tolerance.forward(cell, cell.shape(VERIFIED_STEPS, 1, shape.inputSize()), precision);
        compare("streamed state", stream, reference, reference.streamState, streamState);
    }

    @Override
    public void close() {
        plan.close();
        streamPlan.close();
        workspace.close();
    }

    private CellPass.Builder sequence(CellShape steps) {
        CellPass.Builder pass = CellPass.of(cell, steps, parameters, 0)
                .input(input, shape.inputSize())
                .output(output, cell.outputSize());
        for (int plane = 0; plane < state.length; plane++) {
            pass.last(plane, state[plane]);
        }
        return pass;
    }

    private CellPass oneStep(CellShape oneStep) {
        CellPass.Builder pass = CellPass.of(cell, oneStep, parameters, 0).input(input, shape.inputSize());
        for (int plane = 0; plane < streamState.length; plane++) {
            pass.initial(plane, streamState[plane]).last(plane, streamState[plane]);
        }
        return pass.build();
    }

    private CellGradients gradients(MemorySegment outputGradient) {
        CellGradients.Builder builder = CellGradients.of(training)
                .output(outputGradient, cell.outputSize())
                .params(parametersGradient)
                .input(inputGradient, shape.inputSize(), false);
        for (int plane = 0; plane < initialGradient.length; plane++) {
            builder.initial(plane, initialGradient[plane]);
        }
        return builder.build();
    }

    private MemorySegment[] planes(int batchSize) {
        int[] widths = cell.planeWidths();
        var planes = new MemorySegment[widths.length];
        for (int plane = 0; plane < planes.length; plane++) {
            planes[plane] = workspace.allocate(precision, (long) batchSize * widths[plane]);
        }
        return planes;
    }

    /** Numbers that float32 holds exactly, so that both precisions start from the same ones. */
    private void fill(MemorySegment values, double scale) {
        for (long i = 0; i < values.byteSize() / precision.bytes(); i++) {
            precision.set(values, i, (float) random.nextDouble(-scale, scale));
        }
    }

    private void compare(
            String what, Tolerance tolerance, CellWork reference, MemorySegment[] expected, MemorySegment[] actual) {
        for (int plane = 0; plane < expected.length; plane++) {
            compare(what + " " + plane, tolerance, reference, expected[plane], actual[plane]);
        }
    }

    private void compare(
            String what, Tolerance tolerance, CellWork reference, MemorySegment expected, MemorySegment actual) {
        double error = tolerance.error(reference.read(expected), read(actual));
        if (!(error <= tolerance.bound())) {
            throw new IllegalStateException(plan + ", " + shape + ": " + what + ": expected an error of at most "
                    + tolerance.bound() + ", got " + error);
        }
    }

    private double[] read(MemorySegment values) {
        var numbers = new double[Math.toIntExact(values.byteSize() / precision.bytes())];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = precision.get(values, i);
        }
        return numbers;
    }
}
