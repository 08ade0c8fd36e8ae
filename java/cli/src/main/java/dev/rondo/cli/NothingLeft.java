package dev.rondo.cli;

/** A training has reached its length already. */
final class NothingLeft extends Failure {
    NothingLeft(String message) {
        super(message);
    }
}
