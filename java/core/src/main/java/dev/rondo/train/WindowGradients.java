package dev.rondo.train;

import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Gradients of a piece of a stream by back-propagation through it and what was before, up to some steps in all. */
final class WindowGradients implements OnlineGradients {
    private final Network network;
    private final int sequences; // B
    private final int window; // steps in all
    private final int mostSteps;
    private final NetworkPass run;
    private final Deque<Piece> past = new ArrayDeque<>(); // the last one first
    private Piece entered; // the present one; its inputs are the caller's
    private List<MemorySegment> after; // the states that it ends in
    private boolean goneBack; // the forward pass is used up

    /**
     * A part of the stream.
     *
     * @param states [B, P] of each layer and plane, those that it was entered in
     * @param begins [B], which sequences began there
     * @param time absolute time of its first step
     */
    private record Piece(SequenceBatch inputs, List<MemorySegment> states, boolean[] begins, long time) {
        Piece with(SequenceBatch other) {
            return new Piece(other, states, begins, time);
        }
    }

    WindowGradients(NetworkPass pass, int window) {
        this.network = pass.network();
        this.sequences = pass.batchSize();
        this.window = window;
        this.mostSteps = pass.timeSteps();
        this.run = network.pass(mostSteps, sequences).carryState(true);
    }

    @Override
    public int mostSteps() {
        return mostSteps;
    }

    @Override
    public void enter(NetworkPass pass) {
        boolean[] begins = pass.beginning();
        entered = new Piece(null, planes(pass::state).stream().map(WindowGradients::copy).toList(), begins,
                pass.timeOrigin());
    }

    /** One of the planes that a pass has for each layer and state plane. */
    private interface Planes {
        MemorySegment of(int layer, int plane);
    }

    private List<MemorySegment> planes(Planes planes) {
        var all = new ArrayList<MemorySegment>();
        List<Layer> layers = network.description().layers();
        for (int layer = 0; layer < layers.size(); layer++) {
            for (int plane = 0; plane < layers.get(layer).planeWidths().length; plane++) {
                all.add(planes.of(layer, plane));
            }
        }
        return all;
    }

    private static MemorySegment copy(MemorySegment memory) {
        var copy = new double[Math.toIntExact(Math.ceilDiv(memory.byteSize(), Double.BYTES))]; // aligned for all types
        return MemorySegment.ofArray(copy).asSlice(0, memory.byteSize()).copyFrom(memory);
    }

    @Override
    public MemorySegment forward(SequenceBatch piece) {
        if (piece.timeSteps() > window) {
            throw new IllegalArgumentException("batch: expected at most the " + window
                    + " steps that gradients go back through, got " + piece.timeSteps());
        }
        if (entered.inputs != null) { // the next piece after advance(), with no call of enter between
            entered = new Piece(null, after, new boolean[sequences], entered.time + entered.inputs.timeSteps());
        }
        entered = entered.with(SequenceInputs.of(piece));
        forward(entered, 0);
        goneBack = false;
        after = planes(run::state).stream().map(WindowGradients::copy).toList();
        return run.outputs();
    }

    /** Runs a piece again, with gradients but for its first {@code without} steps. */
    private void forward(Piece piece, int without) {
        for (int b = 0; b < sequences; b++) {
            if (piece.begins[b]) {
                run.resetState(b);
            }
        }
        List<MemorySegment> states = planes(run::state);
        for (int i = 0; i < states.size(); i++) {
            states.get(i).copyFrom(piece.states.get(i));
        }
        run.timeOrigin(piece.time);
        int steps = piece.inputs.timeSteps();
        if (without > 0) {
            run.forward(piece.inputs.steps(0, without));
        }
        run.forward(without > 0 ? piece.inputs.steps(without, steps - without) : piece.inputs);
    }

    @Override
    public void addGradient(MemorySegment outputGradient) {
        if (goneBack) {
            forward(entered, 0);
        }
        run.outputGradient().copyFrom(outputGradient);
        run.backward();
        goneBack = true;
        int left = window - entered.inputs.timeSteps();
        Piece later = entered;
        for (Piece piece : past) {
            if (left <= 0) {
                return;
            }
            List<MemorySegment> gradients =
                    planes(run::stateGradient).stream().map(WindowGradients::copy).toList();
            dropBegun(gradients, later.begins);
            int steps = piece.inputs.timeSteps();
            forward(piece, Math.max(0, steps - left));
            List<MemorySegment> last = planes(run::lastStateGradient);
            for (int i = 0; i < last.size(); i++) {
                last.get(i).copyFrom(gradients.get(i));
            }
            run.backward();
            left -= steps;
            later = piece;
        }
    }

    /** Of a sequence that began there nothing goes on into what was before. */
    private void dropBegun(List<MemorySegment> gradients, boolean[] begins) {
        for (MemorySegment plane : gradients) {
            long row = plane.byteSize() / sequences;
            for (int b = 0; b < sequences; b++) {
                if (begins[b]) {
                    plane.asSlice(b * row, row).fill((byte) 0);
                }
            }
        }
    }

    @Override
    public void advance() {
        past.addFirst(entered.with(copy(entered.inputs)));
        int steps = past.stream().mapToInt(piece -> piece.inputs.timeSteps()).sum();
        while (!past.isEmpty() && steps - past.getLast().inputs.timeSteps() >= window - 1) {
            steps -= past.removeLast().inputs.timeSteps();
        }
    }

    @Override
    public void leave(NetworkPass pass) {
        List<MemorySegment> states = planes(pass::state);
        for (int i = 0; i < states.size(); i++) {
            states.get(i).copyFrom(after.get(i));
        }
    }

    private static SequenceBatch copy(SequenceBatch inputs) {
        int steps = inputs.timeSteps();
        SequenceBatch copy = inputs.tokens() != null
                ? SequenceBatch.tokens(copy(inputs.tokens()), steps, inputs.batchSize())
                : SequenceBatch.of(copy(inputs.values()), inputs.precision(), steps, inputs.batchSize(),
                        inputs.inputSize());
        copy = inputs.lengths() == null ? copy : copy.lengths(copy(inputs.lengths()));
        return inputs.hold() == null ? copy : copy.hold(copy(inputs.hold()));
    }

    @Override
    public void close() {
        run.close();
    }
}
