package dev.rondo.cell;

import dev.rondo.memory.Precision;
import java.util.concurrent.Semaphore;

/** A body that computes nothing and stays in forward until it is told to leave. */
final class BlockingPlan extends CellPlan {
    final Semaphore entered = new Semaphore(0);
    final Semaphore leave = new Semaphore(0);

    BlockingPlan(Cell cell, CellShape largest) {
        super(cell, largest, Precision.FLOAT32);
    }

    @Override
    public Backend backend() {
        return Backend.REFERENCE;
    }

    @Override
    public IsaTier tier() {
        return IsaTier.BASELINE;
    }

    @Override
    protected long countCacheBytes(int timeSteps, int batchSize) {
        return 0;
    }

    @Override
    protected void runForward(CellPass pass) {
        entered.release();
        leave.acquireUninterruptibly();
    }

    @Override
    protected void runBackward(CellPass pass, CellGradients gradients) {}

    @Override
    protected void free() {}
}
