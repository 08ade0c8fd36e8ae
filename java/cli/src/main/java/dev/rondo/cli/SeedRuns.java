package dev.rondo.cli;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The directory of trainings by several seeds: one directory for each, and the command that they were begun by.
 *
 * @param path of it
 */
record SeedRuns(Path path) {
    private static final Gson GSON = new Gson();
    private static final String PREFIX = "seed-";

    /** {@return the directory of a training} */
    RunDirectory of(long seed) {
        return new RunDirectory(path.resolve(PREFIX + seed));
    }

    private Path command() {
        return path.resolve("seeds.json");
    }

    /** {@return whether there is a command in it to go on by} */
    boolean isResumable() {
        return Files.exists(command());
    }

    /** {@return the arguments that {@code rondo} was begun with, {@code --out} with this directory at their end} */
    List<String> arguments() throws IOException {
        var arguments = new ArrayList<>(kept());
        arguments.addAll(List.of("--out", path.toString()));
        return arguments;
    }

    private List<String> kept() throws IOException {
        try {
            return List.of(GSON.fromJson(Files.readString(command()), String[].class));
        } catch (JsonParseException | NullPointerException e) {
            throw new IOException(command() + ": expected the arguments of a training", e);
        }
    }

    /**
     * Keeps the arguments, but for {@code --out}: the directory may be moved.
     *
     * @throws Failure if others are kept
     */
    void keep(List<String> arguments) throws IOException {
        var kept = new ArrayList<>(arguments);
        int out = kept.indexOf("--out");
        if (out >= 0) {
            kept.subList(out, out + 2).clear();
        }
        kept.removeIf(argument -> argument.startsWith("--out="));
        if (!isResumable()) {
            Files.createDirectories(path);
            Files.writeString(command(), GSON.toJson(kept));
        } else if (!kept.equals(kept())) {
            throw new Failure(path + ": holds trainings already, begun by another command; --resume " + path
                    + " goes on with them");
        }
    }

    /** Removes what {@link #keep} made, if no training was begun; the directory, too, unless it was there before. */
    void discardIfEmpty(boolean existed) throws IOException {
        if (all().isEmpty()) {
            Files.deleteIfExists(command());
            if (!existed) {
                Files.deleteIfExists(path);
            }
        }
    }

    /** {@return the directories of the trainings that were begun, by seed; none if this is no such directory} */
    List<RunDirectory> all() throws IOException {
        try (var files = Files.list(path)) {
            return files.filter(file -> file.getFileName().toString().matches(PREFIX + "-?\\d+"))
                    .sorted(Comparator.comparingLong(
                            file -> Long.parseLong(file.getFileName().toString().substring(PREFIX.length()))))
                    .map(RunDirectory::new).filter(RunDirectory::isResumable).toList();
        }
    }
}
