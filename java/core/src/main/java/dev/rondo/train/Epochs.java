package dev.rondo.train;

import dev.rondo.cell.CellShape;
import java.nio.file.Path;
import java.util.Objects;

/**
 * For how long {@link Trainer#fit} trains, and what it does meanwhile: a value.
 *
 * <pre>{@code
 * Epochs epochs = Epochs.of(100).patience(5).minimumImprovement(1e-3).keepBest().listener(System.out::println);
 * }</pre>
 *
 * <p>An epoch is better than those before if its validation loss, or without a validation set its training loss, is
 * lower than the lowest so far by more than the minimum improvement. The first is better than none, unless its loss
 * is not a number.
 */
public final class Epochs {
    private static final FitListener NOBODY = _ -> { };

    private final int count;
    private final int patience;
    private final double minimumImprovement;
    private final Best best; // null = the parameters of the last step stay
    private final FitListener listener;

    /** That the best parameters are kept, and in which file; null = in memory only. */
    private record Best(Path file) {}

    private Epochs(int count, int patience, double minimumImprovement, Best best, FitListener listener) {
        this.count = count;
        this.patience = patience;
        this.minimumImprovement = minimumImprovement;
        this.best = best;
        this.listener = listener;
    }

    /**
     * {@return so many epochs, without more}
     *
     * @param count at least 1
     * @throws IllegalArgumentException if it is not
     */
    public static Epochs of(int count) {
        return new Epochs(CellShape.atLeastOne("epochs", count), Integer.MAX_VALUE, 0, null, NOBODY);
    }

    /**
     * {@return these, ended early once so many in a row were not better than those before}; default: never
     *
     * @param epochs at least 1
     * @throws IllegalArgumentException if it is not
     */
    public Epochs patience(int epochs) {
        CellShape.atLeastOne("patience", epochs);
        return new Epochs(count, epochs, minimumImprovement, best, listener);
    }

    /**
     * {@return these, of which one is better only if its loss is lower by more than a least difference}
     *
     * @param loss at least 0, finite, of the unit of the loss; default 0
     * @throws IllegalArgumentException if it is not
     */
    public Epochs minimumImprovement(double loss) {
        Settings.notNegative("minimumImprovement", loss);
        return new Epochs(count, patience, loss, best, listener);
    }

    /**
     * {@return these, after which the network has the parameters that it had after the best epoch}, also if training
     * ends by an exception; default: those of the last step. What the optimiser remembers is that of the last step in
     * either case
     */
    public Epochs keepBest() {
        return new Epochs(count, patience, minimumImprovement, new Best(null), listener);
    }

    /**
     * {@return these, after which the network has the parameters of the best epoch, as {@link #keepBest()} says, and
     * with these in {@code file}}
     *
     * @param file for {@link dev.rondo.network.Network#load}, replaced after each epoch that is better, at once or
     *     not at all. That its directory is missing or cannot be written to ends the training by an {@link
     *     java.io.UncheckedIOException} before its first step; that it cannot be written, after the epoch
     */
    public Epochs keepBest(Path file) {
        Objects.requireNonNull(file, "file: expected one, got null");
        return new Epochs(count, patience, minimumImprovement, new Best(file), listener);
    }

    /**
     * {@return these with a listener}
     *
     * @param value who hears of epochs and steps; default: nobody
     */
    public Epochs listener(FitListener value) {
        Objects.requireNonNull(value, "listener: expected one, got null");
        return new Epochs(count, patience, minimumImprovement, best, value);
    }

    int count() {
        return count;
    }

    int patience() {
        return patience;
    }

    double minimumImprovement() {
        return minimumImprovement;
    }

    boolean keepsBest() {
        return best != null;
    }

    /** {@return where the best parameters go, or null} */
    Path file() {
        return best == null ? null : best.file;
    }

    FitListener listener() {
        return listener;
    }
}
