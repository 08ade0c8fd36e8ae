package dev.rondo.text;

import dev.rondo.network.Network;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** What a {@link LanguageModel} makes of lines, each by itself: scores, ranks, what fills a gap best. */
final class LineScoring implements AutoCloseable {
    private final Vocabulary vocabulary;
    private final Network network;
    private final OptionalInt unknown;
    private LineScorer one; // made on first use
    private LineScorer many; // made on first use

    LineScoring(Vocabulary vocabulary, Network network) {
        this.vocabulary = vocabulary;
        this.network = network;
        this.unknown = vocabulary.unknown();
    }

    List<TextScore> score(List<String> lines) {
        List<int[]> tokens = tokens(lines);
        double[][] nats = nats(tokens);
        return IntStream.range(0, nats.length).mapToObj(line -> sum(tokens.get(line), nats[line])).toList();
    }

    List<List<TokenScore>> tokenScores(List<String> lines) {
        List<int[]> tokens = tokens(lines);
        double[][] nats = nats(tokens);
        return IntStream.range(0, nats.length)
                .mapToObj(line -> IntStream.range(0, nats[line].length)
                        .mapToObj(i -> TokenScore.of(vocabulary, tokens.get(line)[i + 1], nats[line][i])).toList())
                .toList();
    }

    List<RankedText> rank(List<String> candidates, Ranking ranking) {
        List<TextScore> scores = score(candidates);
        return IntStream.range(0, scores.size())
                .mapToObj(index -> new RankedText(index, candidates.get(index), scores.get(index)))
                .sorted(ranking.bestFirst()).toList();
    }

    /**
     * {@return the {@code most} best candidates} What the lines have in common before they part is read once, which
     * also gives the probability of each line's next token. No line is likelier than it is so far, so the candidates
     * are tried in that order, until none that is left can be among the best.
     */
    List<RankedText> fill(Gap gap, List<String> candidates, int most) {
        List<int[]> lines = tokens(candidates.stream().map(gap::filled).toList());
        LineScorer scorer = many();
        LinePrefix prefix = scorer.readPrefix(Arrays.copyOf(lines.getFirst(), shared(lines)));
        double[] least = lines.stream().mapToDouble(prefix::sum).toArray();
        int[] order = IntStream.range(0, least.length).boxed()
                .sorted(Comparator.comparingDouble(candidate -> least[candidate]))
                .mapToInt(Integer::intValue).toArray();
        Comparator<RankedText> bestFirst = Ranking.PROBABILITY.bestFirst();
        var best = new PriorityQueue<>(bestFirst.reversed());
        for (int first = 0; first < order.length; first += LineScorer.MANY) {
            if (best.size() == most && least[order[first]] > best.peek().score().nats()) {
                break;
            }
            int[] group = IntStream.range(first, Math.min(first + LineScorer.MANY, order.length))
                    .map(i -> order[i]).toArray();
            double[][] nats = scorer.scoreBehindPrefix(IntStream.of(group).mapToObj(lines::get)
                    .map(line -> Arrays.copyOfRange(line, prefix.length(), line.length)).toList());
            for (int i = 0; i < group.length; i++) {
                int[] line = lines.get(group[i]);
                double[] whole = DoubleStream.concat(
                        Arrays.stream(prefix.natsOf(line)), Arrays.stream(nats[i])).toArray();
                best.add(new RankedText(group[i], candidates.get(group[i]), sum(line, whole)));
                if (best.size() > most) {
                    best.poll();
                }
            }
        }
        return best.stream().sorted(bestFirst).toList();
    }

    /** {@return with how many tokens all lines begin alike} */
    private static int shared(List<int[]> lines) {
        int[] first = lines.getFirst();
        int shared = first.length;
        for (int[] line : lines) {
            int alike = 0;
            while (alike < Math.min(shared, line.length) && line[alike] == first[alike]) {
                alike++;
            }
            shared = alike;
        }
        return shared;
    }

    /** {@return each unit of the vocabulary that is a text to fill a gap with} */
    List<String> units() {
        return switch (vocabulary.unit()) {
            case CHARACTER -> IntStream.range(0, vocabulary.size()).mapToObj(vocabulary::decode)
                    .filter(character -> !character.equals("\n")).toList();
            case WORD -> IntStream.range(WordVocabulary.SPECIAL, vocabulary.size()).mapToObj(vocabulary::decode)
                    .toList();
            case BYTE, SUB_WORD -> throw new IllegalArgumentException("candidates: expected some, since "
                    + vocabulary.unit().plural() + " are no texts of their own; got none");
        };
    }

    private List<int[]> tokens(List<String> lines) {
        var all = new ArrayList<int[]>(lines.size());
        for (String line : lines) {
            int[] tokens = vocabulary.encode(line);
            if (vocabulary.lineStart().isPresent()) {
                var whole = new int[tokens.length + 1];
                whole[0] = vocabulary.lineStart().getAsInt();
                System.arraycopy(tokens, 0, whole, 1, tokens.length);
                tokens = whole;
            }
            all.add(tokens);
        }
        return all;
    }

    private double[][] nats(List<int[]> lines) {
        if (lines.size() == 1) {
            one = one == null ? LineScorer.ofOne(network) : one;
            return one.score(lines);
        }
        return many().score(lines);
    }

    private LineScorer many() {
        many = many == null ? LineScorer.ofMany(network) : many;
        return many;
    }

    private TextScore sum(int[] tokens, double[] nats) {
        double sum = 0;
        long unknowns = 0;
        for (int i = 0; i < nats.length; i++) {
            sum += nats[i];
            unknowns += unknown.isPresent() && tokens[i + 1] == unknown.getAsInt() ? 1 : 0;
        }
        return new TextScore(vocabulary.unit(), sum, nats.length, unknowns);
    }

    @Override
    public void close() {
        if (one != null) {
            one.close();
        }
        if (many != null) {
            many.close();
        }
    }
}
