package dev.rondo.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.StringReader;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** A text that can be read from its beginning again and again, and need not fit into memory. */
@FunctionalInterface
public interface TextSource {
    /**
     * {@return the text from its beginning, to be closed}
     *
     * @throws IOException if it cannot be read
     */
    Reader open() throws IOException;

    /**
     * {@return a text in memory}
     *
     * @param text may be empty
     */
    static TextSource of(String text) {
        Objects.requireNonNull(text, "text: expected one, got null");
        return () -> new StringReader(text);
    }

    /**
     * {@return the text of files, one after the other, each from a new line on; read strictly as UTF-8}
     *
     * @param files any number
     */
    static TextSource of(List<Path> files) {
        Objects.requireNonNull(files, "files: expected some, got null");
        for (int i = 0; i < files.size(); i++) {
            Objects.requireNonNull(files.get(i), "files[" + i + "]: expected a path, got null");
        }
        List<Path> kept = List.copyOf(files);
        return () -> new FilesReader(kept);
    }

    /**
     * {@return a reader of UTF-8 that throws a {@link MalformedTextException} where something else comes, or NUL, which
     * no text has; closing it closes the stream}
     *
     * @param in the bytes
     * @param name what the exception calls them
     */
    static Reader utf8(InputStream in, String name) {
        Objects.requireNonNull(in, "in: expected a stream, got null");
        Objects.requireNonNull(name, "name: expected a text, got null");
        return new Utf8Reader(Channels.newChannel(in), name);
    }
}
