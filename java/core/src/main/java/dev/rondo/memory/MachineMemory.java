package dev.rondo.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What the machine has left. Linux promises memory that it does not have, and ends the process that takes it at its
 * word: what is zeroed at once must be there.
 */
final class MachineMemory {
    /** Of what is smaller nobody is asked. */
    private static final long LARGE = 1L << 26;

    private static final Path LINUX = Path.of("/proc/meminfo");
    private static final double GIB = 1L << 30;

    private MachineMemory() {}

    /**
     * Makes sure that {@code bytes} more can be had, where that is known.
     *
     * @throws OutOfMemoryError if not
     */
    static void require(String owner, long bytes) {
        if (bytes >= LARGE) {
            require(owner, bytes, left(LINUX));
        }
    }

    static void require(String owner, long bytes, long left) {
        if (bytes > left) {
            throw new OutOfMemoryError(String.format(
                    Locale.ROOT, "%s: needs %.1f GiB, the machine has %.1f GiB left", owner, bytes / GIB, left / GIB));
        }
    }

    /** {@return the bytes that a file like {@code /proc/meminfo} says are left; without limit if it does not} */
    static long left(Path file) {
        try {
            List<String> lines = Files.readAllLines(file);
            return Math.addExact(kibibytes(lines, "MemAvailable"), kibibytes(lines, "SwapFree")) << 10;
        } catch (IOException | RuntimeException e) {
            return Long.MAX_VALUE; // another system, or a Linux that says less
        }
    }

    private static long kibibytes(List<String> lines, String name) {
        String line = lines.stream().filter(each -> each.startsWith(name + ":")).findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", ""));
    }
}
