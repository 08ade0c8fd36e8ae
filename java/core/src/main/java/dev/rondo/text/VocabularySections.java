package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;

/** The sections of vocabularies in checkpoints. Those of characters have but their code points, as ever. */
final class VocabularySections {
    static final String CODE_POINTS = "vocabulary";
    static final String UNIT = "vocabulary.unit";
    static final String WORDS = "vocabulary.words";
    static final String WORD_OPTIONS = "vocabulary.options";
    static final String TOKENIZER = "vocabulary.tokenizer";

    private VocabularySections() {}

    static Vocabulary read(Checkpoint checkpoint) throws CheckpointException {
        return checkpoint.has(UNIT) ? ofUnit(unit(checkpoint), checkpoint) : characters(checkpoint);
    }

    private static TextUnit unit(Checkpoint checkpoint) throws CheckpointException {
        try {
            return TextUnit.of(checkpoint.text(UNIT));
        } catch (IllegalArgumentException e) {
            throw checkpoint.damaged(UNIT, e);
        }
    }

    private static Vocabulary ofUnit(TextUnit unit, Checkpoint checkpoint) throws CheckpointException {
        return switch (unit) {
            case CHARACTER -> characters(checkpoint);
            case BYTE -> Vocabulary.bytes();
            case WORD -> words(checkpoint);
            case SUB_WORD -> subWords(checkpoint);
        };
    }

    private static Vocabulary characters(Checkpoint checkpoint) throws CheckpointException {
        int[] codePoints = checkpoint.ints(CODE_POINTS);
        try {
            return CharacterVocabulary.of(codePoints);
        } catch (IllegalArgumentException e) {
            throw checkpoint.damaged(CODE_POINTS, e);
        }
    }

    private static Vocabulary words(Checkpoint checkpoint) throws CheckpointException {
        String options = checkpoint.text(WORD_OPTIONS);
        String words = checkpoint.text(WORDS);
        try {
            return WordVocabulary.parse(WordOptions.parse(options), words);
        } catch (IllegalArgumentException e) {
            throw checkpoint.damaged(WORDS, e);
        }
    }

    private static Vocabulary subWords(Checkpoint checkpoint) throws CheckpointException {
        String tokenizer = checkpoint.text(TOKENIZER);
        try {
            return TokenizerProvider.find().vocabulary(tokenizer);
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            throw checkpoint.damaged(TOKENIZER, e);
        }
    }
}
