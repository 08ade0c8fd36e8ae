package dev.rondo.cli.experiment;

import java.util.List;

/** A published experiment, to be run again. */
public interface Experiment {
    /** {@return all of them} */
    static List<Experiment> all() {
        return List.of(Redrawing.sines(5), Redrawing.generation(), new Vanishing(),
                new LongLags(AddingProblem.published()), new LongLags(TemporalOrder.published()),
                new EmbeddedReber(), new ShortLag(),
                new MackeyGlass(), new Narma(), new MemoryCapacity(),
                new AnBnCn(), new MackeyGlassFilter(), new OnlineCopy());
    }

    /** {@return the name on the command line} */
    String name();

    /** {@return what it shows, in one line} */
    String summary();

    /**
     * Runs it. The same seed gives the same findings, whatever the number of threads.
     *
     * @param seed what weights and data are drawn from
     * @param threads trials that run side by side
     * @param progress hears what has been done
     * @throws InterruptedException if the thread was interrupted
     */
    Findings run(long seed, int threads, Progress progress) throws InterruptedException;
}
