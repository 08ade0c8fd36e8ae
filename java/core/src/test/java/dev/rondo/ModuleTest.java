package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The module as compiled: what it exports and what it cannot do without. */
class ModuleTest {
    private static final Path CLASSES =
            Path.of(System.getProperty("rondo.home"), "java", "core", "target", "classes");

    @Test
    void exportsEveryPackageWithPublicClasses() throws IOException {
        Set<String> exported = descriptor().exports().stream()
                .map(ModuleDescriptor.Exports::source)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(packagesWithPublicClasses(), exported);
    }

    @Test
    void requiresNothingButTheJdk() throws IOException {
        assertEquals(Set.of("java.base"), descriptor().requires().stream()
                .filter(module -> !module.modifiers().contains(Requires.Modifier.STATIC))
                .map(Requires::name)
                .collect(Collectors.toSet()));
    }

    private static ModuleDescriptor descriptor() throws IOException {
        try (var in = Files.newInputStream(CLASSES.resolve("module-info.class"))) {
            return ModuleDescriptor.read(in);
        }
    }

    private static Set<String> packagesWithPublicClasses() throws IOException {
        var packages = new TreeSet<String>();
        try (Stream<Path> files = Files.walk(CLASSES)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                ClassModel model = ClassFile.of().parse(file);
                if (model.flags().has(AccessFlag.PUBLIC)) {
                    packages.add(model.thisClass().asSymbol().packageName());
                }
            }
        }
        return packages;
    }
}
