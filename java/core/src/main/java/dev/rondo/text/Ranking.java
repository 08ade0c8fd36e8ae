package dev.rondo.text;

import java.util.Comparator;

/** What makes one candidate better than another. */
public enum Ranking {
    /** The probability of the whole candidate: of two equally plausible ones the shorter is better. */
    PROBABILITY,

    /** The probability of each of its units, in the geometric mean; one that has none to predict comes last. */
    PER_UNIT;

    /** {@return the best first; of those as good as each other the one that stood first} */
    Comparator<RankedText> bestFirst() {
        return Comparator.<RankedText>comparingDouble(ranked -> cost(ranked.score()))
                .thenComparingInt(RankedText::index);
    }

    private double cost(TextScore score) {
        return switch (this) {
            case PROBABILITY -> score.nats();
            case PER_UNIT -> score.predictions() == 0 ? Double.POSITIVE_INFINITY : score.natsPerUnit();
        };
    }
}
