package dev.rondo.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class MachineMemoryTest {
    @TempDir
    private Path directory;

    @Test
    void whatIsLeftIsMemoryAndSwap() throws IOException {
        Path file = Files.writeString(directory.resolve("meminfo"), """
                MemTotal:       24684128 kB
                MemFree:          100000 kB
                MemAvailable:    2000000 kB
                SwapTotal:        900000 kB
                SwapFree:          97152 kB
                """);
        assertEquals(2L << 30, MachineMemory.left(file));
        assertEquals(Long.MAX_VALUE, MachineMemory.left(directory.resolve("absent")));
        assertEquals(Long.MAX_VALUE, MachineMemory.left(Files.writeString(directory.resolve("other"), "Mem: 1 kB")));
    }

    @Test
    void moreThanIsLeftIsRefused() {
        MachineMemory.require("network", 1L << 30, 1L << 30);
        assertEquals("network: needs 13.5 GiB, the machine has 1.0 GiB left", assertThrows(OutOfMemoryError.class,
                () -> MachineMemory.require("network", 27L << 29, 1L << 30)).getMessage());
    }

    /** 64 TiB, which addresses of 47 bits would have room for. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aWorkspaceAsksBefore() {
        try (var workspace = new Workspace("network")) {
            String message = assertThrows(OutOfMemoryError.class, () -> workspace.allocateBytes(1L << 46)).getMessage();
            assertTrue(message.startsWith("network: needs 65536.0 GiB, the machine has "), message);
        }
    }
}
