package dev.rondo.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** A command cannot go on, for a reason that its user can understand; the message is that reason in one line. */
class Failure extends RuntimeException {
    Failure(String message) {
        super(message);
    }

    Failure(String message, Throwable cause) {
        super(message, cause);
    }

    /** {@return what {@code problem} means to the user, in one line} */
    static String describe(Throwable problem) {
        String line = switch (problem) {
            case UncheckedIOException e -> describe(e.getCause());
            case FileSystemException e -> e.getFile() + ": " + reason(e);
            case OutOfMemoryError e -> "not enough memory: " + e.getMessage();
            case Failure e -> e.getMessage();
            case IOException e when e.getMessage() != null -> e.getMessage();
            // The library says with these what was expected and what it got, or what is not available and why.
            case IllegalArgumentException e when e.getMessage() != null -> e.getMessage();
            case UnsupportedOperationException e when e.getMessage() != null -> e.getMessage();
            default -> "unexpected " + problem + "; with --debug it shows where";
        };
        return oneLine(line);
    }

    static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " ");
    }

    private static String reason(FileSystemException e) {
        return switch (e) {
            case NoSuchFileException _ -> e.getReason() == null ? "no such file or directory" : e.getReason();
            case AccessDeniedException _ -> "permission denied";
            case NotDirectoryException _ -> "not a directory";
            case FileAlreadyExistsException _ -> "exists and is not a directory";
            default -> e.getReason() == null ? "cannot be read or written" : e.getReason();
        };
    }
}
