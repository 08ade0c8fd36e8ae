package dev.rondo.text;

import java.io.IOException;

/** What was to be read as UTF-8 is no text. */
public final class MalformedTextException extends IOException {
    MalformedTextException(String message) {
        super(message);
    }
}
