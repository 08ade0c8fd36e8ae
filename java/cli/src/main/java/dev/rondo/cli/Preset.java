package dev.rondo.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Settings that were published together, under the names that they are known by: options as they would be written. */
enum Preset {
    CHAR_RNN("A. Karpathy's char-rnn, 2015: 2 x 128 LSTM of characters",
            "--unit character --cell lstm --hidden 128 --layers 2 --batch 50 --time-steps 50"
                    + " --optimizer rmsprop:learningRate=0.002,decay=0.95 --clip value:5 --init uniform=0.08"
                    + " --schedule step:factor=0.97,steps=1epoch,hold=9epochs --epochs 50"),
    ZAREMBA_SMALL("Zaremba et al. 2014: 2 x 200 LSTM of words, no dropout",
            zaremba(200, 0.1, 20, "--clip 5 --schedule step:factor=0.5,steps=1epoch,hold=3epochs --epochs 13")),
    ZAREMBA_MEDIUM("Zaremba et al. 2014: 2 x 650 LSTM of words, dropout 0.5",
            zaremba(650, 0.05, 35, "--dropout 0.5 --embedding-dropout 0.5 --clip 5"
                    + " --schedule step:factor=0.833333,steps=1epoch,hold=5epochs --epochs 39")),
    ZAREMBA_LARGE("Zaremba et al. 2014: 2 x 1500 LSTM of words, dropout 0.65",
            zaremba(1500, 0.04, 35, "--dropout 0.65 --embedding-dropout 0.65 --clip 10"
                    + " --schedule step:factor=0.869565,steps=1epoch,hold=13epochs --epochs 55"));

    /** Options of which one is enough. */
    private static final List<Set<String>> ALTERNATIVES = List.of(
            Set.of("--steps", "--epochs", "--minutes"), Set.of("--unit", "--tokenizer"),
            Set.of("--dropout", "--variational-dropout"));

    private static final String OPTION = "--preset";

    private final String description;
    private final List<String> options; // name, value, name, value ..

    Preset(String description, String options) {
        this.description = description;
        this.options = List.of(options.split(" "));
    }

    private static String zaremba(int hidden, double init, int timeSteps, String others) {
        return "--unit word --cell lstm:forgetBias=0 --hidden " + hidden + " --layers 2 --batch 20 --time-steps "
                + timeSteps + " --optimizer sgd:learningRate=1 --init uniform=" + init + " --evaluate-every 1epoch "
                + others;
    }

    /** {@return the name on command lines: "zaremba-small"} */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** {@return the preset of a name, one of {@link #names()}} */
    static Preset of(String name) {
        return Arrays.stream(values()).filter(preset -> preset.toString().equals(name)).findFirst().orElseThrow();
    }

    /** {@return what it is, and its options} */
    String describe() {
        return description + ": " + String.join(" ", options);
    }

    /**
     * {@return {@code arguments} with the options of the preset that they name, but for those that they give
     * themselves}
     */
    static List<String> expand(List<String> arguments) {
        List<String> names = arguments.stream().map(argument -> argument.split("=", 2)[0]).toList();
        int at = names.indexOf(OPTION);
        if (at < 0 || !names.contains("train") || names.contains("--resume")) {
            return arguments;
        }
        String wanted = arguments.get(at).contains("=")
                ? arguments.get(at).substring(OPTION.length() + 1)
                : at + 1 < arguments.size() ? arguments.get(at + 1) : "";
        var all = new ArrayList<>(arguments);
        Arrays.stream(values()).filter(preset -> preset.toString().equals(wanted)).findFirst()
                .ifPresent(preset -> preset.add(names, all));
        return all;
    }

    private void add(List<String> given, List<String> all) {
        for (int i = 0; i < options.size(); i += 2) {
            String option = options.get(i);
            Set<String> same = ALTERNATIVES.stream().filter(set -> set.contains(option)).findFirst()
                    .orElse(Set.of(option));
            if (Collections.disjoint(given, same)) {
                all.addAll(options.subList(i, i + 2));
            }
        }
    }

    /** {@return the names of all} */
    static List<String> names() {
        return Arrays.stream(values()).map(Preset::toString).toList();
    }
}
