package dev.rondo.text;

/** Puts together the code points of a text that comes in parts. */
abstract class CodePointEncoder implements Vocabulary.Encoder {
    private char high; // a surrogate that waits for its partner; 0 = none
    private long position; // code points taken

    /** Takes a code point: also a surrogate, if it has no partner. */
    abstract void take(int codePoint);

    /** {@return how many code points came before the one that is taken} */
    long position() {
        return position;
    }

    @Override
    public void accept(char[] text, int begin, int end) {
        for (int i = begin; i < end; i++) {
            char c = text[i];
            if (high != 0 && Character.isLowSurrogate(c)) {
                count(Character.toCodePoint(high, c));
                high = 0;
                continue;
            }
            finish();
            if (Character.isHighSurrogate(c)) {
                high = c;
            } else {
                count(c);
            }
        }
    }

    @Override
    public void finish() {
        if (high != 0) {
            count(high);
            high = 0;
        }
    }

    private void count(int codePoint) {
        take(codePoint);
        position++;
    }
}
