package dev.rondo.cli;

import dev.rondo.text.Budget;
import picocli.CommandLine.Option;

/** How long to train: one of three options, kept with the training as text. */
final class TrainingLength {
    /** What {@code rondo train} does if nothing is said. */
    private static final double DEFAULT_MINUTES = 1;

    @Option(names = "--steps", paramLabel = "N", description = "Trains until so many steps are made.")
    private Long steps;

    @Option(names = "--epochs", paramLabel = "N", description = "Trains until the text was read so many times.")
    private Long epochs;

    @Option(names = "--minutes", paramLabel = "X",
            description = "Trains for so long. Without --steps, --epochs and --minutes: 1 minute.")
    private Double minutes;

    static TrainingLength byDefault() {
        var length = new TrainingLength();
        length.minutes = DEFAULT_MINUTES;
        return length;
    }

    /** {@return what {@link #toString} wrote} */
    static TrainingLength parse(String text) {
        String[] words = text.split(" ");
        var length = new TrainingLength();
        switch (words[0]) {
            case "steps" -> length.steps = Long.valueOf(words[1]);
            case "epochs" -> length.epochs = Long.valueOf(words[1]);
            case "minutes" -> length.minutes = Double.valueOf(words[1]);
            default -> throw new IllegalArgumentException("length: expected steps, epochs or minutes, got " + text);
        }
        return length;
    }

    /**
     * {@return the budget of a run, if {@code secondsBefore} were spent in runs before it}
     *
     * @throws IllegalArgumentException if the option's value is too small, naming the option
     */
    Budget budget(double secondsBefore) {
        if (steps != null) {
            return Budget.steps(steps);
        }
        return epochs != null ? Budget.epochs(epochs) : Budget.minutes(minutes - secondsBefore / 60);
    }

    /** {@return whether nothing is left of it; epochs are counted by the trainer alone} */
    boolean isOver(long stepsBefore, double secondsBefore) {
        return steps != null && stepsBefore >= steps || minutes != null && secondsBefore >= minutes * 60;
    }

    /** {@return "1 minute", "2,000 steps"} */
    String describe() {
        if (steps != null) {
            return Figures.count(steps, "step");
        }
        return epochs != null ? Figures.count(epochs, "epoch") : Figures.amount(minutes, "minute");
    }

    @Override
    public String toString() {
        if (steps != null) {
            return "steps " + steps;
        }
        return epochs != null ? "epochs " + epochs : "minutes " + minutes;
    }
}
