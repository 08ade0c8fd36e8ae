package dev.rondo.text;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;

/** Reads a file of word vectors, whichever of the three formats it has. */
final class WordVectorReader {
    private static final Pattern HEADER = Pattern.compile("[0-9]{1,18} [0-9]{1,9}");
    private static final Pattern SPACES = Pattern.compile("[ \\t]+");

    /** No word is longer, in bytes: what is longer is no file of words. */
    private static final int LONGEST_WORD = 4096;

    /** No vector has more numbers. */
    private static final int WIDEST = 1 << 16;

    /** What a number has in text at most, with the space before it. */
    private static final int LONGEST_NUMBER = 48;

    /** Of vectors whose width is not known yet. */
    private static final int LONGEST_LINE = 1 << 20;

    private final InputStream in; // can mark
    private final Path file;
    private int width;

    WordVectorReader(InputStream in, Path file) {
        this.in = in;
        this.file = file;
    }

    /** Hands on the vectors that are wanted; {@return the numbers of each} */
    int read(WordVectors.Found found) throws IOException {
        in.mark(LONGEST_LINE + 1);
        String first = line(LONGEST_LINE);
        if (first == null || first.isBlank()) {
            throw new IOException(file + ": expected word vectors, got an empty " + (first == null ? "file" : "line"));
        }
        if (!HEADER.matcher(first.strip()).matches()) {
            in.reset();
            width = checked(SPACES.split(first.strip()).length - 1);
            text(found, 1, Long.MAX_VALUE);
            return width;
        }
        String[] numbers = first.strip().split(" ");
        long words = Long.parseLong(numbers[0]);
        width = checked(Integer.parseInt(numbers[1]));
        if (isText()) {
            text(found, 2, words);
        } else {
            binary(found, words);
        }
        return width;
    }

    private int checked(int numbers) throws IOException {
        if (numbers < 1 || numbers > WIDEST) {
            throw new IOException(file + ": expected vectors of 1 to " + WIDEST + " numbers, got " + numbers);
        }
        return numbers;
    }

    /** {@return whether the first word of a file with a header is followed by numbers in digits} */
    private boolean isText() throws IOException {
        int most = LONGEST_WORD + width * LONGEST_NUMBER;
        in.mark(most + 1);
        byte[] head = in.readNBytes(most);
        in.reset();
        int end = 0;
        while (end < head.length && head[end] != '\n') {
            end++;
        }
        String[] parts = SPACES.split(new String(head, 0, end, StandardCharsets.UTF_8).strip());
        return parts.length > width
                && Arrays.stream(parts, parts.length - width, parts.length).allMatch(WordVectorReader::isNumber);
    }

    private static boolean isNumber(String text) {
        try {
            Float.parseFloat(text);
            return true;
        } catch (NumberFormatException _) {
            return false;
        }
    }

    private void text(WordVectors.Found found, long number, long words) throws IOException {
        long begin = number;
        int most = LONGEST_WORD + width * LONGEST_NUMBER;
        for (String line = line(most); line != null; line = line(most)) {
            if (!line.isBlank()) {
                textLine(line.strip(), number, found);
            }
            number++;
        }
        if (words != Long.MAX_VALUE && number - begin < words) {
            throw new IOException(file + ": expected " + words + " words, as it says, got " + (number - begin));
        }
    }

    /** GloVe has a few words with spaces in them: no vocabulary of ours does. */
    private void textLine(String line, long number, WordVectors.Found found) throws IOException {
        int space = 0;
        while (space < line.length() && line.charAt(space) != ' ' && line.charAt(space) != '\t') {
            space++;
        }
        int token = found.wanted(line.substring(0, space));
        if (token < 0) {
            return;
        }
        String[] parts = SPACES.split(line);
        if (parts.length <= width) {
            throw new IOException(file + ", line " + number + ": expected a word and " + width + " numbers, got "
                    + (parts.length - 1) + " after " + parts[0]);
        }
        if (parts.length > width + 1) {
            return;
        }
        var vector = new float[width];
        for (int i = 0; i < width; i++) {
            if (!isNumber(parts[i + 1]) || !Float.isFinite(Float.parseFloat(parts[i + 1]))) {
                throw new IOException(file + ", line " + number + ": expected a finite number, got " + parts[i + 1]);
            }
            vector[i] = Float.parseFloat(parts[i + 1]);
        }
        found.put(token, vector);
    }

    private void binary(WordVectors.Found found, long words) throws IOException {
        var bytes = new byte[width * Float.BYTES];
        for (long number = 1; number <= words; number++) {
            String word = word(number, words);
            if (in.readNBytes(bytes, 0, bytes.length) < bytes.length) {
                throw ends(number, words);
            }
            int token = found.wanted(word);
            if (token >= 0) {
                var vector = new float[width];
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
                for (float value : vector) {
                    if (!Float.isFinite(value)) {
                        throw new IOException(
                                file + ", word " + number + ", " + word + ": expected finite numbers, got " + value);
                    }
                }
                found.put(token, vector);
            }
        }
    }

    /** A word ends in a space; before it there may be the end of the line before. */
    private String word(long number, long words) throws IOException {
        var bytes = new ByteArrayOutputStream();
        for (int b = in.read(); b != ' '; b = in.read()) {
            if (b < 0) {
                throw ends(number, words);
            }
            if (bytes.size() == LONGEST_WORD) {
                throw new IOException(file + ", word " + number + ": expected at most " + LONGEST_WORD
                        + " bytes and a space, got more: no file of word vectors, or a damaged one");
            }
            if (b != '\n' || bytes.size() > 0) {
                bytes.write(b);
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private IOException ends(long number, long words) {
        return new IOException(file + ": expected " + words + " words, as it says, got " + (number - 1)
                + " and a part of one");
    }

    /** {@return the next line without its end; null at the end of the file} */
    private String line(int most) throws IOException {
        var bytes = new ByteArrayOutputStream();
        int b = in.read();
        if (b < 0) {
            return null;
        }
        for (; b >= 0 && b != '\n'; b = in.read()) {
            if (bytes.size() == most) {
                throw new IOException(file + ": expected word vectors, got a line of more than " + most + " bytes");
            }
            bytes.write(b);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
