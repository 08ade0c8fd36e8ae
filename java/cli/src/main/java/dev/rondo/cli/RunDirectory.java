package dev.rondo.cli;

import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.TextCorpus;
import dev.rondo.text.TextSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;

/**
 * The directory of one training: the checkpoints, and beside them the text as tokens, its validation part as text, the
 * evaluations and their curve.
 */
record RunDirectory(Path path) {
    private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("uuuu-MM-dd-HHmmss");

    /** {@return a directory below {@code runs}, named by the time, that does not exist yet} */
    static RunDirectory byTime() {
        String name = LocalDateTime.now().format(NAME);
        Path path = Path.of("runs", name);
        for (int i = 2; Files.exists(path); i++) {
            path = Path.of("runs", name + "-" + i);
        }
        return new RunDirectory(path);
    }

    /** {@return its own name, without those of the directories that it is in} */
    String name() {
        Path name = path.toAbsolutePath().normalize().getFileName();
        return name == null ? path.toString() : name.toString();
    }

    /** {@return the whole text as earlier trainings kept it, instead of its tokens} */
    Path text() {
        return path.resolve("text.txt");
    }

    /** {@return the corpus in it, needed to resume} */
    TextCorpus corpus() throws IOException {
        return Files.exists(path.resolve(TextCorpus.CORPUS)) || !Files.exists(text())
                ? TextCorpus.open(path)
                : TextCorpus.builder(TextSource.of(List.of(text()))).build();
    }

    /** {@return the part of the text that was kept for validation} */
    Path validationText() {
        return path.resolve("validation.txt");
    }

    /** {@return all evaluations, as JSON lines} */
    Path evaluations() {
        return path.resolve("evaluations.jsonl");
    }

    /** {@return what a report tells beside the evaluations, as JSON lines} */
    Path journal() {
        return path.resolve("journal.jsonl");
    }

    /** {@return the loss curve} */
    Path curve() {
        return path.resolve("loss.png");
    }

    /** {@return the model with the lowest validation loss} */
    Path best() {
        return path.resolve(LanguageModelTrainer.BEST);
    }

    /** {@return the checkpoint to go on from} */
    Path last() {
        return path.resolve(LanguageModelTrainer.LAST);
    }

    /** {@return the seed of the training that can be gone on with; 0 if it does not say} */
    long seed() throws IOException {
        return Long.parseLong(LanguageModelTrainer.settings(last()).getOrDefault("seed", "0"));
    }

    /** {@return whether there is anything for a report in it} */
    boolean hasRecord() {
        return Files.exists(evaluations()) || Files.exists(journal());
    }

    /** {@return whether there is a training in it that can be gone on with} */
    boolean isResumable() {
        return Files.exists(last());
    }

    /**
     * Makes sure that no file of another kind is written over: a directory without a training must hold none of these
     * names.
     *
     * @throws Failure if it holds one
     */
    void refuseToReplace() {
        for (Path file : List.of(path.resolve(TextCorpus.CORPUS), path.resolve(TextCorpus.TOKENS), validationText(),
                evaluations(), journal(), curve(), best())) {
            if (Files.exists(file)) {
                throw new Failure(file + ": exists, and is no part of a training; --out names another directory");
            }
        }
    }

    /** Removes what was made for a training that does not come about. */
    void discard() throws IOException {
        for (Path file : List.of(path.resolve(TextCorpus.CORPUS), path.resolve(TextCorpus.TOKENS), validationText())) {
            Files.deleteIfExists(file);
        }
    }
}
