package dev.rondo.cli;

import dev.rondo.text.LanguageModel;
import dev.rondo.text.Sampling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code rondo generate}: text that a model makes up, as it comes. */
@Command(name = "generate", description = "Writes text that a trained model makes up.",
        sortOptions = false, sortSynopsis = false)
final class GenerateCommand implements Callable<Integer> {
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

    @Option(names = "--temperature", paramLabel = "X", defaultValue = "0.8",
            description = "Below 1 more predictable, above 1 more varied, 0 = always the likeliest. "
                    + "Default: ${DEFAULT-VALUE}.")
    private double temperature;

    @Option(names = "--top-p", paramLabel = "X", defaultValue = "1",
            description = "Draws only from the likeliest that together have this probability. "
                    + "Default: ${DEFAULT-VALUE}, from all.")
    private double topP;

    @Option(names = "--seed", paramLabel = "N",
            description = "The same seed gives the same text. Default: a new one each time.")
    private Long seed;

    @Spec
    private CommandSpec spec;

    @Mixin
    private Help help;

    private final Streams streams;

    GenerateCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        if (length < 0) {
            throw new ParameterException(spec.commandLine(), "--length: expected at least 0, got " + length);
        }
        Sampling sampling = sampling();
        // One token at a time is too little work to share between threads.
        try (var language = LanguageModel.load(model, network -> network.threads(1))) {
            language.vocabulary().encode(prompt); // a character it does not know is said before anything is written
            streams.out().print(prompt);
            language.generate(prompt, sampling, length, this::write);
            streams.out().println();
        }
        return 0;
    }

    private Sampling sampling() {
        try {
            return new Sampling(temperature, topP, seed == null ? RandomGenerator.getDefault().nextLong() : seed);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage().replace("topP", "top-p"), e);
        }
    }

    private void write(String text) {
        streams.out().print(text);
        if (streams.out().checkError()) { // flushes, too: the text is seen as it comes
            throw new Failure("standard output: cannot be written");
        }
    }
}
