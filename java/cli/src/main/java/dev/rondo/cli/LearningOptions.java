package dev.rondo.cli;

import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.TextCorpus;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.Optimizers;
import dev.rondo.train.Schedules;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** How a new model learns. */
final class LearningOptions {
    private static final Pattern INTERVAL = Pattern.compile("([0-9]{1,15})(epochs?)?");

    @Option(names = "--batch", paramLabel = "N", defaultValue = "32",
            description = "Pieces of the text learned side by side: a short text wants fewer. "
                    + "Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(names = "--time-steps", paramLabel = "N", defaultValue = "64",
            description = "Units of each piece in a step, which gradients reach back. Default: ${DEFAULT-VALUE}.")
    private int timeSteps;

    @Option(names = "--optimizer", paramLabel = "RULE", defaultValue = "adam:learningRate=0.004",
            description = "sgd, nesterov, rmsprop, adagrad, adam or adamw, with numbers after a colon: "
                    + "sgd:learningRate=1,momentum=0.9. Default: ${DEFAULT-VALUE}.")
    private String optimizer;

    @Option(names = "--schedule", paramLabel = "RULE", defaultValue = "constant",
            description = "How the learning rate changes, in steps or epochs: constant, step:factor=0.1,steps=1000, "
                    + "exponential:factor=0.5,steps=1epoch, cosine:steps=5000, or plateau:factor=0.5,patience=3 "
                    + "(evaluations); after a comma warmUp=100 rises, and hold=3epochs waits, before it. "
                    + "Default: ${DEFAULT-VALUE}.")
    private String schedule;

    @Option(names = "--clip", paramLabel = "LIMIT", defaultValue = "5",
            description = "Greatest norm of all gradients; value:1, layer:5 and parameter:5 limit each number, each "
                    + "layer's norm, each tensor's; none. Default: ${DEFAULT-VALUE}.")
    private String clip;

    @Option(names = "--evaluate-every", paramLabel = "N",
            description = "Evaluates after every N steps, or Nepochs. Default: when time says so, about a tenth of it.")
    private String evaluateEvery;

    @Option(names = "--patience", paramLabel = "N", defaultValue = "0",
            description = "Ends the training when N evaluations in a row gave no lower validation loss. Default: no.")
    private int patience;

    /** {@return evaluations in vain until a training ends; 0 = any number} */
    int patience() {
        return patience;
    }

    /** Says what is wrong before anything is read. */
    void check(CommandLine commandLine) {
        Options.atLeast(commandLine, "--batch", batch, 1);
        Options.atLeast(commandLine, "--time-steps", timeSteps, 1);
        Options.parsed(commandLine, "--optimizer", "optimizer", Optimizers::parse, optimizer);
        Options.parsed(commandLine, "--schedule", "schedule", text -> Schedules.parse(text, 1), schedule);
        Options.parsed(commandLine, "--clip", "clip", GradientClipping::parse, clip);
        Options.parsed(commandLine, "--evaluate-every", "evaluateEvery", text -> interval(text, 1), evaluateEvery);
        Options.atLeast(commandLine, "--patience", patience, 0);
    }

    private static long interval(String text, long epoch) {
        if (text == null) {
            return 0;
        }
        Matcher interval = INTERVAL.matcher(text);
        if (!interval.matches() || Long.parseLong(interval.group(1)) == 0) {
            throw new IllegalArgumentException(
                    "expected a number of steps, or one of epochs as in 1epoch, got " + text);
        }
        return Math.multiplyExact(Long.parseLong(interval.group(1)), interval.group(2) == null ? 1 : epoch);
    }

    /** With a smaller batch the text may do; what is too short for any is the library's to say. */
    void check(TextCorpus corpus) {
        long most = corpus.training().length() / timeSteps;
        if (most > 0 && batch > most) {
            throw new Failure("text: expected at least " + (long) batch * timeSteps + " "
                    + corpus.vocabulary().unit().plural() + " to learn from for --batch " + batch + ", got "
                    + corpus.training().length() + "; --batch " + most + " is the most for it");
        }
    }

    /** Tells {@code builder}. */
    LanguageModelTrainer.Builder of(LanguageModelTrainer.Builder builder) {
        long epoch = builder.batchSize(batch).timeSteps(timeSteps).stepsPerEpoch();
        return builder.optimizer(Optimizers.parse(optimizer)).learningRate(Schedules.parse(schedule, epoch))
                .clip(GradientClipping.parse(clip)).evaluateEvery(interval(evaluateEvery, epoch)).patience(patience);
    }
}
