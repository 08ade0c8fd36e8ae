package dev.rondo.network;

import java.util.Arrays;
import java.util.List;

/** Lists and arrays that a caller gives: neither they nor what is in them may be null. Places in them. */
final class Elements {
    private Elements() {}

    /**
     * {@return a copy of {@code list}, called {@code name} in messages}
     *
     * @param what what each element shall be, as in "a cell"
     * @throws NullPointerException if the list or an element is null
     */
    static <T> List<T> copyOf(String name, String what, List<T> list) {
        return List.copyOf(present(name, what, list));
    }

    /**
     * {@return {@code list}, called {@code name} in messages}
     *
     * @param what what each element shall be, as in "a cell"
     * @throws NullPointerException if the list or an element is null
     */
    static <T> List<T> present(String name, String what, List<T> list) {
        if (list == null) {
            throw missing(name, "a list");
        }
        for (int i = 0; i < list.size(); i++) {
            if (list.get(i) == null) {
                throw missing(name + "[" + i + "]", what);
            }
        }
        return list;
    }

    /**
     * {@return {@code array}, called {@code name} in messages}
     *
     * @param what what each element shall be, as in "a row of numbers"
     * @throws NullPointerException if the array or an element is null
     */
    static <T> T[] present(String name, String what, T[] array) {
        if (array == null) {
            throw missing(name, "an array");
        }
        present(name, what, Arrays.asList(array));
        return array;
    }

    /**
     * {@return {@code index}, called {@code name} in messages}
     *
     * @throws IndexOutOfBoundsException unless it is from 0 to {@code count - 1}
     */
    static int checkIndex(String name, int index, int count) {
        if (index < 0 || index >= count) {
            String expected = count == 0 ? "none, for there is nothing" : "0 to " + (count - 1);
            throw new IndexOutOfBoundsException(name + ": expected " + expected + ", got " + index);
        }
        return index;
    }

    private static NullPointerException missing(String name, String what) {
        return new NullPointerException(name + ": expected " + what + ", got null");
    }
}
