package dev.rondo.train;

import dev.rondo.memory.Parameters;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Batches;
import dev.rondo.network.Metrics;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.FitResult.End;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One run of {@link Trainer#fit}: epochs of steps, what is watched, and the best parameters so far. */
final class Fit {
    private static final Logger LOGGER = System.getLogger("dev.rondo.train");

    private final Trainer trainer;
    private final Epochs epochs;
    private final Batches training;
    private final Batches validation; // null without
    private final MemorySegment best; // parameters; null unless they are kept
    private final List<EpochResult> history = new ArrayList<>();
    private double lowest = Double.POSITIVE_INFINITY;
    private int withoutImprovement;
    private boolean hasBest;
    private int number; // of the epoch, from 1 on
    private double lossSum;
    private double weight;
    private long counted;

    /**
     * A run of {@code epochs}.
     *
     * @param validation null without
     * @param memory for what it keeps, closed after it
     * @throws IllegalArgumentException if data in memory do not fit
     * @throws UncheckedIOException if there is no place for the file that the best parameters go to
     */
    Fit(Trainer trainer, Batches training, Batches validation, Epochs epochs, Workspace memory) {
        this.trainer = trainer;
        this.training = training;
        this.validation = validation;
        this.epochs = epochs;
        if (epochs.file() != null) {
            checkPlace(epochs.file().toAbsolutePath());
        }
        training.check();
        if (validation != null) {
            validation.check();
        }
        this.best = epochs.keepsBest() ? memory.allocateBytes(parameters().slab().byteSize()) : null;
    }

    /** That the file cannot be written is found out now, not after an epoch of work. */
    private static void checkPlace(Path file) {
        if (!Files.isDirectory(file.getParent())) {
            throw cannotKeep(new NoSuchFileException(file.getParent().toString(), null, "no such directory"));
        }
        if (!Files.isWritable(file.getParent()) || Files.isDirectory(file)) {
            throw cannotKeep(new AccessDeniedException(file.toString(), null, "cannot be written"));
        }
    }

    private static UncheckedIOException cannotKeep(IOException e) {
        return new UncheckedIOException("cannot keep the best parameters: " + e.getMessage(), e);
    }

    FitResult run() {
        try {
            for (int i = 0; i < epochs.count(); i++) {
                epoch();
                if (trainer.stopping()) {
                    return new FitResult(history, End.STOPPED);
                }
                if (withoutImprovement >= epochs.patience()) {
                    return new FitResult(history, End.NO_IMPROVEMENT);
                }
            }
            return new FitResult(history, End.ALL_EPOCHS);
        } finally {
            restoreBest();
        }
    }

    private void epoch() {
        lossSum = 0;
        weight = 0;
        counted = 0;
        number = trainer.epochs() + 1;
        training.epoch(number - 1, this::step);
        if (counted == 0 && !trainer.stopping()) {
            throw new IllegalArgumentException("training: expected at least one target that counts, got none");
        }
        double trainingLoss = weight > 0 ? lossSum / weight : Double.NaN;
        Metrics metrics = validation == null ? null : validation.evaluate();
        double watched = metrics == null ? trainingLoss : metrics.loss();
        trainer.observe(watched);
        boolean better = watched < lowest - epochs.minimumImprovement();
        var result = new EpochResult(number, trainer.steps(), trainingLoss, counted, metrics, better);
        history.add(result);
        withoutImprovement = better ? 0 : withoutImprovement + 1;
        if (better) {
            lowest = watched;
            keep();
        }
        LOGGER.log(Level.DEBUG, result::toString);
        epochs.listener().epochEnded(result);
    }

    private boolean step(NetworkPass pass, SequenceBatch batch) {
        StepResult result = trainer.step(pass, batch);
        trainer.began(number); // not earlier: data that are refused are no epoch
        lossSum += result.loss() * pass.lossWeight();
        weight += pass.lossWeight();
        counted += result.counted();
        epochs.listener().stepEnded(result);
        return !trainer.stopping();
    }

    private void keep() {
        if (best != null) {
            best.copyFrom(parameters().slab());
            hasBest = true;
        }
        if (epochs.file() != null) {
            try {
                trainer.network().save(epochs.file());
            } catch (IOException e) {
                throw cannotKeep(e);
            }
        }
    }

    private void restoreBest() {
        if (hasBest) {
            parameters().slab().copyFrom(best);
            parameters().changed();
        }
    }

    private Parameters parameters() {
        return trainer.network().parameters();
    }
}
