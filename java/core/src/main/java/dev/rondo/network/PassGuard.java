package dev.rondo.network;

import dev.rondo.memory.Workspace;
import java.util.concurrent.atomic.AtomicBoolean;

/** Lets one thread at a time work on a pass, and keeps the memory that it works on open meanwhile. */
final class PassGuard {
    private final Workspace network;
    private final Workspace own;
    private final AtomicBoolean busy = new AtomicBoolean();

    PassGuard(Workspace network, Workspace own) {
        this.network = network;
        this.own = own;
    }

    /**
     * Begins work that {@link #exit()} ends.
     *
     * @throws IllegalStateException after one of the workspaces was closed, or while another thread works
     */
    void enter() {
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException(own.owner() + ": one thread at a time; another is at work");
        }
        try {
            own.enter();
            try {
                network.enter();
            } catch (IllegalStateException e) {
                own.exit();
                throw e;
            }
        } catch (IllegalStateException e) {
            busy.set(false);
            throw e;
        }
    }

    void exit() {
        network.exit();
        own.exit();
        busy.set(false);
    }
}
