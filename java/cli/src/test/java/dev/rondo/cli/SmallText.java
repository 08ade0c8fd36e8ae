package dev.rondo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Text with little in it to learn, and with characters of one to four bytes, so that a few steps are enough. */
final class SmallText {
    static final String LINE = "Über den Wölken, 2 × 3 naïve 🦊 run – again.\n";
    static final String TEXT = (LINE + "and then they run again, over and over.\n").repeat(40);

    private SmallText() {}

    /** Options of a training on it that takes a moment. */
    static Object[] train(Path directory, Object... more) throws IOException {
        Path text = Files.writeString(directory.resolve("small.txt"), TEXT);
        Object[] options = {"train", "--text", text, "--hidden", 16, "--batch", 4, "--out", directory.resolve("run")};
        return with(options, more);
    }

    static Object[] with(Object[] options, Object... more) {
        var all = new Object[options.length + more.length];
        System.arraycopy(options, 0, all, 0, options.length);
        System.arraycopy(more, 0, all, options.length, more.length);
        return all;
    }
}
