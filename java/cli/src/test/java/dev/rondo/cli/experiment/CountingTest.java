package dev.rondo.cli.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The language a^n b^n c^n, the score, and the experiment made small. */
class CountingTest {
    /** Against the language itself, written out: what follows a prefix is what follows it in any of its strings. */
    @Test
    void whatMayFollowIsWhatFollowsInTheLanguage() {
        List<String> language = IntStream.rangeClosed(1, 20)
                .mapToObj(n -> "S" + "a".repeat(n) + "b".repeat(n) + "c".repeat(n) + ".").toList();
        for (int n = 1; n < 20; n++) {
            String word = language.get(n - 1);
            assertEquals(word.length() - 1, CountingLanguage.length(n));
            for (int t = 0; t < CountingLanguage.length(n); t++) {
                String prefix = word.substring(0, t + 1);
                var follow = language.stream().filter(other -> other.startsWith(prefix))
                        .map(other -> other.charAt(prefix.length())).collect(Collectors.toCollection(TreeSet::new));
                var said = new TreeSet<Character>();
                for (int o = 0; o < CountingLanguage.OUTPUTS; o++) {
                    if (CountingLanguage.mayFollow(n, t, o)) {
                        said.add("abc.".charAt(o));
                    }
                }
                assertEquals(follow, said, prefix);
                assertEquals(prefix.charAt(t), "Sabc".charAt(CountingLanguage.symbol(n, t)));
            }
        }
    }

    /** One that counts by ones accepts all there is; one that counts b by 0.95 is 0.05 n above zero after n of them. */
    @Test
    void aScoreEndsBeforeTheFirstWrongSequence() {
        try (Network network = counter(1)) {
            assertEquals(150, CountingLanguage.accepted(network, 150));
        }
        try (Network network = counter(0.95)) {
            int wrong = 1;
            while (Math.tanh(0.05 * wrong) < 0.4) { // as the output of b has it
                wrong++;
            }
            assertEquals(wrong - 1, CountingLanguage.accepted(network, 150));
        }
    }

    /** {@return two cells with open gates, one that counts a up and b down, one that counts b up and c down} */
    private static Network counter(double step) {
        Network network = ChaosTrial.exact(Network.builder(4).layer(Lstm.of(2)).outputs(4).skip()
                .loss(Loss.meanSquaredError())).build();
        network.parameters().slab().fill((byte) 0);
        Contestant.setBiases(network, 2, Map.of(0, 50.0, 1, 50.0, 3, 50.0));
        double down = -0.5 * Math.log((1 + step) / (1 - step)); // tanh of it is -step; infinite for 1
        down = Math.max(down, -50);
        set(network, "layer0.weightIh", 4 * 4, 0, 50, down, 0, 0, 0, 50, -50); // rows of g, by S, a, b, c
        set(network, "head.weight", 0, 0, 0, 1, 0, -1, 2, 0, -1); // rows a, b, c, end, by counter
        set(network, "head.skipWeight", 0, 1, 1, -1, -1, -1, 1, -0.4, -1, -2, -2, -1.35, -0.8, -2, -2, -2, 0.4);
        network.parameters().changed();
        return network;
    }

    private static void set(Network network, String name, int from, double... values) {
        long first = network.parameters().layout().get(name).offset() + from;
        for (int i = 0; i < values.length; i++) {
            network.precision().set(network.parameters().slab(), first + i, values[i]);
        }
    }

    /**
     * The filter learns to count further than it is trained on and chosen by, whatever runs beside it. Four draws of
     * ten learn, so that of ten draws one does, however a machine rounds, but for one time in 170.
     */
    @Test
    void theFilterLearnsToCount() throws InterruptedException {
        Findings found = new AnBnCn(1500, 150, 1).run(1, 2, line -> {});
        assertTrue((int) found.figures().getFirst().get("best") > CountingTrial.VALIDATED,
                () -> String.join("\n", found.report()));
        assertEquals(found.report(), new AnBnCn(1500, 150, 1).run(1, 1, line -> {}).report());
    }
}
