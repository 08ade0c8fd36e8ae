package dev.rondo.io;

import java.io.IOException;
import java.nio.file.Path;

/** A file is not a checkpoint that this version reads; the message names it and says what is wrong. */
public final class CheckpointException extends IOException {
    CheckpointException(Path file, String problem) {
        super(file + ": " + problem);
    }

    CheckpointException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}
