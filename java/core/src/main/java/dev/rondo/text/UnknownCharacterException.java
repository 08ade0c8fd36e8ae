package dev.rondo.text;

/** A text has a character that the vocabulary lacks. */
public final class UnknownCharacterException extends IllegalArgumentException {
    /** The character. */
    private final int codePoint;
    /** In code points. */
    private final long position;

    UnknownCharacterException(int codePoint, long position) {
        super("character " + describe(codePoint) + " at position " + position + ": the model never saw it");
        this.codePoint = codePoint;
        this.position = position;
    }

    /** {@return the character} */
    public int codePoint() {
        return codePoint;
    }

    /** {@return how many characters (code points) stand before it in the text} */
    public long position() {
        return position;
    }

    private static String describe(int codePoint) {
        String number = String.format("U+%04X", codePoint);
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> number;
            default -> "'" + Character.toString(codePoint) + "' (" + number + ")";
        };
    }
}
