package dev.rondo.cli;

/** Shows a run under way: as a bar on a terminal, as plain lines anywhere else. Closing leaves the last figures standing. */
interface ProgressDisplay extends AutoCloseable {
    /** Takes note of one more training step. */
    void stepped(Snapshot now);

    /** Takes note of one more evaluation. */
    void evaluated(Snapshot now);

    @Override
    void close();

    /** {@return what suits standard output} */
    static ProgressDisplay on(Streams streams) {
        return streams.terminal() ? new BarDisplay(streams.out()) : new LinesDisplay(streams.out());
    }
}
