package dev.rondo.cli;

import dev.rondo.text.TextUnit;
import java.util.Locale;

/** How figures are written, the same everywhere and in every locale. */
final class Figures {
    private Figures() {}

    static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    /** {@return a loss or the like with so many digits after the point; of 100,000 and more with an exponent} */
    static String decimal(double value, int digits) {
        return format("%." + digits + (Math.abs(value) < 1e5 ? "f" : "e"), value);
    }

    /** {@return a unit where there is little room: "char", else as it is} */
    static String brief(TextUnit unit) {
        return unit == TextUnit.CHARACTER ? "char" : unit.singular();
    }

    /** {@return "2.2610 bits per character" or "perplexity 115.2000 per word", of nats per unit} */
    static String measure(TextUnit unit, double nats, int digits) {
        String value = decimal(unit.measure(nats), digits);
        return inBits(unit) ? value + " " + unit.measureName() : "perplexity " + value + " per " + unit.singular();
    }

    /** {@return whether a unit's figure is bits, not perplexity} */
    static boolean inBits(TextUnit unit) {
        return unit.measureName().startsWith("bits");
    }

    /** {@return "1 file", "1,234 files"} */
    static String count(long n, String noun) {
        return count(n, noun, noun + "s");
    }

    /** {@return "1 body", "12 bodies"} */
    static String count(long n, String one, String many) {
        return format("%,d %s", n, n == 1 ? one : many);
    }

    /** {@return "1 minute", "0.5 minutes"} */
    static String amount(double n, String noun) {
        return n == 1 ? "1 " + noun : format("%s %ss", n == Math.rint(n) ? format("%.0f", n) : String.valueOf(n), noun);
    }

    /** {@return three digits and a magnitude: "987", "45.1k", "1.20M"} */
    static String rate(double perSecond) {
        if (perSecond < 999.5) {
            return format("%.0f", perSecond);
        }
        double thousands = perSecond / 1e3;
        return thousands < 999.5 ? threeDigits(thousands) + "k" : threeDigits(thousands / 1e3) + "M";
    }

    private static String threeDigits(double value) {
        return format(value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
    }

    /** {@return "0:07", "12:34", "1:02:03"; "-" if it is no number} */
    static String duration(double seconds) {
        if (!Double.isFinite(seconds)) {
            return "-";
        }
        long s = Math.round(seconds);
        return s < 3600 ? format("%d:%02d", s / 60, s % 60) : format("%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }
}
