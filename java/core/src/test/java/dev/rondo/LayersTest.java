package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A package uses only those below it, as docs/design.md draws them. */
class LayersTest {
    private static final Path SOURCES = Path.of(System.getProperty("rondo.home"), "java/core/src/main/java/dev/rondo");

    /** The highest first; those of one line do not use each other. */
    private static final List<String> LAYERS =
            List.of("text check", "train reservoir", "network", "io cell.", "kernel", "cell", "memory");

    private static final Pattern IMPORT = Pattern.compile("(?:import |\\b)dev\\.rondo\\.((?:[a-z]+\\.)+)[A-Z]");

    @Test
    void packagesUseOnlyThoseBelow() throws IOException {
        var wrong = new ArrayList<String>();
        int files = 0;
        try (Stream<Path> paths = Files.walk(SOURCES)) {
            for (Path file : paths.filter(path -> path.toString().endsWith(".java")).toList()) {
                files++;
                String own = SOURCES.relativize(file.getParent()).toString().replace('/', '.');
                IMPORT.matcher(Files.readString(file)).results()
                        .map(match -> match.group(1).substring(0, match.group(1).length() - 1))
                        .filter(used -> !used.equals(own) && layer(used) <= layer(own))
                        .forEach(used -> wrong.add(file.getFileName() + " (" + own + ") uses " + used));
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(files > 100, files + " files");
    }

    private static int layer(String name) {
        for (int layer = 0; layer < LAYERS.size(); layer++) {
            for (String known : LAYERS.get(layer).split(" ")) {
                if (name.equals(known) || known.endsWith(".") && name.startsWith(known)) {
                    return layer;
                }
            }
        }
        throw new AssertionError("a package without a place: " + name);
    }
}
