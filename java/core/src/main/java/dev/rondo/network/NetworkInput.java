package dev.rondo.network;

import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;

/** What a network reads at each step. */
public sealed interface NetworkInput {
    /** {@return the width of what the first layer reads; for one-hot tokens the size of the vocabulary} */
    int size();

    /** {@return what the first layer reads: numbers, or tokens of which it picks a row of its weights} */
    InputKind kind();

    /** {@return whether the network reads tokens, whatever its first layer reads} */
    boolean tokens();

    /** {@return V, how many tokens there are; 0 of numbers} */
    int vocabularySize();

    /**
     * Numbers.
     *
     * @param size I, numbers per step, at least 1
     */
    record Dense(int size) implements NetworkInput {
        /**
         * Checks its argument.
         *
         * @throws IllegalArgumentException if it is below 1
         */
        public Dense {
            CellShape.atLeastOne("inputSize", size);
        }

        @Override
        public InputKind kind() {
            return InputKind.DENSE;
        }

        @Override
        public boolean tokens() {
            return false;
        }

        @Override
        public int vocabularySize() {
            return 0;
        }
    }

    /**
     * Tokens as one-hot vectors, which are never built: the first layer copies a row of its weights.
     *
     * @param size V, at least 1: tokens are from 0 to V - 1
     */
    record OneHot(int size) implements NetworkInput {
        /**
         * Checks its argument.
         *
         * @throws IllegalArgumentException if it is below 1
         */
        public OneHot {
            CellShape.atLeastOne("vocabularySize", size);
        }

        @Override
        public InputKind kind() {
            return InputKind.TOKENS;
        }

        @Override
        public boolean tokens() {
            return true;
        }

        @Override
        public int vocabularySize() {
            return size;
        }
    }

    /**
     * Tokens as learned vectors: row gather forward, row scatter-add backward.
     *
     * @param vocabularySize V, at least 1: tokens are from 0 to V - 1
     * @param size W, numbers per token, at least 1
     * @param dropout share of these numbers, drawn anew at each step, that is left out in training, from 0 to below 1
     */
    record Embedding(int vocabularySize, int size, double dropout) implements NetworkInput {
        /**
         * Checks its arguments.
         *
         * @throws IllegalArgumentException if one is out of its range
         */
        public Embedding {
            CellShape.atLeastOne("vocabularySize", vocabularySize);
            CellShape.atLeastOne("width", size);
            Dropout.probability("embeddingDropout", dropout);
        }

        /**
         * An embedding of which nothing is left out.
         *
         * @param vocabularySize V, at least 1
         * @param size W, at least 1
         * @throws IllegalArgumentException if one is below 1
         */
        public Embedding(int vocabularySize, int size) {
            this(vocabularySize, size, 0);
        }

        @Override
        public InputKind kind() {
            return InputKind.DENSE;
        }

        @Override
        public boolean tokens() {
            return true;
        }
    }
}
