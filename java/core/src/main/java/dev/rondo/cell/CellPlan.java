package dev.rondo.cell;

import dev.rondo.memory.Precision;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A body of a cell made ready for passes up to a given size. It owns packed weights and scratch; a call allocates
 * nothing. One thread at a time may use it.
 *
 * <p>The checks of arguments stand here, above the bodies: these see valid passes only. Memory of a pass that another
 * thread closes meanwhile cannot crash the JVM. The workspace of the parameters cannot be closed while a pass runs, and
 * NATIVE, which works on raw addresses, keeps every other arena of the pass open during its call too: closing throws.
 * The Java bodies throw {@code IllegalStateException} from the pass when memory has gone; what they wrote stays.
 */
public abstract class CellPlan implements AutoCloseable {
    private final Cell cell;
    private final CellShape largest;
    private final Precision precision;
    private final AtomicBoolean busy = new AtomicBoolean();
    private boolean closed;

    /**
     * For bodies: keeps what every plan has.
     *
     * @param cell the cell it runs
     * @param largest the largest pass it takes
     * @param precision element type
     * @throws IllegalArgumentException if {@code largest} has another hidden size than the cell
     */
    protected CellPlan(Cell cell, CellShape largest, Precision precision) {
        Objects.requireNonNull(cell, "cell: expected one, got null");
        Objects.requireNonNull(largest, "largest: expected a shape, got null");
        Objects.requireNonNull(precision, "precision: expected one, got null");
        if (largest.hiddenSize() != cell.hiddenSize()) {
            throw new IllegalArgumentException(
                    "hiddenSize: expected " + cell.hiddenSize() + ", got " + largest.hiddenSize());
        }
        this.cell = cell;
        this.largest = largest;
        this.precision = precision;
    }

    /** {@return the cell this plan runs} */
    public final Cell cell() {
        return cell;
    }

    /** {@return the largest pass this plan takes} */
    public final CellShape largest() {
        return largest;
    }

    /** {@return the element type} */
    public final Precision precision() {
        return precision;
    }

    /** {@return the backend whose body this is} */
    public abstract Backend backend();

    /** {@return the instruction-set tier that runs} */
    public abstract IsaTier tier();

    /**
     * {@return bytes of cache that backward needs from a forward pass}
     *
     * @param timeSteps T of that pass
     * @param batchSize B of that pass
     * @throws IllegalArgumentException if a size is below 1 or above the largest of this plan
     * @throws IllegalStateException after {@link #close()}
     */
    public final long cacheBytes(int timeSteps, int batchSize) {
        checkOpen();
        within("timeSteps", timeSteps, largest.timeSteps());
        within("batchSize", batchSize, largest.batchSize());
        return countCacheBytes(timeSteps, batchSize);
    }

    /**
     * {@return what {@link #cacheBytes} returns}
     *
     * @param timeSteps checked
     * @param batchSize checked
     */
    protected abstract long countCacheBytes(int timeSteps, int batchSize);

    /**
     * Runs a forward pass.
     *
     * @param pass checked
     */
    protected abstract void runForward(CellPass pass);

    /**
     * Runs a backward pass.
     *
     * @param pass checked
     * @param gradients checked, in and out
     */
    protected abstract void runBackward(CellPass pass, CellGradients gradients);

    /** Frees what this plan owns; called once. */
    protected abstract void free();

    /**
     * Runs a pass forward: writes output, last state and, if the pass has one, the cache. One time step is streaming.
     *
     * @param pass what to run
     * @throws IllegalArgumentException if the pass does not fit this plan, or a length or token is out of range
     * @throws IllegalStateException after {@link #close()}, if memory of the pass was closed or is another thread's
     *     alone, or while another thread uses this plan
     */
    public final void forward(CellPass pass) {
        begin(pass);
        try {
            pass.checkContents();
            if (pass.cache() != null) {
                pass.checkCache(cacheBytes(pass.shape().timeSteps(), pass.shape().batchSize()));
            }
            pass.cacheFilledBy(null);
            runForward(pass);
            pass.cacheFilledBy(pass.cache() == null ? null : this);
        } finally {
            end(pass);
        }
    }

    /**
     * Full back-propagation through time over the sequence that {@link #forward} ran last with this pass. It consumes
     * the cache: one backward pass per forward pass. Input, parameters, lengths, hold and mask must be as they were
     * then, and so must be the time origin; initial state, last state and output may have been overwritten.
     *
     * @param pass what forward ran
     * @param gradients those of this pass, in and out
     * @throws IllegalArgumentException if the pass or the gradients do not fit this plan, or the time origin is another
     * @throws IllegalStateException if forward of this plan has not filled the pass's cache, or as {@link #forward}
     *     says
     */
    public final void backward(CellPass pass, CellGradients gradients) {
        Objects.requireNonNull(gradients, "gradients: expected some, got null");
        begin(pass);
        try {
            if (gradients.pass() != pass) {
                throw new IllegalArgumentException("gradients: expected gradients made for this pass, got another's");
            }
            gradients.checkAlive();
            if (pass.cacheFilledBy() != this) {
                throw new IllegalStateException("backward: expected a forward pass with cache, by this plan, right "
                        + "before; got " + (pass.cacheFilledBy() == null ? "none" : "one by another plan"));
            }
            pass.checkTimeOrigin();
            pass.checkContents();
            pass.cacheFilledBy(null);
            runBackward(pass, gradients);
        } finally {
            end(pass);
        }
    }

    /**
     * Frees what this plan owns. Closing twice is harmless.
     *
     * @throws IllegalStateException while another thread uses this plan
     */
    @Override
    public final void close() {
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException(this + ": cannot close while a pass is running");
        }
        try {
            if (!closed) {
                closed = true;
                free();
            }
        } finally {
            busy.set(false);
        }
    }

    @Override
    public String toString() {
        return cell.name() + " " + backend() + " " + tier() + " " + precision;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException(this + ": plan is closed");
        }
    }

    private static void within(String name, int value, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(name + ": expected 1 to " + most + ", got " + value);
        }
    }

    private void begin(CellPass pass) {
        Objects.requireNonNull(pass, "pass: expected one, got null");
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException(this + ": one thread at a time; another pass is running");
        }
        try {
            checkOpen();
            pass.checkFits(this);
            pass.checkAlive();
            pass.parameters().workspace().enter();
        } catch (RuntimeException e) {
            busy.set(false);
            throw e;
        }
    }

    private void end(CellPass pass) {
        pass.parameters().workspace().exit();
        busy.set(false);
    }
}
