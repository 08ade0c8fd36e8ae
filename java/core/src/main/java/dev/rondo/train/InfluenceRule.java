package dev.rondo.train;

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
