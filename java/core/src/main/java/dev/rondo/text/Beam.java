package dev.rondo.text;

import dev.rondo.network.Network;
import dev.rondo.network.Stepper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** A beam search under way: up to W continuations of a prompt, a stream of the stepper each. */
final class Beam implements AutoCloseable {
    private static final Comparator<Node> LIKELIEST_FIRST = Comparator
            .comparingDouble((Node node) -> -node.logProbability)
            .thenComparingInt(node -> node.stream).thenComparingInt(node -> node.token);

    private final Vocabulary vocabulary;
    private final BeamSearch search;
    private final Ending ending;
    private final String prompt;
    private final Stepper stepper;
    private final float[] logits; // [W, V]
    private final PriorityQueue<Ended> best; // up to W that ended, the worst first
    private int ended; // so far

    /**
     * A continuation, as its last token and what stands before it.
     *
     * @param before null of the empty one
     * @param stream of {@code before}
     */
    private record Node(Node before, int stream, int token, double logProbability, int length) {}

    /** One that goes on no more; {@code number} counts them. */
    private record Ended(Continuation continuation, double worth, int number) {}

    Beam(Vocabulary vocabulary, Network network, BeamSearch search, Ending ending, String prompt) {
        this.vocabulary = vocabulary;
        this.search = search;
        this.ending = ending;
        this.prompt = prompt;
        this.stepper = network.stepper(search.width());
        this.logits = new float[Math.multiplyExact(search.width(), vocabulary.size())];
        this.best = new PriorityQueue<>(Comparator.comparingDouble(Ended::worth)
                .thenComparing(Comparator.comparingInt(Ended::number).reversed()));
    }

    /** {@return the best continuations, the best first} */
    List<Continuation> run() {
        read(vocabulary.encode(prompt));
        List<Node> live = List.of(new Node(null, 0, -1, 0, 0));
        for (int length = 0; length < ending.length() && !live.isEmpty() && !settled(live); length++) {
            live = advance(live);
        }
        live.forEach(node -> end(node, text(node)));
        return best.stream().sorted(Comparator.comparingDouble((Ended ended) -> -ended.worth)
                .thenComparingInt(Ended::number)).map(Ended::continuation).toList();
    }

    private void read(int[] tokens) {
        var all = new int[search.width()];
        if (tokens.length == 0) {
            Arrays.fill(all, vocabulary.lineStart().orElseThrow(() -> new IllegalArgumentException(
                    "prompt: expected a text, since the model knows no end of a line to begin behind; got an empty"
                            + " one")));
            stepper.step(all, logits);
        }
        for (int token : tokens) {
            Arrays.fill(all, token);
            stepper.step(all, logits);
        }
    }

    /** {@return whether nothing that goes on can come to be worth more than all those that ended} */
    private boolean settled(List<Node> live) {
        // A log-probability only falls; divided by more, what is left of it is least.
        return best.size() == search.width()
                && search.worth(live.getFirst().logProbability, ending.length()) <= best.peek().worth;
    }

    /** Takes a step; returns what goes on, the likeliest first. */
    private List<Node> advance(List<Node> live) {
        var next = new ArrayList<Node>();
        int rank = 0;
        for (Node node : likeliest(live)) {
            String text = ending.stops().isEmpty() ? "" : text(node);
            if (ending.stopIn(text) < 0) {
                next.add(node);
            } else if (rank < search.width()) {
                end(node, text);
            }
            rank++;
            if (next.size() == search.width()) {
                break;
            }
        }
        var from = new int[search.width()];
        var tokens = new int[search.width()];
        for (int b = 0; b < next.size(); b++) {
            from[b] = next.get(b).stream;
            tokens[b] = next.get(b).token;
        }
        stepper.select(from);
        stepper.step(tokens, logits);
        var moved = new ArrayList<Node>();
        for (int b = 0; b < next.size(); b++) {
            Node node = next.get(b);
            moved.add(new Node(node.before, b, node.token, node.logProbability, node.length));
        }
        return moved;
    }

    /** {@return the likeliest next tokens of all streams together, twice as many as go on: some may end} */
    private List<Node> likeliest(List<Node> live) {
        int most = Math.multiplyExact(ending.stops().isEmpty() ? 1 : 2, search.width());
        int size = vocabulary.size();
        var found = new PriorityQueue<>(LIKELIEST_FIRST.reversed());
        for (int b = 0; b < live.size(); b++) {
            Node before = live.get(b);
            double normalizer = LogSoftmax.normalizer(logits, b * size, size);
            for (int token = 0; token < size; token++) {
                double logProbability = before.logProbability + logits[b * size + token] - normalizer;
                if (found.size() == most && logProbability <= found.peek().logProbability) {
                    continue;
                }
                found.add(new Node(before, b, token, logProbability, before.length + 1));
                if (found.size() > most) {
                    found.poll();
                }
            }
        }
        return found.stream().sorted(LIKELIEST_FIRST).toList();
    }

    private void end(Node node, String text) {
        int stop = ending.stopIn(text);
        var continuation = new Continuation(
                stop < 0 ? text : text.substring(0, stop), node.logProbability, node.length);
        best.add(new Ended(continuation, search.worth(node.logProbability, node.length), ended++));
        if (best.size() > search.width()) {
            best.poll();
        }
    }

    private String text(Node node) {
        var tokens = new int[node.length];
        for (Node at = node; at.before != null; at = at.before) {
            tokens[at.length - 1] = at.token;
        }
        Vocabulary.Decoder decoder = vocabulary.decoder(prompt);
        var text = new StringBuilder();
        for (int token : tokens) {
            text.append(decoder.next(token));
        }
        return text.append(decoder.finish()).toString();
    }

    @Override
    public void close() {
        stepper.close();
    }
}
