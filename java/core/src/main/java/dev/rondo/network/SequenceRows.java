package dev.rondo.network;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Rows of numbers, all of one width, where the caller keeps them: copied once, into a batch. */
sealed interface SequenceRows {
    /** {@return how many} */
    int count();

    /** {@return numbers per row; 0 if there are no rows that would say} */
    int width();

    /** Copies row {@code row} to elements {@code at} and following of {@code to}, whose precision is {@code of}. */
    void copy(int row, MemorySegment to, long at, Precision of);

    /** Rows that are Java arrays. */
    record Arrays(float[][] rows) implements SequenceRows {
        /**
         * Checks its argument.
         *
         * @throws IllegalArgumentException if the rows are not of one width, at least 1
         */
        public Arrays {
            for (int i = 0; i < rows.length; i++) {
                if (rows[i].length != rows[0].length || rows[i].length == 0) {
                    throw new IllegalArgumentException("rows[" + i + "]: expected "
                            + (i == 0 ? "at least 1 number" : rows[0].length + " numbers, as the first row has")
                            + ", got " + rows[i].length);
                }
            }
        }

        @Override
        public int count() {
            return rows.length;
        }

        @Override
        public int width() {
            return rows.length == 0 ? 0 : rows[0].length;
        }

        @Override
        public void copy(int row, MemorySegment to, long at, Precision of) {
            float[] from = rows[row];
            if (of == Precision.FLOAT32) {
                MemorySegment.copy(from, 0, to, ValueLayout.JAVA_FLOAT, at * Float.BYTES, from.length);
                return;
            }
            for (int i = 0; i < from.length; i++) {
                of.set(to, at + i, from[i]);
            }
        }
    }

    /** Rows one behind the other in memory, in the machine's byte order, at any address. */
    record Block(MemorySegment numbers, Precision precision, int width) implements SequenceRows {
        /**
         * Checks its arguments.
         *
         * @throws IllegalArgumentException if the memory is not a number of whole rows
         */
        public Block {
            whole("numbers", numbers, (long) width * precision.bytes());
        }

        @Override
        public int count() {
            return (int) (numbers.byteSize() / ((long) width * precision.bytes()));
        }

        @Override
        public void copy(int row, MemorySegment to, long at, Precision of) {
            long from = (long) row * width * precision.bytes();
            if (of == precision) {
                MemorySegment.copy(numbers, from, to, at * of.bytes(), (long) width * of.bytes());
                return;
            }
            for (int i = 0; i < width; i++) {
                of.set(to, at + i, precision == Precision.FLOAT32
                        ? numbers.get(ValueLayout.JAVA_FLOAT_UNALIGNED, from + (long) i * Float.BYTES)
                        : numbers.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, from + (long) i * Double.BYTES));
            }
        }
    }

    /**
     * {@return how many rows of {@code rowBytes} bytes {@code segment} holds}
     *
     * @throws IllegalArgumentException if they are not whole, or more than an int can count
     */
    static int whole(String name, MemorySegment segment, long rowBytes) {
        long rows = segment.byteSize() / rowBytes;
        if (rows * rowBytes != segment.byteSize() || rows > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(name + ": expected a multiple of " + rowBytes + " bytes, at most "
                    + Integer.MAX_VALUE + " times, got " + segment.byteSize() + " bytes");
        }
        return (int) rows;
    }
}
