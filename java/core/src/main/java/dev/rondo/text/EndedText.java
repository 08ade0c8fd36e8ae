package dev.rondo.text;

import java.util.function.Consumer;

/** Hands on a text that comes in parts, up to where it ends; holds back what may be the beginning of a stop. */
final class EndedText {
    private final Ending ending;
    private final Consumer<String> sink;
    private final StringBuilder held = new StringBuilder();

    EndedText(Ending ending, Consumer<String> sink) {
        this.ending = ending;
        this.sink = sink;
    }

    /** Takes the next part; returns whether the text ended in it, and nothing more will come. */
    boolean accept(String part) {
        if (ending.stops().isEmpty()) {
            hand(part);
            return false;
        }
        held.append(part);
        int stop = ending.stopIn(held);
        int certain = stop >= 0 ? stop : held.length() - ending.mayBeginStop(held);
        hand(held.substring(0, certain));
        held.delete(0, certain);
        return stop >= 0;
    }

    /** There was no stop: hands on what was held back. */
    void finish() {
        hand(held.toString());
    }

    private void hand(String text) {
        if (!text.isEmpty()) {
            sink.accept(text);
        }
    }
}
