package dev.rondo.cli;

import java.nio.file.Path;

/** How the user of this process would type another command. */
final class Invocation {
    private Invocation() {}

    /** {@return the rondo script, as it can be called from the present directory} */
    static String command() {
        String home = System.getProperty("rondo.home");
        if (home == null) {
            return "rondo";
        }
        Path here = Path.of("").toAbsolutePath();
        Path script = Path.of(home, "rondo");
        return script.startsWith(here) ? "./" + here.relativize(script) : quoted(script);
    }

    /** {@return {@code path} for a POSIX shell} */
    static String quoted(Path path) {
        String text = path.toString();
        return text.matches("[\\w@%+=:,./-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
