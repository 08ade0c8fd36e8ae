package dev.rondo.cli;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/** What this process runs on. */
final class Machine {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final String OPENBLAS = "/META-INF/maven/org.bytedeco/openblas/pom.properties";
    private static final double GIB = 1L << 30;

    private Machine() {}

    static String version() {
        return "rondo " + Rondo.Version.text();
    }

    static String jdk() {
        return System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version");
    }

    static String platform() {
        return System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                + System.getProperty("os.arch");
    }

    static String cpu() {
        return cpuModel() + ", " + Figures.count(Runtime.getRuntime().availableProcessors(), "processor");
    }

    /** {@return of the machine, and of it the most that the heap takes} */
    static String memory() {
        var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return Figures.format("%.1f GiB, heap of at most %.1f GiB", system.getTotalMemorySize() / GIB,
                Runtime.getRuntime().maxMemory() / GIB);
    }

    /** {@return the version of OpenBLAS' artifact, read there: to load the library takes a second} */
    private static String openBlas() {
        try (var stream = Machine.class.getResourceAsStream(OPENBLAS)) {
            var properties = new Properties();
            if (stream != null) {
                properties.load(stream);
            }
            return properties.getProperty("version", "unknown");
        } catch (IOException _) {
            return "unknown";
        }
    }

    /** {@return all of it by name} */
    static Map<String, String> facts() {
        var facts = new LinkedHashMap<String, String>();
        facts.put("version", version());
        facts.put("JDK", jdk());
        facts.put("platform", platform());
        facts.put("CPU", cpu());
        facts.put("memory", memory());
        facts.put("OpenBLAS", openBlas());
        return facts;
    }

    private static String cpuModel() {
        try (var lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException _) { // not Linux
            String identifier = System.getenv("PROCESSOR_IDENTIFIER"); // Windows
            return identifier == null ? "unknown" : identifier;
        }
    }
}
