package dev.rondo.cli;

import dev.rondo.text.TextUnit;
import dev.rondo.text.TrainingListener;

/** Shows a training under way: as a bar on a terminal, as lines anywhere else. Closing leaves the last figures. */
interface ProgressDisplay extends TrainingListener, AutoCloseable {
    @Override
    void close();

    /** {@return what suits standard output} */
    static ProgressDisplay on(Streams streams, TextUnit unit) {
        return streams.terminal() ? new BarDisplay(streams.out(), unit) : new LinesDisplay(streams.out());
    }
}
