package dev.rondo.kernel;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.SparsePattern;
import dev.rondo.cell.UnitGroup;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A plan of the native library. It describes each pass to it in two structs that are filled anew for every call, so
 * that a call allocates nothing, and it says when the parameters are those of its last call, whose packed weights are
 * still good then.
 */
final class NativePlan extends CellPlan {
    private static final int MAX_PLANES = 4;
    private static final int OPTIONS_FIELDS = 18;
    private static final int PASS_FIELDS = 17 + 2 * MAX_PLANES;
    private static final int GRADIENTS_FIELDS = 8 + 2 * MAX_PLANES;
    private static final long REVERSED = 1;
    private static final long PARAMS_UNCHANGED = 2;
    private static final Cleaner CLEANER = Cleaner.create();

    private final Handle handle;
    private final Cleaner.Cleanable cleanable;
    private final IsaTier tier;
    private final int planes;
    private final NativeStruct pass = new NativeStruct(PASS_FIELDS);
    private final NativeStruct gradients = new NativeStruct(GRADIENTS_FIELDS);

    // The parameters of the last call, if it succeeded.
    private Parameters parameters;
    private long parametersVersion;
    private long paramsAddress;

    /** The plan in native memory; freed at the latest when its owner is collected. */
    private record Handle(long plan) implements Runnable {
        @Override
        public void run() {
            NativeCalls.freePlan(plan);
        }
    }

    NativePlan(Cell cell, CellShape largest, Precision precision, Execution execution) {
        super(cell, largest, precision);
        int index = NativeCalls.findCell(cell.name());
        if (index < 0) {
            throw new UnsupportedOperationException(
                    "cell: expected one that the native library has, got " + cell.name());
        }
        this.planes = cell.planeWidths().length;
        OpenBlas.loadFor(NativeCalls.isa(execution.maxIsa()), largest.rows(), cell.rows(),
                Math.max(largest.inputSize(), largest.hiddenSize()));
        this.handle = new Handle(createPlan(index, execution));
        this.cleanable = CLEANER.register(this, handle);
        this.tier = NativeCalls.planIsa(handle.plan);
    }

    /** {@return a plan of cell number {@code index}} */
    private long createPlan(int index, Execution execution) {
        List<UnitGroup> groups = cell().unitGroups();
        double[] settings = cell().settings();
        try (Arena arena = Arena.ofConfined()) {
            var options = new NativeStruct(OPTIONS_FIELDS)
                    .start()
                    .put(index)
                    .put(precision().bytes() * Byte.SIZE)
                    .put(execution.threads())
                    .put(execution.maxIsa().ordinal())
                    .put(largest().timeSteps())
                    .put(largest().batchSize())
                    .put(largest().inputSize())
                    .put(largest().hiddenSize())
                    .put(cell().variant())
                    .put(groups.size())
                    .put(arena.allocateFrom(JAVA_LONG, groups.stream().mapToLong(UnitGroup::size).toArray()))
                    .put(arena.allocateFrom(JAVA_LONG, groups.stream().mapToLong(UnitGroup::period).toArray()))
                    .put(settings.length)
                    .put(settings.length == 0
                            ? MemorySegment.NULL : arena.allocateFrom(ValueLayout.JAVA_DOUBLE, settings));
            SparsePattern pattern = cell().recurrentPattern();
            options.put(pattern == null ? 0 : pattern.count())
                    .put(pattern == null ? MemorySegment.NULL : arena.allocateFrom(JAVA_LONG,
                            IntStream.rangeClosed(0, pattern.size()).mapToLong(pattern::rowStart).toArray()))
                    .put(pattern == null ? MemorySegment.NULL : arena.allocateFrom(ValueLayout.JAVA_INT,
                            IntStream.range(0, pattern.count()).map(pattern::column).toArray()));
            return NativeCalls.createPlan(options, cell());
        }
    }

    @Override
    public Backend backend() {
        return Backend.NATIVE;
    }

    @Override
    public IsaTier tier() {
        return tier;
    }

    @Override
    protected long countCacheBytes(int timeSteps, int batchSize) {
        try {
            return NativeCalls.cacheBytes(handle.plan, timeSteps, batchSize);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    protected void runForward(CellPass cellPass) {
        long version = describe(cellPass);
        try {
            NativeCalls.forward(handle.plan, pass, cellPass.arenas(), this);
        } finally {
            Reference.reachabilityFence(cellPass);
            Reference.reachabilityFence(this);
        }
        remember(cellPass, version);
    }

    @Override
    protected void runBackward(CellPass cellPass, CellGradients cellGradients) {
        long version = describe(cellPass);
        describe(cellGradients);
        try {
            NativeCalls.backward(handle.plan, pass, gradients, cellGradients.arenas(), this);
        } finally {
            Reference.reachabilityFence(cellGradients); // which holds its pass
            Reference.reachabilityFence(this);
        }
        remember(cellPass, version);
    }

    @Override
    protected void free() {
        cleanable.clean();
    }

    /** Fills the struct of {@code p}; {@return the version of the parameters it describes}. */
    private long describe(CellPass p) {
        long version = p.parameters().version();
        boolean unchanged = p.parameters() == parameters && version == parametersVersion
                && p.params().address() == paramsAddress;
        parameters = null; // a call that fails leaves nothing to rely on
        pass.start()
                .put(p.shape().timeSteps())
                .put(p.shape().batchSize())
                .put((p.reversed() ? REVERSED : 0) | (unchanged ? PARAMS_UNCHANGED : 0))
                .put(p.timeOrigin())
                .put(p.params());
        switch (p.input()) {
            case CellPass.Dense dense -> pass.put(dense.values()).put(dense.rowStride()).put(MemorySegment.NULL);
            case CellPass.Tokens tokens -> pass.put(MemorySegment.NULL).put(0).put(tokens.ids());
        }
        for (int plane = 0; plane < MAX_PLANES; plane++) {
            pass.put(plane < planes ? p.initial(plane) : null);
        }
        for (int plane = 0; plane < MAX_PLANES; plane++) {
            pass.put(plane < planes ? p.last(plane) : null);
        }
        pass.put(p.output())
                .put(p.outputStride())
                .put(p.lengths())
                .put(p.hold())
                .put(p.holdWidth())
                .put(p.recurrentMask())
                .put(p.maskStep())
                .put(p.cache());
        return version;
    }

    private void describe(CellGradients g) {
        gradients.start().put(g.output()).put(g.outputStride());
        for (int plane = 0; plane < MAX_PLANES; plane++) {
            gradients.put(plane < planes ? g.last(plane) : null);
        }
        gradients.put(g.params()).put(g.input()).put(g.inputStride()).put(g.inputAccumulate() ? 1 : 0);
        for (int plane = 0; plane < MAX_PLANES; plane++) {
            gradients.put(plane < planes ? g.initial(plane) : null);
        }
        gradients.put(g.preActivations());
    }

    private void remember(CellPass p, long version) {
        parameters = p.parameters();
        parametersVersion = version;
        paramsAddress = p.params().address();
    }
}
