package dev.rondo.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** A file with one JSON object a line, which a process may have been killed while it wrote. */
record JsonLines(Path file) {
    /** Makes it and its directory. */
    void open() throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        write("");
    }

    /** Appends a line; it is in the file when this returns. */
    void append(String object) throws IOException {
        write((endsWithinALine() ? "\n" : "") + object + "\n");
    }

    private void write(String text) throws IOException {
        Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private boolean endsWithinALine() throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) == 0) { // devices have no end
            return false;
        }
        try (var bytes = new RandomAccessFile(file.toFile(), "r")) {
            bytes.seek(bytes.length() - 1);
            return bytes.read() != '\n';
        }
    }

    /** {@return the objects in it; none if there is no such file. What is no object, a line cut short, is left out} */
    List<JsonObject> read() throws IOException {
        var objects = new ArrayList<JsonObject>();
        if (Files.exists(file)) {
            for (String line : new String(Files.readAllBytes(file), StandardCharsets.UTF_8).split("\n")) {
                try {
                    if (JsonParser.parseString(line) instanceof JsonObject object) {
                        objects.add(object);
                    }
                } catch (JsonParseException _) {
                    continue;
                }
            }
        }
        return objects;
    }
}
