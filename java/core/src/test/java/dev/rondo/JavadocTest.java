package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.Elements;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every public and protected element of the library has a comment, and a record's comment names its components, and so
 * does a method's, or its class's, where there are several arguments. The javadoc tool checks the comments themselves
 * when it builds the pages; its demand for a {@code @param} line per argument is off, since most arguments are part of
 * a sentence, and the only argument of a method is what the sentence is about.
 */
class JavadocTest {
    private static final Path SOURCES = Path.of(System.getProperty("rondo.home"), "java/core/src/main/java");
    private static final Set<ElementKind> FIELDS = Set.of(ElementKind.FIELD, ElementKind.ENUM_CONSTANT);

    private static Elements elements;
    private static final List<TypeElement> PUBLIC_TYPES = new ArrayList<>();

    @BeforeAll
    static void parseSources() throws IOException {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var manager = compiler.getStandardFileManager(null, Locale.ROOT, null);
        List<Path> sources;
        try (Stream<Path> files = Files.walk(SOURCES)) {
            sources = files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.endsWith("module-info.java"))
                    .toList();
        }
        // Comments do not need what a class without the vector module's types lacks, so errors do not matter here.
        var task = (JavacTask) compiler.getTask(null, manager, _ -> {},
                List.of("-proc:none", "-cp", System.getProperty("java.class.path")), null,
                manager.getJavaFileObjectsFromPaths(sources));
        Iterable<? extends CompilationUnitTree> units = task.parse();
        task.analyze();
        elements = task.getElements();
        for (CompilationUnitTree unit : units) {
            String name = unit.getPackageName() + "."
                    + Path.of(unit.getSourceFile().toUri()).getFileName().toString().replace(".java", "");
            addPublic(elements.getTypeElement(name));
        }
    }

    private static void addPublic(TypeElement type) {
        if (type != null && isPublic(type)) {
            PUBLIC_TYPES.add(type);
            type.getEnclosedElements().stream()
                    .filter(TypeElement.class::isInstance)
                    .forEach(nested -> addPublic((TypeElement) nested));
        }
    }

    @Test
    void everyElementHasAComment() {
        assertTrue(PUBLIC_TYPES.size() > 50, "public types found: " + PUBLIC_TYPES);
        assertEquals("", PUBLIC_TYPES.stream()
                .flatMap(type -> Stream.concat(Stream.of(type), members(type)))
                .filter(element -> elements.getDocComment(element) == null)
                .map(JavadocTest::name)
                .collect(Collectors.joining("\n")));
    }

    @Test
    void everyComponentOfARecordIsExplained() {
        assertEquals("", PUBLIC_TYPES.stream()
                .flatMap(type -> type.getRecordComponents().stream()
                        .map(component -> component.getSimpleName().toString())
                        .filter(component -> !names(type, component))
                        .map(component -> name(type) + ": " + component))
                .collect(Collectors.joining("\n")));
    }

    @Test
    void everyOneOfSeveralArgumentsIsNamed() {
        assertEquals("", PUBLIC_TYPES.stream()
                .flatMap(JavadocTest::members)
                .filter(ExecutableElement.class::isInstance)
                .map(ExecutableElement.class::cast)
                .filter(method -> method.getParameters().size() > 1)
                .flatMap(method -> method.getParameters().stream()
                        .map(argument -> argument.getSimpleName().toString())
                        .filter(argument -> !names(method, argument) && !names(method.getEnclosingElement(), argument))
                        .map(argument -> name(method) + ": " + argument))
                .collect(Collectors.joining("\n")));
    }

    private static boolean names(Element element, String argument) {
        String comment = elements.getDocComment(element);
        return comment != null && comment.matches("(?s).*\\b" + argument + "\\b.*");
    }

    /** What of {@code type} has to be documented where it stands: not what overrides something or the compiler adds. */
    private static Stream<? extends Element> members(TypeElement type) {
        return type.getEnclosedElements().stream()
                .filter(JavadocTest::isPublic)
                .filter(e -> e instanceof ExecutableElement || FIELDS.contains(e.getKind()))
                .filter(e -> e.getAnnotation(Override.class) == null)
                .filter(e -> !isMadeByTheCompiler(type, e));
    }

    private static boolean isMadeByTheCompiler(TypeElement type, Element element) {
        String name = element.getSimpleName().toString();
        return switch (type.getKind()) {
            case ENUM -> Set.of("values", "valueOf", "<init>").contains(name);
            case RECORD -> Set.of("toString", "hashCode", "equals", "<init>").contains(name)
                    || type.getRecordComponents().stream().anyMatch(c -> c.getSimpleName().contentEquals(name));
            default -> false;
        };
    }

    private static boolean isPublic(Element element) {
        return element.getModifiers().contains(Modifier.PUBLIC) || element.getModifiers().contains(Modifier.PROTECTED);
    }

    private static String name(Element element) {
        return element instanceof TypeElement type
                ? type.getQualifiedName().toString()
                : element.getEnclosingElement() + "." + element;
    }
}
