package dev.rondo.train;

import java.util.Arrays;

/** Which entries of the influence matrix are kept. */
sealed interface InfluenceRule {
    /** All of them. */
    record Exact() implements InfluenceRule {
        @Override
        public String toString() {
            return "exact RTRL";
        }
    }

    /** Those that differ from zero within some steps; within one, a unit's own parameters alone. */
    record Snap(int steps) implements InfluenceRule {
        @Override
        public String toString() {
            return "SnAp-" + steps;
        }

        /**
         * {@return which units the parameters of each can reach within the steps, [from, to]; null if all reach all}
         *
         * @param reads [H, H], which units each reads the old state of
         */
        boolean[][] reached(boolean[][] reads) {
            int units = reads.length;
            var reached = new boolean[units][units];
            for (int k = 0; k < units; k++) {
                reached[k][k] = true;
            }
            boolean grew = true;
            for (int step = 1; step < steps && grew; step++) {
                boolean[][] before = Arrays.stream(reached).map(boolean[]::clone).toArray(boolean[][]::new);
                grew = false;
                for (int from = 0; from < units; from++) {
                    for (int to = 0; to < units; to++) {
                        if (!before[from][to] && readsOne(reads[to], before[from])) {
                            reached[from][to] = true;
                            grew = true;
                        }
                    }
                }
            }
            boolean[] all = new boolean[units];
            Arrays.fill(all, true);
            return Arrays.stream(reached).allMatch(row -> Arrays.equals(row, all)) ? null : reached;
        }

        private static boolean readsOne(boolean[] reads, boolean[] of) {
            for (int k = 0; k < reads.length; k++) {
                if (reads[k] && of[k]) {
                    return true;
                }
            }
            return false;
        }
    }

    /** A unit's own parameters, through what it keeps of its own state without a matrix. */
    record Rflo() implements InfluenceRule {
        @Override
        public String toString() {
            return "RFLO";
        }
    }

    /** {@return whether but a unit's own parameters count} */
    default boolean ownUnitOnly() {
        return this instanceof Rflo || this instanceof Snap(int steps) && steps == 1;
    }
}
