package dev.rondo.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Counts the words of a text up to a number of tokens, and makes a vocabulary of them. */
final class WordCounts extends WordSplitter {
    private final WordOptions options;
    private final long limit; // tokens that count
    private final WordTable words = new WordTable();
    private long[] counts = new long[1 << 9];
    private long tokens;

    private record Counted(String word, long count) {}

    WordCounts(WordOptions options, long limit) {
        super(options.lowerCase());
        this.options = options;
        this.limit = limit;
    }

    @Override
    void word(char[] characters, int length) {
        if (tokens++ >= limit) {
            return;
        }
        int number = words.add(characters, length);
        if (number == counts.length) {
            counts = Arrays.copyOf(counts, number + (number >> 1));
        }
        counts[number]++;
    }

    @Override
    void lineEnd() {
        tokens++;
    }

    /** {@return how many words and line ends there were} */
    long tokens() {
        return tokens;
    }

    /** {@return the vocabulary of the words counted so far} */
    WordVocabulary vocabulary() {
        long least = least();
        List<Counted> kept = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            if (counts[i] >= least) {
                kept.add(new Counted(words.get(i), counts[i]));
            }
        }
        return WordVocabulary.of(options, kept.stream()
                .sorted(Comparator.comparingLong(Counted::count).reversed().thenComparing(Counted::word))
                .map(Counted::word)
                .filter(word -> !WordVocabulary.isSpecial(word))
                .limit(options.maximumSize() - WordVocabulary.SPECIAL)
                .toList());
    }

    /** {@return how often a word must occur to be among the most frequent: a first choice, without objects} */
    private long least() {
        int most = options.maximumSize(); // two more than words, of which two may be the special ones
        if (words.size() <= most) {
            return options.minimumCount();
        }
        long[] sorted = Arrays.copyOf(counts, words.size());
        Arrays.sort(sorted);
        return Math.max(options.minimumCount(), sorted[sorted.length - most]);
    }
}
