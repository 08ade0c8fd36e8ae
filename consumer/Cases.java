import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs the consumer with and without each jar and each JVM flag, on the class path and on the module path, and checks
 * what it says: {@code java Cases.java TARGET LINK}, where TARGET has the consumer's classes and its libraries in lib,
 * and LINK is {@code platform}, or {@code named} if the consumer names each library.
 */
final class Cases {
    private static final long MOST_BYTES = 30_000_000;
    private static final String VECTOR = "--add-modules=jdk.incubator.vector";
    private static final String DENY = "--illegal-native-access=deny";
    private static final String ACCESS = "--enable-native-access=ALL-UNNAMED";
    private static final String MODULE_ACCESS = "--enable-native-access=dev.rondo.core,org.bytedeco.javacpp";
    private static final String PLATFORM = "--add-modules=dev.rondo.platform";
    private static final String OPENBLAS_MODULE = "--add-modules=org.bytedeco.openblas.linux.x86_64";
    private static final String ALL = "--add-modules=ALL-MODULE-PATH";
    private static final String WARNING = "WARNING: A restricted method";
    private static final String DENIED = "not NATIVE: native access is denied: ";
    private static final String NO_VECTOR = "not VECTOR: no module jdk.incubator.vector; start java with";
    private static final String LIBRARY = "dev/rondo/kernel/linux-x86_64/librondo-";
    private static final String OPENBLAS = "openblas: OpenBLAS 0.";

    private static final String NATIVE_JAR = "rondo-core-.*-linux-x86_64.*";
    private static final String JAVACPP = "javacpp-.*";
    private static final String OPENBLAS_JARS = "openblas-.*";
    private static final String OPENBLAS_NATIVE_JAR = "openblas-.*-linux-x86_64.*";

    private final Path target;
    private final List<Path> jars;
    private final List<String> failures = new ArrayList<>();
    private Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    private int runs;

    private Cases(Path target) throws IOException {
        this.target = target;
        try (Stream<Path> files = Files.list(target.resolve("lib"))) {
            jars = files.sorted().toList();
        }
    }

    public static void main(String[] arguments) throws Exception {
        var cases = new Cases(Path.of(arguments[0]).toAbsolutePath());
        if (arguments[1].equals("named")) {
            cases.named();
        } else {
            cases.classPath();
            cases.modulePath();
            cases.runtimeImages();
        }
        cases.failures.forEach(System.out::println);
        System.out.printf("consumer test: %d of %d cases passed%n", cases.runs - cases.failures.size(), cases.runs);
        System.exit(cases.failures.isEmpty() ? 0 : 1);
    }

    /** A program for Linux whose POM names core, its native jar and those of JavaCPP and OpenBLAS. */
    private void named() throws Exception {
        size();
        onClassPath("", VECTOR, ACCESS).says("backend NATIVE", OPENBLAS).doesNotSay(WARNING, "; not ");
        onModulePath("", ALL, VECTOR, MODULE_ACCESS).says("backend NATIVE", OPENBLAS).doesNotSay(WARNING, "; not ");
    }

    private void size() throws IOException {
        long sum = 0;
        System.out.println("download for Linux x86_64:");
        for (Path jar : jars) {
            System.out.printf("%,12d  %s%n", Files.size(jar), jar.getFileName());
            sum += Files.size(jar);
        }
        System.out.printf("%,12d  together, of at most %,d%n", sum, MOST_BYTES);
        count("size of the download", sum <= MOST_BYTES ? "" : sum + " bytes");
    }

    private void classPath() throws Exception {
        onClassPath("", VECTOR, ACCESS).says("backend NATIVE", OPENBLAS).doesNotSay(WARNING, "; not ");
        onClassPath("", ACCESS).says("backend NATIVE", OPENBLAS).doesNotSay(WARNING, "incubator");
        onClassPath("", VECTOR).says("backend NATIVE", OPENBLAS, WARNING, "Using incubator modules");
        onClassPath("").says("backend NATIVE", OPENBLAS, WARNING);
        onClassPath("", VECTOR, ACCESS, DENY).says("backend NATIVE", OPENBLAS);
        onClassPath("", VECTOR, DENY).says("backend VECTOR", DENIED);
        onClassPath("", DENY).says("backend REFERENCE", DENIED, NO_VECTOR);
        onClassPath("", VECTOR, ACCESS, "-Drondo.backend=vector").says("backend VECTOR", "another was asked for");
        String absent = "not NATIVE: no library for linux-x86_64 on the class path: " + LIBRARY;
        onClassPath(NATIVE_JAR, VECTOR, ACCESS).says("backend VECTOR", absent);
        onClassPath(NATIVE_JAR, ACCESS).says("backend REFERENCE", absent, NO_VECTOR);
        onClassPath(NATIVE_JAR, ACCESS, "-Drondo.backend=native")
                .fails("backend NATIVE: not available: no library for");
        String noJavaCpp = "not NATIVE: JavaCPP is not on the class path";
        onClassPath(JAVACPP, VECTOR, ACCESS).says("backend VECTOR", noJavaCpp);
        onClassPath(JAVACPP, ACCESS).says("backend REFERENCE", noJavaCpp, NO_VECTOR);
        String own = "openblas: own products, no OpenBLAS: ";
        onClassPath(OPENBLAS_JARS, VECTOR, ACCESS).says("backend NATIVE", own + "OpenBLAS is not on the class path");
        onClassPath(OPENBLAS_NATIVE_JAR, VECTOR, ACCESS).says("backend NATIVE", own + "no jniopenblas_nolapack in");
    }

    private void modulePath() throws Exception {
        onModulePath("", PLATFORM, OPENBLAS_MODULE, VECTOR, MODULE_ACCESS).says("backend NATIVE", OPENBLAS)
                .doesNotSay(WARNING, "; not ");
        onModulePath("", ALL, MODULE_ACCESS).says("backend NATIVE", OPENBLAS).doesNotSay(WARNING, "incubator");
        onModulePath("", ALL, VECTOR).says("backend NATIVE", OPENBLAS, WARNING);
        onModulePath("", ALL, MODULE_ACCESS, DENY).says("backend NATIVE", OPENBLAS);
        onModulePath("", ALL, VECTOR, DENY).says("backend VECTOR", DENIED);
        onModulePath("", ALL, DENY).says("backend REFERENCE", DENIED, NO_VECTOR);
        onModulePath("", ALL, VECTOR, "-Drondo.backend=vector").says("backend VECTOR", "another was asked for");
        String add = " is not on the module path, or nothing requires it; start java with --add-modules ALL-";
        onModulePath("", PLATFORM, MODULE_ACCESS).says("backend NATIVE", "no OpenBLAS: OpenBLAS" + add);
        onModulePath("", VECTOR, MODULE_ACCESS).says("backend VECTOR", "not NATIVE: JavaCPP" + add);
        onModulePath("").says("backend REFERENCE", NO_VECTOR, "not NATIVE: JavaCPP" + add);
        String absent = "not NATIVE: no library for linux-x86_64 on the module path: " + LIBRARY;
        String noPlatform = "|rondo-platform-.*";
        onModulePath(NATIVE_JAR + noPlatform, ALL, VECTOR, MODULE_ACCESS).says("backend VECTOR", absent);
        onModulePath(NATIVE_JAR, ALL).refuses("Module dev.rondo.core.linux.x86_64 not found");
        onModulePath(JAVACPP, VECTOR, MODULE_ACCESS).says("backend VECTOR", "not NATIVE: JavaCPP" + add);
        onModulePath(JAVACPP, PLATFORM).refuses("Module org.bytedeco.javacpp not found");
        onModulePath(OPENBLAS_JARS, ALL, MODULE_ACCESS).says("backend NATIVE", "no OpenBLAS: OpenBLAS" + add);
        onModulePath(OPENBLAS_NATIVE_JAR, ALL, MODULE_ACCESS)
                .says("backend NATIVE", "openblas: own products, no OpenBLAS: no jniopenblas_nolapack in");
    }

    /** A Java runtime with a few modules of the JDK, and one that holds the program as well. */
    private void runtimeImages() throws Exception {
        java = link("small-runtime", "--add-modules=java.base,jdk.incubator.vector,jdk.unsupported");
        onClassPath("", VECTOR, ACCESS).says("backend NATIVE", OPENBLAS).doesNotSay(WARNING);
        onClassPath(NATIVE_JAR, VECTOR, ACCESS).says("backend VECTOR");
        java = link("smallest-runtime", "--add-modules=java.base");
        onClassPath("", ACCESS).says("backend ");
        java = link("program-runtime", "--module-path=" + path(".*-platform-.*"), "--add-modules=consumer,"
                + "dev.rondo.core.linux.x86_64,org.bytedeco.openblas.linux.x86_64,jdk.incubator.vector");
        List<String> program = List.of("-m", "consumer/consumer.Main");
        String modules = "--add-modules=dev.rondo.core.linux.x86_64";
        run(List.of(modules, OPENBLAS_MODULE, MODULE_ACCESS), program, "in the image").says("backend NATIVE", OPENBLAS)
                .doesNotSay(WARNING);
        run(List.of(VECTOR), program, "in the image").says("backend VECTOR");
    }

    private Path link(String name, String... options) throws Exception {
        Path image = target.resolve(name);
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
                "--strip-debug", "--no-header-files", "--no-man-pages", "--output", image.toString()));
        command.addAll(Arrays.asList(options));
        Output output = start(command);
        count("jlink " + name, output.status == 0 ? "" : output.text);
        try (Stream<Path> files = Files.walk(image)) {
            System.out.printf("runtime image %s: %,d bytes%n", name,
                    files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum());
        }
        return image.resolve("bin").resolve("java");
    }

    private Run onClassPath(String without, String... flags) throws Exception {
        return run(List.of(flags), List.of("-cp", path(without), "consumer.Main"), "class path", without);
    }

    private Run onModulePath(String without, String... flags) throws Exception {
        return run(List.of(flags), List.of("-p", path(without), "-m", "consumer/consumer.Main"), "module path",
                without);
    }

    private String path(String without) {
        Predicate<Path> present = jar -> !jar.getFileName().toString().matches(without);
        return Stream.concat(Stream.of(target.resolve("classes")), jars.stream().filter(present))
                .map(Path::toString)
                .collect(Collectors.joining(":"));
    }

    private Run run(List<String> flags, List<String> program, String... description) throws Exception {
        var command = new ArrayList<>(List.of(java.toString(),
                "-Dorg.bytedeco.javacpp.cachedir=" + target.resolve("javacpp-cache")));
        command.addAll(flags);
        command.addAll(program);
        var run = new Run(java.getParent().getParent().getFileName() + ", " + description[0]
                + (description.length > 1 && !description[1].isEmpty() ? ", without " + description[1] : "")
                + " " + flags, start(command));
        System.out.println("-- " + run.name);
        run.output.text.lines().filter(line -> line.matches("(backend|openblas:|Exception|Caused|java|Error).*"))
                .forEach(System.out::println);
        return run;
    }

    private static Output start(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes());
        return new Output(process.waitFor(), text);
    }

    private void count(String name, String failure) {
        runs++;
        if (!failure.isEmpty()) {
            failures.add("FAILED " + name + ": " + failure);
        }
    }

    private record Output(int status, String text) {}

    /** One run of the consumer and what is expected of it. */
    private final class Run {
        private final String name;
        private final Output output;

        Run(String name, Output output) {
            this.name = name;
            this.output = output;
        }

        /** It does its work, and says so. */
        Run says(String... words) {
            expect(0, Stream.concat(Stream.of("trained", "streamed: positive"), Stream.of(words)));
            return this;
        }

        void doesNotSay(String... words) {
            List<String> said = Stream.of(words).filter(output.text::contains).toList();
            count(name, said.isEmpty() ? "" : "it says " + said + " in\n" + output.text);
        }

        /** It ends with an exception. */
        void fails(String words) {
            expect(1, Stream.of("UnsupportedOperationException", words));
        }

        /** Java does not even start it. */
        void refuses(String words) {
            expect(1, Stream.of("Error occurred during initialization of boot layer", words));
        }

        private void expect(int status, Stream<String> words) {
            List<String> missing = words.filter(word -> !output.text.contains(word)).toList();
            boolean good = output.status == status && missing.isEmpty();
            count(name, good ? "" : "status " + output.status + ", not said: " + missing + "\n" + output.text);
        }
    }
}
