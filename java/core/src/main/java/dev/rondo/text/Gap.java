package dev.rondo.text;

import java.util.Objects;

/** A line with a gap in it. */
record Gap(String before, String after) {
    static Gap of(String line) {
        Objects.requireNonNull(line, "line: expected a text, got null");
        int at = line.indexOf(LanguageModel.GAP);
        if (at < 0 || line.indexOf(LanguageModel.GAP, at + 1) >= 0) {
            throw new IllegalArgumentException("line: expected one gap, " + LanguageModel.GAP + ", got "
                    + (at < 0 ? "none" : "several") + " in \"" + line + '"');
        }
        return new Gap(line.substring(0, at), line.substring(at + LanguageModel.GAP.length()));
    }

    String filled(String candidate) {
        return before + candidate + after;
    }
}
