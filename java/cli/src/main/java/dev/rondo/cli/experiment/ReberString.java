package dev.rondo.cli.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A string of the embedded Reber grammar (Smith and Zipser 1989, Fahlman 1991): B, T or P, a string of Reber's grammar,
 * the same T or P once more, E. Where an edge of the grammar has to be chosen, each has a probability of 1/2.
 *
 * @param symbols numbers of {@link #ALPHABET}
 * @param successors those that may follow each symbol but the last, as a set of bits
 */
record ReberString(List<Integer> symbols, List<Integer> successors) {
    static final String ALPHABET = "BTPSXVE";

    /** The edges of Reber's grammar, a symbol and the node that it leads to, by node. */
    private static final String[] EDGES = {"B1", "T2P3", "S2X4", "T3V5", "X3S6", "P4V6", "E7"};
    private static final int LAST = 7;

    /** {@return a string} */
    static ReberString draw(RandomGenerator random) {
        var symbols = new ArrayList<Integer>();
        var successors = new ArrayList<Integer>();
        char outer = "TP".charAt(random.nextInt(2));
        add("B", "TP", symbols, successors);
        add("" + outer, "B", symbols, successors);
        int node = 0;
        while (node != LAST) {
            String edges = EDGES[node];
            int edge = 2 * random.nextInt(edges.length() / 2);
            node = edges.charAt(edge + 1) - '0';
            add(edges.substring(edge, edge + 1), node == LAST ? "" + outer : EDGES[node].replaceAll("\\d", ""),
                    symbols, successors);
        }
        add("" + outer, "E", symbols, successors);
        symbols.add(ALPHABET.indexOf('E'));
        return new ReberString(symbols, successors);
    }

    private static void add(String symbol, String next, List<Integer> symbols, List<Integer> successors) {
        symbols.add(ALPHABET.indexOf(symbol));
        successors.add(next.chars().map(c -> 1 << ALPHABET.indexOf(c)).sum());
    }

    /** {@return the symbols that are read and predicted from: all but the last} */
    int steps() {
        return successors.size();
    }

    /** {@return whether {@code symbol} may follow the one at step {@code t}} */
    boolean follows(int t, int symbol) {
        return (successors.get(t) >> symbol & 1) != 0;
    }
}
