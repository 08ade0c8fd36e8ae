package dev.rondo.text;

import java.util.Arrays;

/**
 * Words by number, and numbers by word: an open hash table over one array of characters, which takes a fifth of the
 * memory of a map of strings, and finds a word in a buffer without making one.
 */
final class WordTable {
    private char[] characters = new char[1 << 12]; // of all words, one after the other
    private int[] ends = new int[1 << 9]; // where each word ends in them
    private int[] slots = new int[1 << 10]; // 1 + a word's number; 0 = free
    private int size;

    /** {@return how many words there are} */
    int size() {
        return size;
    }

    /** {@return word {@code i}} */
    String get(int i) {
        int begin = begin(i);
        return new String(characters, begin, ends[i] - begin);
    }

    /** {@return the number of a word, the first {@code length} of {@code word}; -1 if it is not there} */
    int find(char[] word, int length) {
        return slots[slot(word, length)] - 1;
    }

    /** {@return the number of a word, which is the next free one if it was not there} */
    int add(char[] word, int length) {
        int slot = slot(word, length);
        if (slots[slot] == 0) {
            slots[slot] = append(word, length) + 1;
            if (2 * size > slots.length) {
                enlarge();
            }
            return size - 1;
        }
        return slots[slot] - 1;
    }

    private int append(char[] word, int length) {
        int begin = begin(size);
        int end = Math.addExact(begin, length);
        if (end > characters.length) {
            characters = Arrays.copyOf(characters, Math.max(end, characters.length + (characters.length >> 1)));
        }
        if (size == ends.length) {
            ends = Arrays.copyOf(ends, size + (size >> 1));
        }
        System.arraycopy(word, 0, characters, begin, length);
        ends[size] = end;
        return size++;
    }

    private void enlarge() {
        slots = new int[Math.multiplyExact(slots.length, 2)];
        for (int i = 0; i < size; i++) {
            int begin = begin(i);
            int slot = hash(characters, begin, ends[i]);
            while (slots[slot] != 0) {
                slot = slot + 1 & slots.length - 1;
            }
            slots[slot] = i + 1;
        }
    }

    /** {@return the slot of a word, or the free one that it would go into} */
    private int slot(char[] word, int length) {
        int slot = hash(word, 0, length);
        while (slots[slot] != 0 && !isWord(slots[slot] - 1, word, length)) {
            slot = slot + 1 & slots.length - 1;
        }
        return slot;
    }

    private boolean isWord(int i, char[] word, int length) {
        return Arrays.equals(characters, begin(i), ends[i], word, 0, length);
    }

    private int begin(int i) {
        return i == 0 ? 0 : ends[i - 1];
    }

    private int hash(char[] text, int begin, int end) {
        int hash = 0;
        for (int i = begin; i < end; i++) {
            hash = 31 * hash + text[i];
        }
        hash *= 0x9E3779B9; // 2^32 by the golden ratio (Knuth): spreads to the upper bits
        return (hash ^ hash >>> 15) & slots.length - 1;
    }
}
