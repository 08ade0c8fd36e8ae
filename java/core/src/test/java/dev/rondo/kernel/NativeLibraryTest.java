package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is opened and what is refused; what happens without JavaCPP or without permission stands in {@link
 * BackendsTest}.
 */
class NativeLibraryTest {
    private static final String OTHER_ID = "0123456789abcdef";

    @Test
    void opensTheLibraryOfThisBuild() {
        Available.assume(Backend.NATIVE);
        assertEquals(Optional.empty(), NativeLibrary.open(null, NativeLibrary::buildId).missing());
    }

    @Test
    void refusesALibraryOfOtherSources() throws IOException {
        Available.assume(Backend.NATIVE);
        String file = NativeLibrary.file().toString();
        String expected = file + ": expected build id " + OTHER_ID + ", got " + NativeLibrary.buildId();
        assertEquals(expected, reason(file, OTHER_ID));
    }

    @Test
    void saysWhichResourceIsNotThere() {
        String reason = reason(null, OTHER_ID);
        assertTrue(reason.matches("no library for \\S+ on the class path: dev/rondo/kernel/\\S*rondo-" + OTHER_ID
                + "\\S* not found"), reason);
    }

    @Test
    void saysWhichFileCannotBeOpened(@TempDir Path directory) throws IOException {
        String expected = "rondo.native.path: expected a library of this machine, got ";
        Path absent = Path.of("no", "such", "library");
        assertEquals(expected + absent + ", which does not exist", reason(absent.toString(), "0"));
        Path text = Files.writeString(directory.resolve("library"), "no library");
        assertEquals(expected + text + ", which cannot be opened as one", reason(text.toString(), "0"));
    }

    @Test
    void everyStatusHasItsException() {
        Available.assume(Backend.NATIVE);
        NativeCalls.check(0, "pass");
        assertStatus(IllegalArgumentException.class, 1);
        assertStatus(OutOfMemoryError.class, 2);
        assertStatus(UnsupportedOperationException.class, 3);
        assertStatus(IllegalStateException.class, 4);
    }

    private static void assertStatus(Class<? extends Throwable> type, int status) {
        String message = assertThrows(type, () -> NativeCalls.check(status, "pass")).getMessage();
        assertTrue(message.matches("pass: .+"), message);
    }

    @Test
    void aCellItDoesNotHaveIsNotFound() {
        Available.assume(Backend.NATIVE);
        assertTrue(NativeCalls.findCell("lstm") >= 0);
        assertEquals(-1, NativeCalls.findCell("no such cell"));
    }

    /** A second copy would have its own threads, which nobody limits. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void theProcessHoldsOneOpenBlas() throws IOException {
        Available.assume(Backend.NATIVE);
        OpenBlas.loadFor(IsaTier.BASELINE, 1000, 1000, 1000);
        assertTrue(OpenBlas.describe(IsaTier.BASELINE).startsWith("OpenBLAS "), OpenBlas.describe(IsaTier.BASELINE));
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            assertEquals(1, maps.map(line -> line.substring(line.indexOf('/') + 1))
                    .filter(file -> file.matches(".*/libopenblas[^/]*"))
                    .distinct()
                    .count());
        }
    }

    private static String reason(String path, String buildId) {
        return NativeLibrary.open(path, () -> buildId).missing().orElseThrow();
    }
}
