package dev.rondo.cli.experiment;

/** Hears how far an experiment is. */
@FunctionalInterface
public interface Progress {
    /**
     * Hears what has been done.
     *
     * @param text a line
     */
    void line(String text);

    /**
     * Hears how much of a part of the experiment, of which one can say so, is done.
     *
     * @param done from 0 to 1, at which the part ends
     * @param text what was found so far
     */
    default void share(double done, String text) {}
}
