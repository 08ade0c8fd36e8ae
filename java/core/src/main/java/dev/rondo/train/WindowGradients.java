package dev.rondo.train;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.network.Layer;
import dev.rondo.network.MaskDraw;
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
    private static final String PIECES = LearnerSections.PAST + "pieces";

    private final Network network;
    private final int sequences; // B
    private final int window; // steps in all
    private final int mostSteps;
    private final NetworkPass run;
    private final Deque<StreamPiece> past = new ArrayDeque<>(); // the last one first
    private StreamPiece entered; // the present one; its inputs are the caller's
    private List<MemorySegment> after; // the states that it ends in
    private boolean goneBack; // the forward pass is used up

    WindowGradients(NetworkPass pass, int window) {
        this.network = pass.network();
        this.sequences = pass.batchSize();
        this.window = window;
        this.mostSteps = pass.timeSteps();
        this.run = network.pass(mostSteps, sequences).carryState(true);
        SequenceInputs.beginAll(run);
    }

    @Override
    public int mostSteps() {
        return mostSteps;
    }

    @Override
    public void enter(NetworkPass pass) {
        boolean[] begins = pass.beginning();
        entered = new StreamPiece(null, planes(pass::state).stream().map(StreamPiece::copy).toList(), begins,
                pass.timeOrigin(), null);
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

    @Override
    public MemorySegment forward(SequenceBatch piece, MaskDraw masks) {
        if (piece.timeSteps() > window) {
            throw new IllegalArgumentException("batch: expected at most the " + window
                    + " steps that gradients go back through, got " + piece.timeSteps());
        }
        if (entered.inputs() != null) { // the next piece after advance(), with no call of enter between
            entered = new StreamPiece(null, after, new boolean[sequences],
                    entered.time() + entered.inputs().timeSteps(), null);
        }
        entered = entered.with(SequenceInputs.of(piece), masks);
        forward(entered, 0);
        goneBack = false;
        after = planes(run::state).stream().map(StreamPiece::copy).toList();
        return run.outputs();
    }

    /** Runs a piece again, with gradients but for its first {@code without} steps. */
    private void forward(StreamPiece piece, int without) {
        for (int b = 0; b < sequences; b++) {
            if (piece.begins()[b]) {
                run.resetState(b);
            }
        }
        List<MemorySegment> states = planes(run::state);
        for (int i = 0; i < states.size(); i++) {
            states.get(i).copyFrom(piece.states().get(i));
        }
        run.timeOrigin(piece.time());
        int steps = piece.inputs().timeSteps();
        if (without > 0) {
            forward(piece.inputs().steps(0, without), piece.masks(), 0);
        }
        forward(without > 0 ? piece.inputs().steps(without, steps - without) : piece.inputs(), piece.masks(), without);
    }

    private void forward(SequenceBatch inputs, MaskDraw masks, int first) {
        if (masks != null) {
            run.maskDraw(masks.after(first));
        }
        run.forward(inputs);
    }

    @Override
    public void addGradient(MemorySegment outputGradient) {
        if (goneBack) {
            forward(entered, 0);
        }
        run.outputGradient().copyFrom(outputGradient);
        run.backward();
        goneBack = true;
        int left = window - entered.inputs().timeSteps();
        StreamPiece later = entered;
        for (StreamPiece piece : past) {
            if (left <= 0) {
                return;
            }
            List<MemorySegment> gradients =
                    planes(run::stateGradient).stream().map(StreamPiece::copy).toList();
            dropBegun(gradients, later.begins());
            int steps = piece.inputs().timeSteps();
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
        past.addFirst(entered.keep());
        int steps = past.stream().mapToInt(piece -> piece.inputs().timeSteps()).sum();
        while (!past.isEmpty() && steps - past.getLast().inputs().timeSteps() >= window - 1) {
            steps -= past.removeLast().inputs().timeSteps();
        }
    }

    @Override
    public void leave(NetworkPass pass) {
        List<MemorySegment> states = planes(pass::state);
        for (int i = 0; i < states.size(); i++) {
            states.get(i).copyFrom(after.get(i));
        }
    }

    @Override
    public void write(Checkpoint.Builder checkpoint) {
        checkpoint.longs(PIECES, past.size());
        int number = 0;
        for (StreamPiece piece : past) {
            piece.write(prefix(number++), network.precision(), checkpoint);
        }
    }

    private static String prefix(int piece) {
        return LearnerSections.PAST + "piece" + piece + ".";
    }

    @Override
    public void restore(Checkpoint checkpoint) throws CheckpointException {
        long pieces = checkpoint.longs(PIECES, 1)[0];
        var read = new ArrayList<StreamPiece>();
        for (int number = 0; number < pieces; number++) {
            StreamPiece piece = StreamPiece.read(prefix(number), network, sequences, planes(run::state), checkpoint);
            if (piece.inputs().timeSteps() > mostSteps) {
                throw checkpoint.damaged(PIECES, new IllegalArgumentException("expected batches of at most the "
                        + mostSteps + " steps of the pass, got one of " + piece.inputs().timeSteps()));
            }
            read.add(piece);
        }
        past.clear();
        past.addAll(read);
    }

    @Override
    public void close() {
        run.close();
    }
}
