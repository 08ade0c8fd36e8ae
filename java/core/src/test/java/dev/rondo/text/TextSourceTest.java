package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextSourceTest {
    /** Longer than a buffer, with characters of one to four bytes across all its borders. */
    private static final String LONG = "aé€\uD834\uDD1E".repeat(30_000);

    @TempDir
    Path directory;

    private static String read(TextSource source) throws IOException {
        var text = new StringWriter();
        try (Reader in = source.open()) {
            in.transferTo(text);
        }
        return text.toString();
    }

    private TextSource files(String... contents) throws IOException {
        var files = new ArrayList<Path>();
        for (String content : contents) {
            files.add(Files.writeString(directory.resolve("file" + files.size()), content));
        }
        return TextSource.of(files);
    }

    @Test
    void filesBeginNewLines() throws IOException {
        assertEquals("", read(files()));
        assertEquals("", read(files("", "")));
        assertEquals("a\nb\nc\r\nd", read(files("", "a", "", "b\n", "", "c\r\n", "d", "")));
        assertEquals("a\n\n\nb", read(files("a\n\n", "\nb")), "nothing is added where a line ends");
    }

    @Test
    void aTextIsReadWholeAndAgain() throws IOException {
        for (String prefix : List.of("", "x", "xy", "xyz")) {
            TextSource source = files(prefix + LONG, LONG);
            String expected = prefix + LONG + "\n" + LONG;
            assertEquals(expected, read(source));
            assertEquals(expected, read(source));
        }
        assertEquals(LONG, read(TextSource.of(LONG)));
        byte[] bytes = LONG.getBytes(StandardCharsets.UTF_8);
        assertEquals(LONG, read(() -> TextSource.utf8(new ByteArrayInputStream(bytes), "bytes")));
    }

    @Test
    void whatIsNotUtf8IsNamedWithItsPlace() throws IOException {
        assertEquals("not UTF-8 text (byte 0x89 at offset 3)", message("PNG", 0x89, 'a'));
        assertEquals("not UTF-8 text (byte 0x89 at offset 300000)", message(LONG, 0x89, 'a'));
        assertEquals("not UTF-8 text (byte 0xc3 at offset 1)", message("a", 0xC3)); // ends within a character
        assertEquals("not UTF-8 text (byte 0xed at offset 0)", message("", 0xED, 0xA0, 0x80)); // a surrogate
        assertEquals("not UTF-8 text (byte 0xc0 at offset 0)", message("", 0xC0, 0x80)); // longer than it need be
        assertEquals("not text (it holds NUL characters)", message("a", 0, 'b'));
    }

    /** {@return what is said of a file behind its name} */
    private String message(String text, int... bytes) throws IOException {
        Path file = Files.writeString(directory.resolve("text"), text);
        byte[] all = Arrays.copyOf(Files.readAllBytes(file), (int) Files.size(file) + bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            all[all.length - bytes.length + i] = (byte) bytes[i];
        }
        Files.write(file, all);
        String message = assertThrows(
                MalformedTextException.class, () -> read(TextSource.of(List.of(file)))).getMessage();
        assertEquals(file + ": ", message.substring(0, file.toString().length() + 2));
        return message.substring(file.toString().length() + 2);
    }

    @Test
    void whatIsNoFileIsRefused() {
        assertEquals(directory.toString(), assertThrows(
                FileSystemException.class, () -> read(TextSource.of(List.of(directory)))).getFile());
        assertThrows(NoSuchFileException.class, () -> read(TextSource.of(List.of(directory.resolve("none")))));
    }
}
