import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Builds and tests the native kernels. Maven starts this file as a source program:
 * <pre>java -Drondo.platform=linux-x86_64 -Drondo.require=nothing native/Build.java prepare|test PROJECT TARGET</pre>
 *
 * PROJECT is the root of the sources, TARGET the target directory of java/core. {@code prepare} writes
 * <ul>
 * <li>{@code TARGET/jvm.args}: the JVM flags of the tests, with the vector module only if this JDK has it;
 * <li>{@code TARGET/classes/dev/rondo/kernel/build-id.txt}: the id of the native sources;
 * <li>{@code TARGET/classes/dev/rondo/kernel/PLATFORM/librondo-ID.so}: the library, built by CMake in TARGET/native;
 * <li>{@code TARGET/native-jar}: the contents of the jar of this platform, the library and a module descriptor.
 * </ul>
 * The id is part of the library's name, so that no cache keyed by names can hand out a library of other sources.
 *
 * A machine without the tools for the native part still builds Rondo: one line says what is missing and which backend
 * is used instead. With {@code native} in {@code rondo.require} that is a failure. Native code that does not compile
 * and a native test that fails always are.
 */
final class Build {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    private static final Pattern TEST_SUMMARY = Pattern.compile("\\d+% tests passed, .* out of \\d+");

    private final Path project;
    private final Path target;
    private final Path kernels;
    private final Path cmakeTree;
    private final String platform;
    private final Path libraries;
    private final String buildId;

    private Build(Path project, Path target, String platform) throws IOException {
        this.project = project;
        this.target = target;
        this.platform = platform;
        kernels = target.resolve("classes/dev/rondo/kernel");
        libraries = kernels.resolve(platform);
        cmakeTree = target.resolve("native");
        buildId = buildId();
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        var build = new Build(Path.of(arguments[1]), Path.of(arguments[2]), System.getProperty("rondo.platform"));
        try {
            switch (arguments[0]) {
                case "prepare" -> build.prepare();
                case "test" -> build.test();
                default -> throw new Failure("expected prepare or test, got " + arguments[0]);
            }
        } catch (Failure failure) {
            say(failure.getMessage());
            System.exit(1);
        }
    }

    private void prepare() throws IOException, InterruptedException, Failure {
        prepareClasses();
        fillNativeJar();
    }

    private void prepareClasses() throws IOException, InterruptedException, Failure {
        boolean vectors = ModuleFinder.ofSystem().find(VECTOR_MODULE).isPresent();
        if (!vectors) {
            say("this JDK has no module " + VECTOR_MODULE
                + ": the tests run without the VECTOR backend, on NATIVE and REFERENCE instead");
        }
        Files.createDirectories(kernels);
        Files.writeString(target.resolve("jvm.args"), (vectors ? "--add-modules " + VECTOR_MODULE + "\n" : "")
            + "--enable-native-access=ALL-UNNAMED\n");
        Files.writeString(kernels.resolve("build-id.txt"), buildId + "\n");
        deleteStaleLibraries();
        Optional<String> missing = configure();
        if (missing.isEmpty()) {
            compile();
        } else if (libraryExists()) {
            say(missing.get() + ": the native library built earlier from the same sources is used");
        } else {
            goOnWithout(missing.get(), "the native backend is left out, "
                + (vectors ? "VECTOR (" + VECTOR_MODULE + ")" : "REFERENCE (plain Java)") + " is used instead");
        }
    }

    private static void goOnWithout(String missing, String consequence) throws Failure {
        if (List.of(System.getProperty("rondo.require", "").split(",")).contains("native")) {
            throw new Failure(missing + ", and -Drondo.require=native forbids to go on without the native backend");
        }
        say(missing + ": " + consequence);
    }

    /**
     * Runs CMake's configuration. If it fails this machine lacks something; CMake's own words stand above our line.
     *
     * @return what is missing, if anything
     */
    private Optional<String> configure() throws IOException, InterruptedException {
        if (platform.equals("unknown")) {
            return Optional.of("there are no native jars for " + System.getProperty("os.name") + " on "
                + System.getProperty("os.arch"));
        }
        Output cmake = run("cmake", "-S", project.resolve("native").toString(), "-B", cmakeTree.toString(),
            "-DCMAKE_BUILD_TYPE=Release", "-DRONDO_BUILD_ID=" + buildId, "-DCMAKE_INSTALL_PREFIX=" + libraries);
        if (cmake.status() == 0) {
            return Optional.empty();
        }
        Files.deleteIfExists(cmakeTree.resolve("CMakeCache.txt")); // it remembers what was missing
        return Optional.of(cmake.status() == Output.NOT_FOUND ? "no cmake on the PATH"
            : cmake.mentions("CMAKE_MAKE_PROGRAM") ? "no make or ninja found"
            : cmake.mentions("CMAKE_CXX_COMPILER") ? "no C++ compiler found"
            : "cmake cannot configure the native kernels");
    }

    private void compile() throws IOException, InterruptedException, Failure {
        String jobs = Integer.toString(Runtime.getRuntime().availableProcessors());
        Output cmake = run("cmake", "--build", cmakeTree.toString(), "--config", "Release", "--parallel", jobs,
            "--target", "install");
        if (cmake.status() != 0) {
            throw new Failure("the native kernels do not compile");
        }
        if (!libraryExists()) {
            throw new Failure("the native build left no librondo-" + buildId + " in " + libraries);
        }
    }

    /** Without a library the jar has its descriptor only, and what depends on it still resolves. */
    private void fillNativeJar() throws IOException {
        Path jar = target.resolve("native-jar");
        ModuleInfo.write(jar, "dev.rondo.core." + platform.replace('-', '.'), "dev.rondo.core", "org.bytedeco.javacpp");
        Path copies = Files.createDirectories(jar.resolve("dev/rondo/kernel").resolve(platform));
        for (Path stale : filesUnder(copies)) {
            Files.delete(stale);
        }
        for (Path library : filesUnder(libraries)) {
            Files.copy(library, copies.resolve(library.getFileName()));
        }
    }

    private void test() throws IOException, InterruptedException, Failure {
        if (!libraryExists()) {
            goOnWithout("no native library was built", "native tests are left out");
            return;
        }
        Output ctest = run("ctest", "--test-dir", cmakeTree.toString(), "--build-config", "Release",
            "--output-on-failure", "--no-tests=error");
        if (ctest.status() == Output.NOT_FOUND) {
            goOnWithout("no ctest on the PATH", "native tests are left out");
            return;
        }
        String summary = ctest.lines().stream().filter(TEST_SUMMARY.asPredicate()).findFirst().orElse("none ran");
        if (ctest.status() != 0) {
            throw new Failure("native tests: " + summary);
        }
        System.out.println("native tests: " + summary);
    }

    /** The first 16 hex digits of SHA-256 over names and contents of all that the library is made of. */
    private String buildId() throws IOException {
        var sources = new ArrayList<Path>();
        for (String part : List.of("native/CMakeLists.txt", "native/include", "native/src", "cmake")) {
            sources.addAll(filesUnder(project.resolve(part)));
        }
        sources.sort(Comparator.comparing(this::nameInProject));
        MessageDigest digest = sha256();
        for (Path source : sources) {
            String text = Files.readString(source).replace("\r", ""); // the same id where Git writes CRLF
            digest.update((nameInProject(source) + "\n" + text).getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }

    private String nameInProject(Path file) {
        return project.relativize(file).toString().replace('\\', '/');
    }

    private boolean libraryExists() throws IOException {
        return filesUnder(libraries).stream().anyMatch(file -> file.toString().contains(buildId));
    }

    private void deleteStaleLibraries() throws IOException {
        for (Path file : filesUnder(libraries)) {
            if (!file.toString().contains(buildId)) {
                Files.delete(file);
            }
        }
    }

    private static List<Path> filesUnder(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError("every JDK has SHA-256", impossible);
        }
    }

    /** Runs a program and shows what it prints as it prints it. */
    private static Output run(String... command) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException notFound) {
            return new Output(Output.NOT_FOUND, List.of());
        }
        var lines = new ArrayList<String>();
        try (var reader = process.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                System.out.println(line);
                lines.add(line);
            }
        }
        return new Output(process.waitFor(), lines);
    }

    private record Output(int status, List<String> lines) {
        static final int NOT_FOUND = 127;

        boolean mentions(String text) {
            return lines.stream().anyMatch(line -> line.contains(text));
        }
    }

    /** The launcher shows lines with this prefix after a build; the rest stays in its log. */
    private static void say(String line) {
        System.out.println("rondo: " + line);
    }

    private static final class Failure extends Exception {
        Failure(String message) {
            super(message);
        }
    }
}
