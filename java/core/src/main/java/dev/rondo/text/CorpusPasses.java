package dev.rondo.text;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.BitSet;
import java.util.function.IntConsumer;

/** The passes over the text of a corpus, from which no more is kept than counts: what there is, then its tokens. */
final class CorpusPasses {
    private static final int VALIDATION_SHARE = 10;

    /** More would take longer to evaluate than to learn from, and tell no more. */
    private static final long MOST_VALIDATION = 1_000_000;

    private static final int BETWEEN_TEXTS = -1; // in the fingerprint: no code point

    private final TextSource text;
    private final TextSource validation; // null = the last 10 % of the text
    private final Vocabulary vocabulary;
    private final Fingerprint fingerprint = new Fingerprint();
    private long split; // tokens of the text that are to learn from

    /**
     * Makes the passes that count.
     *
     * @param given null = to be counted
     * @param words null = characters
     */
    CorpusPasses(TextSource text, TextSource validation, Vocabulary given, WordOptions words) throws IOException {
        this.text = text;
        this.validation = validation;
        if (given != null) {
            var count = new Count();
            first(given.encoder(count), given.encoder(_ -> { }));
            setSplit(count.value, given.unit());
            this.vocabulary = given;
        } else if (words != null) {
            var count = new WordCounts(words, 0);
            first(count, new WordCounts(words, 0));
            setSplit(count.tokens(), TextUnit.WORD);
            var counts = new WordCounts(words, split);
            pass(text, counts);
            this.vocabulary = counts.vocabulary();
        } else {
            var seen = new BitSet();
            var count = new Characters(seen);
            first(count, new Characters(seen));
            setSplit(count.position(), TextUnit.CHARACTER);
            this.vocabulary = CharacterVocabulary.of(seen);
        }
    }

    Vocabulary vocabulary() {
        return vocabulary;
    }

    String fingerprint() {
        return fingerprint.value();
    }

    /** Hands all tokens to {@code sink}, those for validation last; returns how many are to learn from. */
    long encode(IntConsumer sink) throws IOException {
        var cut = new Cut(sink);
        pass(text, vocabulary.encoder(cut));
        if (validation != null) {
            pass(validation, vocabulary.encoder(sink));
        }
        return cut.at();
    }

    private void first(Vocabulary.Encoder ofText, Vocabulary.Encoder ofValidation) throws IOException {
        pass(text, new Both(ofText, fingerprint));
        if (validation != null) {
            fingerprint.take(BETWEEN_TEXTS);
            pass(validation, new Both(ofValidation, fingerprint));
        }
    }

    private void setSplit(long tokens, TextUnit unit) {
        if (tokens == 0) {
            throw new IllegalArgumentException("text: expected at least one " + unit.singular() + ", got none");
        }
        split = validation == null ? tokens - Math.min(tokens / VALIDATION_SHARE, MOST_VALIDATION) : tokens;
    }

    static void pass(TextSource source, Vocabulary.Encoder encoder) throws IOException {
        var buffer = new char[1 << 16];
        try (Reader in = source.open()) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                encoder.accept(buffer, 0, count);
            }
            encoder.finish();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Finds where the tokens for validation begin: of bytes, with a whole character. */
    private final class Cut implements IntConsumer {
        private final IntConsumer sink;
        private final boolean bytes = vocabulary.unit() == TextUnit.BYTE;
        private long at = -1; // -1 = not yet
        private long tokens;

        Cut(IntConsumer sink) {
            this.sink = sink;
        }

        @Override
        public void accept(int token) {
            if (at < 0 && tokens >= split && (!bytes || ByteVocabulary.beginsCharacter(token))) {
                at = tokens;
            }
            tokens++;
            sink.accept(token);
        }

        long at() {
            return at < 0 ? tokens : at;
        }
    }

    private static final class Count implements IntConsumer {
        private long value;

        @Override
        public void accept(int token) {
            value++;
        }
    }

    /** Sees what characters there are. */
    private static final class Characters extends CodePointEncoder {
        private final BitSet seen;

        Characters(BitSet seen) {
            this.seen = seen;
        }

        @Override
        void take(int codePoint) {
            seen.set(codePoint);
        }
    }

    private record Both(Vocabulary.Encoder first, Vocabulary.Encoder second) implements Vocabulary.Encoder {
        @Override
        public void accept(char[] text, int begin, int end) {
            first.accept(text, begin, end);
            second.accept(text, begin, end);
        }

        @Override
        public void finish() {
            first.finish();
            second.finish();
        }
    }
}
