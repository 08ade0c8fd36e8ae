package dev.rondo.cli;

import dev.rondo.text.TextCorpus;
import dev.rondo.text.TextUnit;
import dev.rondo.text.Vocabulary;
import dev.rondo.text.WordOptions;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What a text is cut into: options of a new training. */
final class Units {
    @Option(names = "--unit", paramLabel = "UNIT", defaultValue = "character",
            description = "What is predicted one by one: character, byte, or word, which white space separates. "
                    + "Default: ${DEFAULT-VALUE}.")
    private String unit;

    @Option(names = "--min-count", paramLabel = "N", defaultValue = "1",
            description = "Words that the text has fewer times are unknown, <unk>. Default: ${DEFAULT-VALUE}.")
    private long minimumCount;

    @Option(names = "--vocabulary-size", paramLabel = "N", defaultValue = "" + Integer.MAX_VALUE,
            description = "Words but the most frequent ones are unknown; <unk> and <eos>, the end of a line, are "
                    + "among the N. Default: all.")
    private int maximumSize;

    @Option(names = "--lower-case", description = "Makes all letters of words lower case.")
    private boolean lowerCase;

    @Option(names = "--tokenizer", paramLabel = "FILE",
            description = "Predicts sub-words, as the tokenizer.json FILE cuts them; needs rondo-tokenizers.")
    private Path tokenizer;

    /** {@return whether units are words or sub-words} */
    boolean areWords() {
        return tokenizer != null || unit.equals(TextUnit.WORD.singular());
    }

    /** Says what does not go together. */
    void check(CommandLine commandLine) {
        TextUnit chosen = unit(commandLine);
        var given = commandLine.getParseResult();
        for (String option : new String[] {"--min-count", "--vocabulary-size", "--lower-case"}) {
            if (given.hasMatchedOption(option) && (chosen != TextUnit.WORD || tokenizer != null)) {
                throw new ParameterException(commandLine, option + " is for --unit word");
            }
        }
        if (chosen == TextUnit.SUB_WORD && tokenizer == null) {
            throw new ParameterException(commandLine, "--unit sub-word needs --tokenizer FILE");
        }
        if (tokenizer != null && chosen != TextUnit.SUB_WORD && given.hasMatchedOption("--unit")) {
            throw new ParameterException(commandLine, "--tokenizer is for --unit sub-word");
        }
        try {
            words();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(commandLine, "--" + e.getMessage()
                    .replace("minimumCount", "min-count").replace("maximumSize", "vocabulary-size"), e);
        }
    }

    /** {@return {@code corpus} of these units} */
    TextCorpus.Builder of(TextCorpus.Builder corpus) throws IOException {
        if (tokenizer != null) {
            return corpus.vocabulary(Vocabulary.subWords(tokenizer));
        }
        return switch (TextUnit.of(unit)) {
            case BYTE -> corpus.vocabulary(Vocabulary.bytes());
            case WORD -> corpus.words(words());
            case CHARACTER, SUB_WORD -> corpus;
        };
    }

    private WordOptions words() {
        return new WordOptions(minimumCount, maximumSize, lowerCase);
    }

    private TextUnit unit(CommandLine commandLine) {
        try {
            return TextUnit.of(unit);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(commandLine, "--" + e.getMessage(), e);
        }
    }
}
