package dev.rondo.network;

import java.util.Iterator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The sequences of one epoch, in the order that the data set says, before they are cut into batches. */
sealed interface SequenceCursor extends AutoCloseable {
    /** {@return the next sequence, or null after the last} */
    Sequence next();

    @Override
    default void close() {
        // Nothing is open in memory.
    }

    /** {@return the sequences of {@code data} in epoch {@code epoch}} */
    static SequenceCursor of(Dataset data, int epoch) {
        Long seed = data.order().seed();
        Draw draw = seed == null ? null : new Draw(seed, epoch);
        return data.inMemory() ? new OfList(data, draw) : new OfStream(data, draw);
    }

    /** In memory: the order is drawn as a whole. */
    final class OfList implements SequenceCursor {
        private final Dataset data;
        private final int[] order; // null = as given
        private int at;

        OfList(Dataset data, Draw draw) {
            this.data = data;
            this.order = draw == null ? null : IntStream.range(0, data.size()).toArray();
            if (draw != null) {
                draw.shuffle(order, order.length);
            }
        }

        @Override
        public Sequence next() {
            if (at == data.size()) {
                return null;
            }
            int index = order == null ? at : order[at];
            at++;
            return data.get(index);
        }
    }

    /**
     * From a stream: the next is drawn from a buffer, in which the one that is read takes the place of the one drawn.
     */
    final class OfStream implements SequenceCursor {
        private final Stream<Sequence> stream;
        private final Iterator<Sequence> iterator;
        private final Draw draw; // null = as they come
        private final Sequence[] buffer;
        private int held;

        OfStream(Dataset data, Draw draw) {
            this.stream = data.open();
            this.iterator = stream.iterator();
            this.draw = draw;
            this.buffer = new Sequence[draw == null ? 1 : data.order().buffer()];
        }

        @Override
        public Sequence next() {
            while (held < buffer.length && iterator.hasNext()) {
                Sequence read = iterator.next();
                if (read == null) {
                    throw new IllegalArgumentException("stream: expected sequences, got null");
                }
                buffer[held++] = read;
            }
            if (held == 0) {
                return null;
            }
            int taken = draw == null ? 0 : draw.below(held);
            Sequence next = buffer[taken];
            buffer[taken] = buffer[--held];
            buffer[held] = null;
            return next;
        }

        @Override
        public void close() {
            stream.close();
        }
    }
}
