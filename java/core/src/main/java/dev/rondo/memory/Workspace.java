package dev.rondo.memory;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Owner of native memory: one shared arena, every allocation zeroed and aligned to 64 bytes. All else is a slice.
 *
 * <p>Kernels work on raw addresses, which skip the arena's own guard. Whoever runs one therefore brackets it with
 * {@link #enter()} and {@link #exit()}, or has the JVM keep the arena open during the call: {@link #close()} throws
 * while a pass is in flight, and entering a closed workspace throws. Neither can crash the JVM. A workspace that is
 * collected without having been closed frees its memory and logs one warning.
 */
public final class Workspace implements AutoCloseable {
    private static final long ALIGNMENT = 64;
    private static final int CLOSED = -1;
    private static final Cleaner CLEANER = Cleaner.create();

    private final Memory memory;
    private final Cleaner.Cleanable cleanable;

    /**
     * An empty workspace.
     *
     * @param owner what it belongs to, for messages: "network", "stepper"
     */
    public Workspace(String owner) {
        Objects.requireNonNull(owner, "owner: expected a name, got null");
        this.memory = new Memory(owner, Arena.ofShared(), new AtomicInteger());
        this.cleanable = CLEANER.register(this, memory);
    }

    /** {@return what this workspace belongs to} */
    public String owner() {
        return memory.owner;
    }

    /**
     * {@return zeroed memory for elements, aligned to 64 bytes}
     *
     * @param precision their type
     * @param count how many
     * @throws IllegalArgumentException if {@code count} is below 0
     * @throws IllegalStateException after {@link #close()}
     * @throws OutOfMemoryError if the machine has less left
     */
    public MemorySegment allocate(Precision precision, long count) {
        Objects.requireNonNull(precision, "precision: expected one, got null");
        return allocateBytes(count * precision.bytes());
    }

    /**
     * {@return zeroed memory, aligned to 64 bytes}
     *
     * @param bytes its size
     * @throws IllegalArgumentException if {@code bytes} is below 0
     * @throws IllegalStateException after {@link #close()}
     * @throws OutOfMemoryError if the machine has less left
     */
    public MemorySegment allocateBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes: expected at least 0, got " + bytes);
        }
        requireOpen();
        MachineMemory.require(memory.owner, bytes);
        return memory.arena.allocate(Math.max(bytes, 1), ALIGNMENT).asSlice(0, bytes);
    }

    /**
     * Announces that a kernel is about to work on this memory.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    public void enter() {
        int running = memory.inFlight.getAndUpdate(n -> n == CLOSED ? CLOSED : n + 1);
        if (running == CLOSED) {
            throw closedException();
        }
    }

    /** Ends what {@link #enter()} announced. */
    public void exit() {
        memory.inFlight.decrementAndGet();
    }

    /** {@return whether {@link #close()} was called} */
    public boolean isClosed() {
        return memory.inFlight.get() == CLOSED;
    }

    /**
     * Frees the memory. Closing twice is harmless.
     *
     * @throws IllegalStateException while a pass is in flight; nothing is freed then
     */
    @Override
    public void close() {
        int running = memory.inFlight.compareAndExchange(0, CLOSED);
        if (running > 0) {
            throw new IllegalStateException(memory.owner + ": cannot close while " + running + " passes are running");
        }
        if (running == CLOSED) {
            return;
        }
        try {
            memory.arena.close();
        } catch (IllegalStateException e) { // a native call that nobody announced
            memory.inFlight.set(0);
            throw new IllegalStateException(memory.owner + ": cannot close while a pass is running", e);
        }
        cleanable.clean();
    }

    void requireOpen() {
        if (isClosed()) {
            throw closedException();
        }
    }

    private IllegalStateException closedException() {
        return new IllegalStateException(memory.owner + " is closed");
    }

    /** What outlives the workspace object until its memory is freed. */
    private record Memory(String owner, Arena arena, AtomicInteger inFlight) implements Runnable {
        @Override
        public void run() {
            if (inFlight.getAndSet(CLOSED) != CLOSED) {
                System.getLogger("dev.rondo").log(Level.WARNING, owner + " was never closed; its memory is freed now");
                arena.close(); // refused while a native call holds a segment: that memory is never freed then
            }
        }
    }
}
