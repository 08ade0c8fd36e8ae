package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every example of the Javadoc ({@code <pre>{@code}) and of the pages in docs ({@code ```java}) compiles. It sees the
 * whole library and, by name, the variables of {@link ExampleVariables}.
 */
class ExamplesTest {
    private static final Path PROJECT = Path.of(System.getProperty("rondo.home"));
    private static final Path SOURCES = PROJECT.resolve("java/core/src/main/java");
    private static final Pattern IN_JAVADOC = Pattern.compile("<pre>\\{@code\\R(.*?)\\R[ *]*}</pre>", Pattern.DOTALL);
    private static final Pattern IN_PAGE = Pattern.compile("^```java\\R(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern IMPORT = Pattern.compile("^import .*;\\R", Pattern.MULTILINE);
    private static final Pattern DECLARES_TYPE_OR_MAIN =
            Pattern.compile("^((public |final )*(class|record|interface|enum) |(public |static )*void main\\()",
                    Pattern.MULTILINE);

    @TempDir
    private static Path directory;

    private static String imports;

    @BeforeAll
    static void importAllPackages() throws IOException {
        var packages = new TreeSet<String>();
        for (Path file : filesUnder(SOURCES, ".java")) {
            if (!file.getFileName().toString().endsWith("-info.java")) {
                packages.add(SOURCES.relativize(file.getParent()).toString().replaceAll("[/\\\\]", "."));
            }
        }
        imports = packages.stream().map(name -> "import " + name + ".*;\n").collect(Collectors.joining())
                + "import static java.lang.foreign.ValueLayout.*;\nimport static dev.rondo.ExampleVariables.*;\n";
    }

    @Test
    void examplesOfJavadocCompile() throws IOException {
        var examples = new ArrayList<Path>();
        for (Path file : filesUnder(SOURCES, ".java")) {
            for (String example : examples(IN_JAVADOC, file)) {
                examples.add(write(file, examples.size(), example.replaceAll("(?m)^ *\\* ?", "")));
            }
        }
        assertTrue(examples.size() > 5, "examples found: " + examples);
        assertEquals("", compilerErrors(examples));
    }

    @Test
    void examplesOfPagesCompile() throws IOException {
        var pages = new ArrayList<>(filesUnder(PROJECT.resolve("docs"), ".md"));
        pages.add(PROJECT.resolve("README.md"));
        var examples = new ArrayList<Path>();
        for (Path page : pages) {
            for (String example : examples(IN_PAGE, page)) {
                examples.add(write(page, examples.size(), example));
            }
        }
        assertTrue(examples.size() > 0, "examples found in " + pages);
        assertEquals("", compilerErrors(examples));
    }

    @Test
    void programsOfPagesCompile() throws IOException {
        List<Path> programs = filesUnder(PROJECT.resolve("docs"), ".java");
        assertTrue(programs.size() > 0, "programs found in docs");
        assertEquals("", compilerErrors(programs));
    }

    @Test
    void anExampleThatDoesNotCompileIsFound() throws IOException {
        Path wrong = write(Path.of("Wrong.md"), 0, "Network.noSuchMethod();");
        assertTrue(compilerErrors(List.of(wrong)).contains("noSuchMethod"));
    }

    private static List<String> examples(Pattern pattern, Path file) throws IOException {
        return pattern.matcher(Files.readString(file)).results().map(result -> result.group(1)).toList();
    }

    /** Writes {@code example} as a program of its own, whose name tells where it comes from. */
    private static Path write(Path origin, int number, String example) throws IOException {
        String name = origin.getFileName().toString().replaceAll("\\W", "_") + "_" + number;
        String own = IMPORT.matcher(example).results().map(MatchResult::group).collect(Collectors.joining());
        String body = IMPORT.matcher(example).replaceAll("");
        return Files.writeString(directory.resolve(name + ".java"), imports + own + program(body.strip()));
    }

    private static String program(String body) {
        if (DECLARES_TYPE_OR_MAIN.matcher(body).find()) {
            return body.contains("void main(") ? body : body + "\nvoid main() {}\n";
        }
        boolean expression = !body.contains(";");
        return "void main() throws Exception {\n" + (expression ? "var example = " + body + ";" : body) + "\n}\n";
    }

    private static String compilerErrors(List<Path> files) throws IOException {
        var found = new DiagnosticCollector<JavaFileObject>();
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (var manager = compiler.getStandardFileManager(found, Locale.ROOT, null)) {
            List<String> options = List.of("-proc:none", "-d", directory.resolve("classes").toString(),
                    "-cp", System.getProperty("java.class.path"));
            compiler.getTask(null, manager, found, options, null, manager.getJavaFileObjectsFromPaths(files)).call();
        }
        return found.getDiagnostics().stream()
                .filter(diagnostic -> diagnostic.getKind() == javax.tools.Diagnostic.Kind.ERROR)
                .map(Object::toString)
                .collect(Collectors.joining("\n"));
    }

    private static List<Path> filesUnder(Path directory, String ending) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
        }
    }
}
