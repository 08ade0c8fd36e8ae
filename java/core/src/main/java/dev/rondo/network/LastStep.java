package dev.rondo.network;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;

/**
 * What a head that reads each sequence once reads of a layer, where that is more than the state of one cell: the last
 * states of both directions, a mask on them, and the input of the last step that the sequence takes if it is added. The
 * reverse direction has its last state at the first step, as in PyTorch's {@code h_n} and Keras' {@code Bidirectional}.
 *
 * <p>B sequences, W width of the layer's output, P of what one direction puts out.
 */
final class LastStep {
    private final Layer layer;
    private final DirectionPass[] directions;
    private final DropoutMask dropout; // null without
    private final Precision precision;
    private final ActiveRows rows;
    private final int batchSize;
    private final int width; // W
    private final int part; // P
    private final MemorySegment output; // [B, W]
    private final MemorySegment gradient; // [B, W]; null without gradients

    LastStep(Layer layer, DirectionPass[] directions, NetworkPass owner, DropoutMask dropout) {
        this.layer = layer;
        this.directions = directions;
        this.dropout = dropout;
        this.precision = owner.network().precision();
        this.rows = owner.rows();
        this.batchSize = owner.batchSize();
        this.width = layer.outputSize();
        this.part = layer.cell().outputSize();
        long count = (long) batchSize * width;
        this.output = owner.workspace().allocate(precision, count);
        this.gradient = owner.training() ? owner.workspace().allocate(precision, count) : null;
    }

    MemorySegment output() {
        return output;
    }

    MemorySegment gradient() {
        return gradient;
    }

    void forward(LayerPass.Source source) {
        Elementwise.zero(precision, output, 0, (long) batchSize * width);
        for (int b = 0; b < batchSize; b++) {
            for (int direction = 0; direction < directions.length; direction++) {
                MemorySegment state = directions[direction].states().state(0);
                Elementwise.add(precision, state, (long) b * part, output, place(b, direction), part);
            }
        }
        if (dropout != null) {
            dropout.apply(output, 1);
        }
        for (int b = 0; b < batchSize && layer.addsInput(); b++) {
            int t = rows.last(b);
            if (t >= 0) {
                long from = ((long) t * batchSize + b) * width;
                Elementwise.add(precision, source.values(), from, output, (long) b * width, width);
            }
        }
    }

    /** Adds to the gradients of the last states; assigns that of the input, or adds to it if it is shared. */
    void backward(LayerPass.Source source, int timeSteps) {
        if (layer.addsInput() && source.gradient() != null) {
            passToInput(source, timeSteps);
        }
        if (dropout != null) {
            dropout.apply(gradient, 1);
        }
        for (int b = 0; b < batchSize; b++) {
            for (int direction = 0; direction < directions.length; direction++) {
                MemorySegment last = directions[direction].states().lastGradient(0);
                Elementwise.add(precision, gradient, place(b, direction), last, (long) b * part, part);
            }
        }
    }

    private void passToInput(LayerPass.Source source, int timeSteps) {
        if (!source.shared()) {
            Elementwise.zero(precision, source.gradient(), 0, (long) timeSteps * batchSize * width);
        }
        for (int b = 0; b < batchSize; b++) {
            int t = rows.last(b);
            if (t >= 0) {
                long to = ((long) t * batchSize + b) * width;
                Elementwise.add(precision, gradient, (long) b * width, source.gradient(), to, width);
            }
        }
    }

    /** Where a direction's part of sequence {@code b} stands. */
    private long place(int b, int direction) {
        return (long) b * width + (layer.merge() == Layer.Merge.CONCATENATE ? direction * part : 0);
    }
}
