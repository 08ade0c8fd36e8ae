package dev.rondo.network;

import dev.rondo.cell.CellShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Takes a network over a data set, epoch after epoch: packs sequences into batches, and holds the passes that run them.
 * {@code Trainer.fit} and {@link Network#evaluate(Dataset)} are loops over this; one's own looks like
 *
 * <pre>{@code
 * try (var batches = Batches.training(network, data, 32)) {
 *     for (int epoch = 0; epoch < 20; epoch++) {
 *         batches.epoch(epoch, (pass, batch) -> trainer.step(pass, batch).loss() < 10);      // false would end it
 *     }
 * }
 * }</pre>
 *
 * <p>A batch has B sequences, as many as the batch size says or, of fewer in memory, all of them; the last batch of an
 * epoch is filled up with sequences of no steps whose targets do not count. It has as many steps as its longest
 * sequence, from 64 on rounded up by at most a 32nd, so that only some dozens of numbers of steps turn up. All run in
 * one pass, whose memory is that of the longest sequence in memory; of a stream, where that is not known, the pass
 * grows: a sequence that it has no room for brings one of at least twice the steps. One thread at a time.
 */
public final class Batches implements AutoCloseable {
    /** As the most steps of a piece: batches are not cut. */
    private static final int WHOLE = Integer.MAX_VALUE;

    private final Network network;
    private final Dataset data;
    private final boolean training;
    private final int batchSize;
    private final int longest; // in memory; of a stream it is not known, 0
    private final SequencePacker packer;
    private final Sequence[] pool;
    private final long[] places; // where in it each sequence of the pool came; length << 32 | place if it is sorted
    private final Sequence[] arrived; // the pool before it is sorted
    private final int[] starts; // of the batches in the pool
    private int before; // sequences that were visited before those of the pool
    private int first; // place in the pool of the batch that is visited
    private int end; // of that batch
    private NetworkPass pass; // null before the first batch
    private int passes;
    private long steps;
    private long positions;

    /** What is done with each batch. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * Works on one batch.
         *
         * @param pass a pass that has room for the batch; good, as the batch, until the visitor returns
         * @param batch sequences, with targets if they have any
         * @return whether to go on to the next batch
         */
        boolean visit(NetworkPass pass, SequenceBatch batch);
    }

    /** What is done with each piece of a batch. */
    @FunctionalInterface
    public interface PieceVisitor {
        /**
         * Works on one piece.
         *
         * @param pass as of a {@link Visitor}; it carries states from piece to piece
         * @param piece steps of all sequences of the batch, as {@link SequenceBatch#steps} gives them
         * @param firstStep which step of the batch the piece begins with; 0 = it is the first of a batch
         * @return whether to go on to the next piece
         */
        boolean visit(NetworkPass pass, SequenceBatch piece, int firstStep);
    }

    /** Which batches have what the network's loss wants to compare its outputs with. */
    private enum Compare { ALWAYS, WHERE_THERE, NEVER }

    private Batches(Network network, Dataset data, int batchSize, boolean training) {
        this.network = Objects.requireNonNull(network, "network: expected one, got null");
        this.data = Objects.requireNonNull(data, "data: expected a data set, got null");
        CellShape.atLeastOne("batchSize", batchSize);
        this.training = training;
        if (data.inMemory() && data.size() == 0) {
            throw empty();
        }
        this.batchSize = data.inMemory() ? Math.clamp(data.size(), 1, batchSize) : batchSize;
        this.longest = data.inMemory()
                ? IntStream.range(0, data.size()).map(i -> data.get(i).length()).max().orElse(0)
                : 0;
        int batches = data.order().bucketed() ? Dataset.POOL : 1;
        this.pool = new Sequence[Math.multiplyExact(this.batchSize, batches)];
        this.places = new long[pool.length];
        this.arrived = data.order().bucketed() ? new Sequence[pool.length] : null;
        this.starts = new int[batches];
        this.packer = new SequencePacker(network, data, this.batchSize); // last: what fails before leaves nothing open
    }

    /**
     * {@return batches for training, their passes with gradients, to be closed}
     *
     * @param network what shall run; it stays the caller's to close
     * @param data sequences that fit it, with targets if it has a loss
     * @param batchSize the most sequences of a batch, at least 1
     * @throws IllegalArgumentException if {@code batchSize} is below 1, or the data set has no sequences
     */
    public static Batches training(Network network, Dataset data, int batchSize) {
        return new Batches(network, data, batchSize, true);
    }

    /**
     * {@return batches for evaluating or for outputs alone, their passes without gradients, to be closed}
     *
     * @param network what shall run; it stays the caller's to close
     * @param data sequences that fit it, with targets or without: where none of a batch has any, the batch has none
     * @param batchSize the most sequences of a batch, at least 1
     * @throws IllegalArgumentException if {@code batchSize} is below 1, or the data set has no sequences
     */
    public static Batches inference(Network network, Dataset data, int batchSize) {
        return new Batches(network, data, batchSize, false);
    }

    /**
     * Looks through a data set in memory for what training or evaluating would refuse, so that it is refused before the
     * first step. Reads tokens and targets alone. A stream is not opened: its sequences are looked at as they come.
     *
     * @throws IllegalArgumentException if a sequence does not fit the network, or lacks the targets that its loss wants
     * @throws IllegalStateException after {@link #close()}, or if memory that the data set lies in is closed
     */
    public void check() {
        requireOpen();
        if (data.inMemory()) {
            packer.checkAll();
        }
    }

    /**
     * Goes over all batches of one epoch, or until the visitor has enough. A stream is opened before and closed after,
     * also if something fails.
     *
     * @param epoch from 0 on: what the order is drawn from, with the data set's seed
     * @param visitor what is done with each batch
     * @return whether it came to the end
     * @throws IllegalArgumentException if the data set has no sequences, or one does not fit the network, or, in
     *     training or beside others that have them, lacks targets
     * @throws java.io.UncheckedIOException if a stream cannot be opened; what its own code throws arrives as it is
     * @throws IllegalStateException after {@link #close()} of batches or network, or if memory that the data set lies
     *     in is closed
     */
    public boolean epoch(int epoch, Visitor visitor) {
        Objects.requireNonNull(visitor, "visitor: expected one, got null");
        return run(epoch, targets(), visitor);
    }

    /**
     * The same, but of each batch some steps at a time, with the states carried over: the memory of passes does not
     * grow with sequences then. For networks whose layers all run forwards.
     *
     * @param epoch as of {@link #epoch}
     * @param mostSteps of a piece, at least 1
     * @param visitor what is done with each piece
     * @return whether it came to the end
     * @throws IllegalArgumentException as {@link #epoch}, if {@code mostSteps} is below 1, or if a layer is
     *     bidirectional
     * @throws java.io.UncheckedIOException as {@link #epoch}
     * @throws IllegalStateException as {@link #epoch}
     */
    public boolean epochInPieces(int epoch, int mostSteps, PieceVisitor visitor) {
        CellShape.atLeastOne("mostSteps", mostSteps);
        Objects.requireNonNull(visitor, "visitor: expected one, got null");
        return run(epoch, targets(), mostSteps, visitor);
    }

    private Compare targets() {
        return training ? Compare.ALWAYS : Compare.WHERE_THERE;
    }

    private boolean run(int epoch, Compare compare, Visitor visitor) {
        return run(epoch, compare, WHOLE, (wide, batch, _) -> visitor.visit(wide, batch));
    }

    private boolean run(int epoch, Compare compare, int mostSteps, PieceVisitor visitor) {
        requireOpen();
        Draw draw = data.order().seed() == null ? null : new Draw(~data.order().seed(), epoch);
        before = 0;
        try (SequenceCursor cursor = SequenceCursor.of(data, epoch)) {
            int count = fill(cursor);
            if (count == 0) {
                throw empty();
            }
            while (count > 0) {
                if (!visitPool(count, draw, compare, mostSteps, visitor)) {
                    return false;
                }
                before += count;
                count = count < pool.length ? 0 : fill(cursor);
            }
        } finally {
            Arrays.fill(pool, null);
        }
        return true;
    }

    private static IllegalArgumentException empty() {
        return new IllegalArgumentException("data set: expected at least one sequence, got none");
    }

    private int fill(SequenceCursor cursor) {
        int count = 0;
        while (count < pool.length) {
            Sequence next = cursor.next();
            if (next == null) {
                break;
            }
            places[count] = count;
            pool[count++] = next;
        }
        return count;
    }

    /** Sorts the pool by length, those of one length as they came. */
    private void sort(int count) {
        for (int i = 0; i < count; i++) {
            places[i] |= (long) pool[i].length() << Integer.SIZE;
        }
        Arrays.sort(places, 0, count);
        System.arraycopy(pool, 0, arrived, 0, count);
        for (int i = 0; i < count; i++) {
            pool[i] = arrived[(int) places[i]];
        }
        Arrays.fill(arrived, null);
    }

    private boolean visitPool(int count, Draw draw, Compare compare, int mostSteps, PieceVisitor visitor) {
        int batches = Math.ceilDiv(count, batchSize);
        for (int i = 0; i < batches; i++) {
            starts[i] = i * batchSize;
        }
        if (data.order().bucketed()) {
            sort(count);
            if (draw != null) {
                draw.shuffle(starts, batches);
            }
        }
        for (int i = 0; i < batches; i++) {
            int to = Math.min(starts[i] + batchSize, count);
            int timeSteps = timeSteps(starts[i], to);
            NetworkPass wide = pass(timeSteps, mostSteps);
            SequenceBatch batch = packer.pack(pool, starts[i], to, timeSteps, compares(compare, starts[i], to));
            positions += batch.rows();
            first = starts[i];
            end = to;
            if (!visitPieces(wide, batch, mostSteps, visitor)) {
                return false;
            }
        }
        return true;
    }

    private static boolean visitPieces(NetworkPass wide, SequenceBatch batch, int mostSteps, PieceVisitor visitor) {
        if (mostSteps == WHOLE) {
            return visitor.visit(wide, batch, 0);
        }
        wide.carryState(true).resetState();
        try {
            for (int t = 0; t < batch.timeSteps(); t += mostSteps) {
                int steps = Math.min(mostSteps, batch.timeSteps() - t);
                if (!visitor.visit(wide, batch.steps(t, steps), t)) {
                    return false;
                }
            }
        } finally {
            wide.carryState(false);
        }
        return true;
    }

    private boolean compares(Compare compare, int from, int to) {
        boolean there = compare == Compare.ALWAYS;
        for (int i = from; i < to && compare == Compare.WHERE_THERE; i++) {
            there |= pool[i].hasTarget();
        }
        return there;
    }

    private int timeSteps(int from, int to) {
        int needed = 1;
        for (int i = from; i < to; i++) {
            needed = Math.max(needed, pool[i].length());
            steps += pool[i].length();
        }
        return longest == 0 ? roundUp(needed) : Math.clamp(roundUp(needed), 1, Math.max(1, longest));
    }

    /** {@return {@code needed}, rounded up so that there are 32 numbers from a power of two to the next} */
    static int roundUp(int needed) {
        long unit = Math.max(1, Integer.highestOneBit(needed) >> 5);
        return (int) Math.min(Math.ceilDiv(needed, unit) * unit, Integer.MAX_VALUE);
    }

    private void requireOpen() {
        if (packer.isClosed()) {
            throw new IllegalStateException("batches are closed");
        }
    }

    private NetworkPass pass(int timeSteps, int mostSteps) {
        requireOpen();
        packer.reserve(Math.max(timeSteps, longest));
        if (pass != null && pass.timeSteps() >= Math.min(timeSteps, mostSteps)) {
            return pass;
        }
        int room = Math.max(timeSteps, longest);
        if (pass != null) {
            room = Math.clamp(2L * pass.timeSteps(), room, Integer.MAX_VALUE - 1);
            pass.close();
            pass = null; // if there is no memory for a larger one, this stays closed once
        }
        room = Math.min(room, mostSteps);
        pass = training ? network.pass(room, batchSize) : network.inference(room, batchSize);
        passes++;
        return pass;
    }

    /**
     * {@return what the network is worth on the whole data set, its sequences in the order of epoch 0}
     *
     * @throws IllegalArgumentException as {@link #epoch} does, if the network has no loss, if a sequence has no
     *     targets, or if no target counts
     * @throws ArithmeticException if the loss is NaN or infinite; it says at which sequence, and step, that began
     * @throws java.io.UncheckedIOException as {@link #epoch} does
     * @throws IllegalStateException as {@link #epoch} does
     */
    public Metrics evaluate() {
        var counter = new MetricsCounter(network);
        run(0, Compare.ALWAYS, (pass, batch) -> {
            pass.forward(batch);
            if (!Double.isFinite(pass.loss())) {
                throw notFinite(pass, counter.firstNotFinite(pass));
            }
            counter.add(pass);
            return true;
        });
        if (!(counter.weight() > 0)) {
            throw new IllegalArgumentException("data set: expected at least one target that counts, got none");
        }
        return new Metrics(counter);
    }

    /** {@return the outputs of each sequence, [T][O] or, of a head that reads the last step, [1][O], as they came} */
    List<float[][]> predict() {
        var outputs = new ArrayList<float[][]>();
        run(0, Compare.NEVER, (pass, batch) -> {
            pass.forward(batch);
            for (int i = first; i < end; i++) {
                int at = before + (int) places[i];
                while (outputs.size() <= at) { // those that came before but are longer are not there yet
                    outputs.add(null);
                }
                outputs.set(at, outputs(pass, i - first, pool[i].length()));
            }
            return true;
        });
        return outputs;
    }

    private float[][] outputs(NetworkPass of, int b, int length) {
        var rows = new float[network.description().head().lastStep() ? 1 : length][network.outputSize()];
        var row = new double[network.outputSize()];
        for (int n = 0; n < rows.length; n++) {
            network.precision().read(of.outputs(), ((long) n * batchSize + b) * row.length, row, row.length);
            for (int o = 0; o < row.length; o++) {
                rows[n][o] = (float) row[o];
            }
        }
        return rows;
    }

    private ArithmeticException notFinite(NetworkPass of, int position) {
        boolean perSequence = network.description().head().lastStep();
        String place = position < 0 ? "" : ", at " + (perSequence ? "" : "step " + position / batchSize + " of ")
                + data.name(pool[first + position % batchSize]);
        return new ArithmeticException("loss: expected a finite number, got " + of.loss() + place);
    }

    /** {@return the share of all positions so far, T * B of each batch, at which there was no step of a sequence} */
    public double padding() {
        return positions == 0 ? 0 : 1 - (double) steps / positions;
    }

    /** {@return how many passes were made, one after the other} */
    int passes() {
        return passes;
    }

    /** Frees passes and memory. Closing twice is harmless. */
    @Override
    public void close() {
        packer.close();
        if (pass != null) {
            pass.close();
        }
    }
}
