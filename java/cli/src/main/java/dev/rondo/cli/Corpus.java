package dev.rondo.cli;

import dev.rondo.text.MalformedTextException;
import dev.rondo.text.TextSource;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * The text to learn: files one after the other, in an order that their names decide, so that the same files always
 * give the same text.
 *
 * @param source what was asked for
 * @param files that it comes from, none of them empty
 * @param leftOut how many files of the directories are not UTF-8 text
 */
record Corpus(String source, List<Path> files, int leftOut) {
    private static final Set<String> OUTPUT_DIRECTORIES = Set.of("target", "build", "runs");
    private static final Set<String> PROJECT_SUFFIXES = Set.of("java", "cpp", "h", "md", "cmake");
    private static final Set<String> PROJECT_NAMES = Set.of("pom.xml", "CMakeLists.txt", "CMakePresets.json", "rondo");

    /**
     * Takes files, and whatever text is in directories. In these, what is hidden and directories of output (target,
     * build, runs) are passed over.
     *
     * @throws Failure if there is nothing in them
     */
    static Corpus of(List<Path> paths) throws IOException {
        var builder = new Builder();
        for (Path path : paths) {
            if (Files.isDirectory(path)) {
                filesBelow(path, _ -> true, Comparator.comparing(Corpus::names, Arrays::compare))
                        .forEach(builder::addIfText);
            } else {
                builder.add(path);
            }
        }
        return builder.build(paths.stream().map(Path::toString).collect(Collectors.joining(", ")));
    }

    /**
     * Takes the sources and documents of the project in {@code home}, mixed, in the order of a hash of their names:
     * sorted, the last part, which is for validation, would be in another language than most of the rest.
     */
    static Corpus ofProject(Path home) throws IOException {
        var builder = new Builder();
        Comparator<Path> mixed = Comparator.comparing(file -> Arrays.hashCode(names(home.relativize(file))));
        filesBelow(home, Corpus::isSourceOrDocument, mixed).forEach(builder::addIfText);
        return builder.build(home.toString());
    }

    /** {@return all of it; each file begins a new line} */
    TextSource text() {
        return TextSource.of(files);
    }

    /** {@return where it comes from, in a few words} */
    String describe() {
        String from = files.size() == 1 ? source : Figures.count(files.size(), "file") + " of " + source;
        return leftOut == 0 ? from : from + " (" + Figures.count(leftOut, "other") + " left out, not being text)";
    }

    private static boolean isSourceOrDocument(Path file) {
        String name = file.getFileName().toString();
        return PROJECT_NAMES.contains(name) || PROJECT_SUFFIXES.contains(name.substring(name.lastIndexOf('.') + 1));
    }

    private static List<Path> filesBelow(Path root, Predicate<Path> wanted, Comparator<Path> order) throws IOException {
        var files = new ArrayList<Path>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                boolean skip = !directory.equals(root)
                        && (isHidden(directory) || OUTPUT_DIRECTORIES.contains(directory.getFileName().toString()));
                return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile() && !isHidden(file) && wanted.test(file)) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        files.sort(order);
        return files;
    }

    /** The names of directories and file: unlike the path, the same on every system. */
    private static String[] names(Path path) {
        return StreamSupport.stream(path.spliterator(), false).map(Path::toString).toArray(String[]::new);
    }

    private static boolean isHidden(Path path) {
        return path.getFileName().toString().startsWith(".");
    }

    private static final class Builder {
        private final List<Path> files = new ArrayList<>();
        private int leftOut;

        void add(Path file) throws IOException {
            if (Files.size(file) > 0) {
                files.add(file);
            }
        }

        /** Reads all of it, for what is no text may be seen at its very end. */
        void addIfText(Path file) {
            try (Reader text = TextSource.of(List.of(file)).open()) {
                text.transferTo(Writer.nullWriter());
                add(file);
            } catch (MalformedTextException _) {
                leftOut++;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        Corpus build(String source) {
            if (files.isEmpty()) {
                throw new Failure(source + ": no text in it");
            }
            return new Corpus(source, List.copyOf(files), leftOut);
        }
    }
}
