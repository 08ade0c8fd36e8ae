package dev.rondo.cli.report;

import java.util.Locale;

/** How numbers are written in a report. */
final class Numbers {
    private static final String[] SUFFIXES = {"", "k", "M", "G", "T"};

    private Numbers() {}

    static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    /** {@return a loss or the like; "-" if it is no number} */
    static String decimal(double value, int digits) {
        if (Double.isNaN(value)) {
            return "-";
        }
        return Double.isInfinite(value) ? (value > 0 ? "∞" : "−∞")
                : format("%." + digits + (Math.abs(value) < 1e5 ? "f" : "e"), value);
    }

    /** {@return a number of any size with {@code digits} digits that tell something: "0.004", "1e-05", "12.3"} */
    static String significant(double value, int digits) {
        if (!Double.isFinite(value)) {
            return decimal(value, 0);
        }
        String text = format("%." + digits + "g", value);
        return text.contains("e") || !text.contains(".") ? text.replaceFirst("\\.?0+e", "e")
                : text.replaceFirst("\\.?0+$", "");
    }

    /** {@return "987", "45.1k", "1.2M"} */
    static String rate(double value) {
        if (!Double.isFinite(value) || Math.abs(value) >= 1e15) {
            return significant(value, 3);
        }
        int group = group(Math.abs(value));
        double scaled = value / Math.pow(1000, group);
        return format(group == 0 || scaled >= 99.95 ? "%.0f" : "%.1f", scaled) + SUFFIXES[group];
    }

    /** {@return "0:07", "12:34", "1:02:03"} */
    static String duration(double seconds) {
        if (!Double.isFinite(seconds)) {
            return "-";
        }
        long s = Math.round(seconds);
        return s < 3600 ? format("%d:%02d", s / 60, s % 60) : format("%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }

    /** {@return the label of {@code value} among others that are {@code step} apart and {@code greatest} at most} */
    static String tick(double value, double step, double greatest) {
        if (value == 0) {
            return "0";
        }
        if (greatest >= 1e15 || greatest < 1e-3) {
            return significant(value, 1 + (int) (Math.floor(Math.log10(Math.abs(value)) + 1e-9)
                    - Math.floor(Math.log10(step) + 1e-9)));
        }
        int group = greatest < 1e4 ? 0 : group(greatest);
        double unit = Math.pow(1000, group);
        int decimals = (int) Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
        return format("%,." + decimals + "f", value / unit) + SUFFIXES[group];
    }

    /** {@return a power of ten} */
    static String decade(int exponent) {
        return exponent >= -3 && exponent <= 3 ? significant(Math.pow(10, exponent), 4) : "1e" + exponent;
    }

    private static int group(double value) {
        int group = 0;
        for (double rest = value; rest >= 999.5 && group < SUFFIXES.length - 1; rest /= 1000) {
            group++;
        }
        return group;
    }
}
