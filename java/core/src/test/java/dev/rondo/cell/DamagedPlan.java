package dev.rondo.cell;

/** A sound body to which a fault is done: what the checks must notice. */
public final class DamagedPlan extends CellPlan {
    private final CellPlan sound;
    private final Fault fault;

    /** Does {@code fault} to {@code sound}, which is closed with this plan. */
    public DamagedPlan(CellPlan sound, Fault fault) {
        super(sound.cell(), sound.largest(), sound.precision());
        this.sound = sound;
        this.fault = fault;
    }

    /** What goes wrong. */
    public interface Fault {
        /** Right after forward. */
        default void afterForward(CellPass pass) {}

        /** Right before backward. */
        default void beforeBackward(CellGradients gradients) {}

        /** Right after backward. */
        default void afterBackward(CellGradients gradients) {}
    }

    @Override
    public Backend backend() {
        return Backend.VECTOR;
    }

    @Override
    public IsaTier tier() {
        return IsaTier.BASELINE;
    }

    @Override
    protected long countCacheBytes(int timeSteps, int batchSize) {
        return sound.cacheBytes(timeSteps, batchSize);
    }

    @Override
    protected void runForward(CellPass pass) {
        sound.runForward(pass);
        fault.afterForward(pass);
    }

    @Override
    protected void runBackward(CellPass pass, CellGradients gradients) {
        fault.beforeBackward(gradients);
        sound.runBackward(pass, gradients);
        fault.afterBackward(gradients);
    }

    @Override
    protected void free() {
        sound.close();
    }
}
