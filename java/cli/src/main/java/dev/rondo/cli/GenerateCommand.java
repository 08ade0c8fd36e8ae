package dev.rondo.cli;

import dev.rondo.cell.Execution;
import dev.rondo.text.BeamSearch;
import dev.rondo.text.Continuation;
import dev.rondo.text.Ending;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.Sampling;
import dev.rondo.text.Vocabulary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code rondo generate}: text that a model makes up, as it comes; several at once, or the likeliest. */
@Command(name = "generate", description = "Writes text that a trained model makes up.",
        sortOptions = false, sortSynopsis = false)
final class GenerateCommand implements Callable<Integer> {
    private static final List<String> OF_SAMPLES =
            List.of("--temperature", "--top-k", "--top-p", "--seed", "--samples");
    private static final List<String> OF_BEAMS = List.of("--length-penalty", "--n-best");

    /** Text need not be seen sooner. */
    private static final long NANOS_UNSEEN = 10_000_000;

    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = "Directory that rondo train wrote, or a model file.")
    private Path model;

    @Option(names = "--prompt", paramLabel = "TEXT", defaultValue = "",
            description = "What the text begins with. Default: nothing, as at the beginning of a line.")
    private String prompt;

    @Option(names = "--length", paramLabel = "N", defaultValue = "500",
            description = "Characters to make up after the prompt, or bytes or words, as the model knows. "
                    + "Default: ${DEFAULT-VALUE}.")
    private int length;

    @Option(names = "--stop", paramLabel = "TEXT",
            description = "Ends before this text, in which \\n is a newline; may be given several times.")
    private List<String> stops = List.of();

    @Option(names = "--temperature", paramLabel = "X", defaultValue = "0.8",
            description = "Below 1 more predictable, above 1 more varied, 0 = always the likeliest. "
                    + "Default: ${DEFAULT-VALUE}.")
    private double temperature;

    @Option(names = "--top-k", paramLabel = "N", defaultValue = "" + Sampling.ALL,
            description = "Draws only from the N likeliest. Default: from all.")
    private int topK;

    @Option(names = "--top-p", paramLabel = "X", defaultValue = "1",
            description = "Draws only from the likeliest that together have this probability. "
                    + "Default: ${DEFAULT-VALUE}, from all.")
    private double topP;

    @Option(names = "--seed", paramLabel = "N",
            description = "The same seed gives the same text. Default: a new one each time.")
    private Long seed;

    @Option(names = "--samples", paramLabel = "N", defaultValue = "1",
            description = "Texts to make up, side by side, each with a seed of its own, which is shown. "
                    + "Default: ${DEFAULT-VALUE}.")
    private int samples;

    @Option(names = "--beam", paramLabel = "N",
            description = "Draws nothing, but looks for the likeliest text, by N at a time.")
    private Integer beam;

    @Option(names = "--length-penalty", paramLabel = "X", defaultValue = "0",
            description = "Compares texts that end at different lengths by their log-probability divided by the X-th "
                    + "power of their length. Default: ${DEFAULT-VALUE}, the shorter is likelier.")
    private double lengthPenalty;

    @Option(names = "--n-best", paramLabel = "N", defaultValue = "1",
            description = "Shows the N best texts of a beam with their log-probabilities. Default: the best alone.")
    private int best;

    @Option(names = "--threads", paramLabel = "N", description = "Default: the processors, at most 8.")
    private int threads = Defaults.threads();

    @Spec
    private CommandSpec spec;

    @Mixin
    private Help help;

    private final Streams streams;
    private long seen; // when all text so far was to be seen

    GenerateCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        check();
        Ending ending = checked(() -> new Ending(length, stops.stream().map(s -> s.replace("\\n", "\n")).toList()));
        Sampling sampling = checked(() -> new Sampling(
                temperature, topK, topP, seed == null ? RandomGenerator.getDefault().nextLong() : seed));
        BeamSearch search = checked(() -> new BeamSearch(beam == null ? 1 : beam, lengthPenalty));
        try (var language = LanguageModel.load(model, network -> network.threads(threads))) {
            language.vocabulary().encode(prompt); // a character it does not know is said before anything is written
            room(language.vocabulary(), beam == null ? "--samples" : "--beam", beam == null ? samples : beam);
            if (beam != null) {
                search(language, search, ending);
            } else if (samples > 1) {
                sample(language, sampling, ending);
            } else {
                streams.out().print(prompt);
                language.generate(prompt, sampling, ending, this::write);
                streams.out().println();
                flush();
            }
        }
        return 0;
    }

    private <V> V checked(Supplier<V> value) {
        return Options.checked(spec.commandLine(), value);
    }

    private void check() {
        for (String option : beam == null ? OF_BEAMS : OF_SAMPLES) {
            if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
                throw misused(option + (beam == null ? " is for --beam" : " cannot be had with --beam"));
            }
        }
        Options.atLeast(spec.commandLine(), "--samples", samples, 1);
        Options.atLeast(spec.commandLine(), "--beam", beam == null ? 1 : beam, 1);
        if (stops.contains("")) {
            throw misused("--stop: expected a text, got an empty one");
        }
        if (beam != null && (best < 1 || best > beam)) {
            throw misused("--n-best: expected 1 to --beam " + beam + ", got " + best);
        }
        checked(() -> Execution.threads(threads));
    }

    /** Says which number is too great for the outputs of as many streams. */
    private static void room(Vocabulary vocabulary, String option, int streams) {
        int most = Integer.MAX_VALUE / vocabulary.size();
        if (streams > most) {
            throw new Failure(option + ": expected at most " + most + " for a vocabulary of " + vocabulary.size()
                    + ", got " + streams);
        }
    }

    private ParameterException misused(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private void sample(LanguageModel language, Sampling sampling, Ending ending) {
        List<String> texts = language.generate(prompt, sampling, ending, samples);
        for (int i = 0; i < texts.size(); i++) {
            show("sample " + (i + 1) + ", seed " + sampling.sample(i).seed(), texts.get(i));
        }
    }

    private void search(LanguageModel language, BeamSearch search, Ending ending) {
        List<Continuation> found = language.search(prompt, search, ending);
        for (int i = 0; i < Math.min(best, found.size()); i++) {
            Continuation each = found.get(i);
            show(best == 1 ? null : Figures.format("%d, log-probability %.4f", i + 1, each.logProbability()),
                    each.text());
        }
    }

    private void show(String title, String text) {
        if (title != null) {
            streams.out().println("=== " + title + " ===");
        }
        streams.out().println(prompt + text);
        flush();
    }

    private void write(String text) {
        streams.out().print(text);
        if (System.nanoTime() - seen > NANOS_UNSEEN) {
            flush();
        }
    }

    private void flush() {
        if (streams.out().checkError()) {
            throw new Failure("standard output: cannot be written");
        }
        seen = System.nanoTime();
    }
}
