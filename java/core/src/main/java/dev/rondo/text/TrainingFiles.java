package dev.rondo.text;

import static dev.rondo.text.LanguageModelTrainer.BEST;
import static dev.rondo.text.LanguageModelTrainer.LAST;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The checkpoints of one training: the last and the best, in a directory or nowhere. */
final class TrainingFiles {
    private static final String FINGERPRINT = "training.text";
    private static final String VALIDATION = "validation.loss";
    private static final String NOTE = "note.";

    private final Path directory; // null = nothing is saved
    private final String fingerprint; // of the text
    private final Map<String, String> notes;
    private double best = Double.POSITIVE_INFINITY;
    private boolean begun;

    TrainingFiles(Path directory, String fingerprint, Map<String, String> notes) {
        this.directory = directory;
        this.fingerprint = fingerprint;
        this.notes = new TreeMap<>(notes);
    }

    /**
     * {@return the last checkpoint in {@code directory}}
     *
     * @throws IllegalArgumentException if it is of a training on another text
     */
    static Checkpoint last(Path directory, TextCorpus corpus) throws IOException {
        Checkpoint last = Checkpoint.read(directory.resolve(LAST));
        if (!last.text(FINGERPRINT).equals(corpus.fingerprint())) {
            throw new IllegalArgumentException("text: expected the one that the training in " + directory
                    + " was begun on, got another");
        }
        return last;
    }

    static Map<String, String> notes(Checkpoint checkpoint) throws CheckpointException {
        return checkpoint.texts(NOTE);
    }

    /**
     * Goes on from {@code last}, whose best model counts only if it is in the same directory. That may be one
     * evaluation ahead, if it was the last thing to be written; that evaluation will come again, and be the best again.
     */
    void resume(Checkpoint last) throws IOException {
        if (directory != null && Files.exists(directory.resolve(BEST)) && Files.exists(directory.resolve(LAST))
                && Files.isSameFile(directory.resolve(LAST), last.file())) {
            Checkpoint says = last.has(VALIDATION) ? last : Checkpoint.read(directory.resolve(BEST)); // earlier ones
            best = Double.longBitsToDouble(says.longs(VALIDATION, 1)[0]);
        }
    }

    /** Makes the directory, if there is one, the training's own: says at once if it cannot be written. */
    void begin(LanguageModelTrainer training) throws IOException {
        if (directory == null || begun) {
            return;
        }
        Files.createDirectories(directory);
        save(training);
        if (best == Double.POSITIVE_INFINITY) {
            Files.deleteIfExists(directory.resolve(BEST)); // another training's, which these checkpoints replace
        }
        begun = true;
    }

    /** Keeps the model if {@code validationLoss} is the lowest so far; returns whether it is. */
    boolean keepBest(LanguageModelTrainer training, double validationLoss) throws IOException {
        if (!(validationLoss < best)) {
            return false;
        }
        best = validationLoss;
        if (directory != null) {
            with(training::writeModel).write(directory.resolve(BEST));
        }
        return true;
    }

    /** Writes everything that goes on with {@code training}. */
    void save(LanguageModelTrainer training) throws IOException {
        if (directory == null) {
            return;
        }
        with(training::write).text(FINGERPRINT, fingerprint).write(directory.resolve(LAST));
    }

    private Checkpoint.Builder with(Consumer<Checkpoint.Builder> writer) {
        Checkpoint.Builder checkpoint =
                Checkpoint.builder().add(writer).longs(VALIDATION, Double.doubleToLongBits(best));
        notes.forEach((key, value) -> checkpoint.text(NOTE + key, value));
        return checkpoint;
    }
}
