package dev.rondo.network;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;

/**
 * What a {@link NetworkPass} calls for batches of one number of time steps: made once for each that turns up, of
 * views of the memory and of the plans that all of them share, in which it uses the first T * B rows.
 */
final class PassShape {
    private static final int LENGTHS = 1;
    private static final int HOLD = 2;

    private final int timeSteps;
    private final InputBuffers buffers;
    private final LayerPass[] layers;
    private final EmbeddingPass embedding; // null without, or where the first layer has a table
    private final LayerPass.Source source; // of the first layer
    private final boolean clears; // where no step is taken, the source's numbers are set to zero
    private final Network network;
    private final Head head;
    private final SkipPass skip; // null without
    private final MemorySegment tokens; // int32 [T, B]; null for numbers
    private final LayerPass.Run[][] runs = new LayerPass.Run[LENGTHS + HOLD + 1][]; // by what a batch has; made lazily
    private LayerPass.Run[] current; // of the last forward pass

    /**
     * What the shapes of a pass share.
     *
     * @param skip null where there is none, or it needs none
     * @param embedded learned vectors of the tokens, [T, B, W] of the largest T; null where nobody reads them
     * @param embeddedGradient their gradient; null without gradients
     * @param embeddedMask what is left out of them; null where nothing is
     */
    record Shared(NetworkPass pass, InputBuffers buffers, LayerPass[] layers, Head.Memory head, SkipPass.Memory skip,
            MemorySegment embedded, MemorySegment embeddedGradient, DropoutMask embeddedMask) {}

    PassShape(Shared shared, int timeSteps) {
        int batchSize = shared.pass.batchSize();
        long rows = (long) timeSteps * batchSize;
        this.network = shared.pass.network();
        this.timeSteps = timeSteps;
        this.buffers = shared.buffers;
        this.layers = shared.layers;
        NetworkDescription description = network.description();
        boolean skips = description.head().skip();
        this.clears = skips || description.layers().getFirst().dropout().zoneout() > 0;
        this.tokens = buffers.tokens() == null ? null : buffers.tokens().asSlice(0, rows * Integer.BYTES);
        this.embedding = shared.embedded != null
                && network.description().input() instanceof NetworkInput.Embedding input
                ? new EmbeddingPass(network, input, tokens, shared)
                : null;
        this.source = embedding != null ? embedding.asSource(skips) : buffers.asSource();
        long positions = network.description().head().lastStep() ? batchSize : rows;
        this.skip = skips
                ? new SkipPass(shared.pass, shared.head.products(), timeSteps, source, shared.skip)
                : null;
        this.head = Head.of(network, layers[layers.length - 1], shared.head, positions, skip);
    }

    /** {@return the first {@code rows} rows of {@code width} numbers; null of null} */
    static MemorySegment first(MemorySegment memory, Precision precision, long rows, int width) {
        return memory == null ? null : precision.slice(memory, 0, rows * width);
    }

    /** {@return T} */
    int timeSteps() {
        return timeSteps;
    }

    /** {@return the head} */
    Head head() {
        return head;
    }

    /** {@return what the head reads past all layers; null without} */
    SkipPass skip() {
        return skip;
    }

    /** {@return tokens of the batch, int32 [T, B]; null for numbers} */
    MemorySegment tokens() {
        return tokens;
    }

    void forward(SequenceBatch batch, long timeOrigin, PassClock clock) {
        clock.layersEnd(); // masks were drawn
        current = runs(batch);
        if (embedding != null) {
            embedding.forward();
        }
        if (clears && source.values() != null) { // all rows will be multiplied; in padding anything may stand
            buffers.rows().clearOthers(network.precision(), source.values(), network.description().input().size());
        }
        layers[0].updateTables();
        clock.inputEnds();
        for (LayerPass.Run run : current) {
            run.forward(timeOrigin);
        }
        clock.layersEnd();
        head.forward();
    }

    void backward(PassClock clock) {
        head.backward();
        clock.headEnds();
        for (int layer = layers.length - 1; layer >= 0; layer--) {
            current[layer].backward();
        }
        clock.layersEnd();
        if (embedding != null) {
            embedding.backward();
            clock.inputEnds();
        }
    }

    private LayerPass.Run[] runs(SequenceBatch batch) {
        int kind = (batch.lengths() == null ? 0 : LENGTHS) + (batch.hold() == null ? 0 : HOLD);
        if (runs[kind] == null) {
            runs[kind] = makeRuns(buffers.rows().lengths(), buffers.rows().hold());
        }
        return runs[kind];
    }

    private LayerPass.Run[] makeRuns(MemorySegment lengths, MemorySegment hold) {
        var made = new LayerPass.Run[layers.length];
        LayerPass.Source below = source;
        for (int layer = 0; layer < layers.length; layer++) {
            made[layer] = layers[layer].run(timeSteps, below, lengths, hold);
            below = layers[layer].asSource();
        }
        return made;
    }
}
