package dev.rondo.text;

/** The tokens of a text, in memory or in a file. Any number of threads may read them. */
public interface Tokens {
    /** {@return how many there are} */
    long length();

    /**
     * {@return the token at a position}
     *
     * @param position from 0 to below the length
     * @throws IndexOutOfBoundsException if it is not
     */
    int at(long position);
}
