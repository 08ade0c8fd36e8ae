package dev.rondo.train;

import java.util.List;
import java.util.Objects;

/**
 * How a training went.
 *
 * @param history its epochs, in order; cannot be changed
 * @param end why it ended
 */
public record FitResult(List<EpochResult> history, End end) {
    /** Why a training ended. */
    public enum End {
        /** All epochs were made. */
        ALL_EPOCHS,
        /** Patience ran out. */
        NO_IMPROVEMENT,
        /** {@link Trainer#stop()} was called. */
        STOPPED
    }

    /** Copies the history. */
    public FitResult {
        Objects.requireNonNull(history, "history: expected a list of epochs, got null");
        for (int i = 0; i < history.size(); i++) {
            Objects.requireNonNull(history.get(i), "history[" + i + "]: expected an epoch, got null");
        }
        history = List.copyOf(history);
        Objects.requireNonNull(end, "end: expected a reason, got null");
    }

    /** {@return the best epoch, or null if no loss was a number} */
    public EpochResult best() {
        return history.stream().filter(EpochResult::best).reduce((_, later) -> later).orElse(null);
    }
}
