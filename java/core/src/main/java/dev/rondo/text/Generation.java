package dev.rondo.text;

import dev.rondo.network.Network;
import dev.rondo.network.Stepper;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Draws texts that go on with a prompt, B of them side by side, each with random numbers of its own. */
final class Generation implements AutoCloseable {
    private final Vocabulary vocabulary;
    private final Stepper stepper;
    private final int[] tokens; // [B], the last of each stream
    private final float[] logits; // [B, V]

    Generation(Vocabulary vocabulary, Network network, int streams) {
        this.vocabulary = vocabulary;
        this.stepper = network.stepper(streams);
        this.tokens = new int[streams];
        this.logits = new float[Math.multiplyExact(streams, vocabulary.size())];
    }

    /** Draws one text for each sampling; each sink takes the text of one stream. */
    void run(String prompt, List<Sampling> samplings, Ending ending, List<? extends Consumer<String>> sinks) {
        List<Stream> streams = IntStream.range(0, tokens.length)
                .mapToObj(b -> new Stream(b, samplings.get(b), vocabulary.decoder(prompt),
                        new EndedText(ending, sinks.get(b))))
                .toList();
        read(vocabulary.encode(prompt), streams);
        var active = new boolean[tokens.length];
        Arrays.fill(active, true);
        int left = tokens.length;
        for (int i = 0; i < ending.length() && left > 0; i++) {
            for (Stream stream : streams) {
                if (active[stream.number] && !stream.draw()) {
                    active[stream.number] = false;
                    left--;
                }
            }
            if (left > 0 && i + 1 < ending.length()) {
                step(active, left);
            }
        }
        for (Stream stream : streams) {
            if (active[stream.number]) {
                stream.finish();
            }
        }
    }

    private void step(boolean[] active, int count) {
        if (count == tokens.length) {
            stepper.step(tokens, logits);
        } else {
            stepper.step(tokens, active, logits);
        }
    }

    private void read(int[] prompt, List<Stream> streams) {
        if (prompt.length == 0) {
            for (Stream stream : streams) {
                tokens[stream.number] = vocabulary.lineStart().orElseGet(stream.sampler::any);
            }
            stepper.step(tokens, logits);
        }
        for (int token : prompt) {
            Arrays.fill(tokens, token);
            stepper.step(tokens, logits);
        }
    }

    @Override
    public void close() {
        stepper.close();
    }

    /** One of the texts. */
    private final class Stream {
        private final int number;
        private final Sampler sampler;
        private final Vocabulary.Decoder decoder;
        private final EndedText text;

        Stream(int number, Sampling sampling, Vocabulary.Decoder decoder, EndedText text) {
            this.number = number;
            this.sampler = new Sampler(sampling, vocabulary.size());
            this.decoder = decoder;
            this.text = text;
        }

        /** Draws the next token; returns whether the text goes on behind it. */
        boolean draw() {
            tokens[number] = sampler.next(logits, number * vocabulary.size());
            return !text.accept(decoder.next(tokens[number]));
        }

        void finish() {
            if (!text.accept(decoder.finish())) {
                text.finish();
            }
        }
    }
}
