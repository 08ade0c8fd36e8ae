package dev.rondo.cli;

import java.util.Locale;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Values of options that the library looks at: what it says is said under the option's name. */
final class Options {
    private Options() {}

    /**
     * {@return what {@code value} gives}
     *
     * @throws ParameterException if it throws, for "recurrentDropout: expected ..", "--recurrent-dropout: expected .."
     */
    static <V> V checked(CommandLine commandLine, Supplier<V> value) {
        try {
            return value.get();
        } catch (IllegalArgumentException e) {
            String[] parts = e.getMessage().split(":", 2);
            String option = parts[0].replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
            throw new ParameterException(
                    commandLine, "--" + option + (parts.length == 2 ? ":" + parts[1] : ""), e);
        }
    }

    /**
     * {@return what {@code text}, given for {@code option}, says}
     *
     * @param subject what the library calls it
     */
    static <V> V parsed(CommandLine commandLine, String option, String subject, Function<String, V> parser,
            String text) {
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    commandLine, option + ": " + e.getMessage().replaceFirst("^" + subject + ":? ", ""), e);
        }
    }

    /** Says which number is too small. */
    static void atLeast(CommandLine commandLine, String option, long value, long least) {
        if (value < least) {
            throw new ParameterException(
                    commandLine, option + ": expected at least " + least + ", got " + value);
        }
    }
}
