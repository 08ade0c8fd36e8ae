package dev.rondo.cli;

import dev.rondo.text.TrainingListener;

/** Shows a training under way: as a bar on a terminal, as lines anywhere else. Closing leaves the last figures. */
interface ProgressDisplay extends TrainingListener, AutoCloseable {
    @Override
    void close();

    /** {@return what suits standard output} */
    static ProgressDisplay on(Streams streams) {
        return streams.terminal() ? new BarDisplay(streams.out()) : new LinesDisplay(streams.out());
    }
}
