package dev.rondo.text;

import java.io.IOException;
import java.io.PushbackReader;
import java.io.Reader;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** Reads files one after the other, with a newline between them where the one before has none at its end. */
final class FilesReader extends Reader {
    private final Iterator<Path> files;
    private Reader current = Reader.nullReader();
    private char last = '\n'; // read of the files before

    FilesReader(List<Path> files) {
        this.files = files.iterator();
    }

    @Override
    public int read(char[] target, int from, int count) throws IOException {
        while (true) {
            int taken = current.read(target, from, count);
            if (taken > 0) {
                last = target[from + taken - 1];
            }
            if (taken >= 0 || !files.hasNext()) {
                return taken;
            }
            if (next(files.next()) && last != '\n') {
                target[from] = '\n';
                return 1;
            }
        }
    }

    @Override
    public boolean ready() throws IOException {
        return current.ready();
    }

    /** Opens the next file; returns whether there is anything in it. */
    private boolean next(Path file) throws IOException {
        current.close();
        if (Files.isDirectory(file)) {
            throw new FileSystemException(file.toString(), null, "is a directory");
        }
        var reader = new PushbackReader(new Utf8Reader(Files.newByteChannel(file), file.toString()));
        current = reader;
        int first = reader.read();
        if (first >= 0) {
            reader.unread(first);
        }
        return first >= 0;
    }

    @Override
    public void close() throws IOException {
        current.close();
    }
}
