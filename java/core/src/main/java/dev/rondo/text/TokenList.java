package dev.rondo.text;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntConsumer;

/** Tokens in memory, one added after the other. */
final class TokenList implements Tokens, IntConsumer {
    private int[] tokens = new int[64];
    private int length;

    /** {@return a list of {@code tokens}, which it keeps} */
    static TokenList of(int... tokens) {
        var list = new TokenList();
        list.tokens = tokens;
        list.length = tokens.length;
        return list;
    }

    /**
     * {@return {@code token}, which is one of {@code size}}
     *
     * @throws IllegalArgumentException if it is not
     */
    static int checked(int token, int size) {
        if (token < 0 || token >= size) {
            throw new IllegalArgumentException("token: expected 0 to " + (size - 1) + ", got " + token);
        }
        return token;
    }

    @Override
    public void accept(int token) {
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, length + (length >> 1) + 1);
        }
        tokens[length++] = token;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public int at(long position) {
        return tokens[Math.toIntExact(Objects.checkIndex(position, (long) length))];
    }

    int[] toArray() {
        return Arrays.copyOf(tokens, length);
    }
}
