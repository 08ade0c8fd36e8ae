import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.ModuleAttribute;
import java.lang.constant.ModuleDesc;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the module descriptor of a jar that has no classes, which javac could only compile beside the jars it needs:
 * <pre>java native/ModuleInfo.java DIRECTORY MODULE REQUIRED...</pre>
 * The module is open, as its resources are looked for from elsewhere, and passes on all that it requires.
 */
final class ModuleInfo {
    private ModuleInfo() {}

    public static void main(String[] arguments) throws IOException {
        var required = new String[arguments.length - 2];
        System.arraycopy(arguments, 2, required, 0, required.length);
        write(Path.of(arguments[0]), arguments[1], required);
    }

    static void write(Path directory, String name, String... required) throws IOException {
        ModuleAttribute module = ModuleAttribute.of(ModuleDesc.of(name), descriptor -> {
            descriptor.moduleFlags(AccessFlag.OPEN);
            descriptor.requires(ModuleDesc.of("java.base"), ClassFile.ACC_MANDATED, null);
            for (String other : required) {
                descriptor.requires(ModuleDesc.of(other), ClassFile.ACC_TRANSITIVE, null);
            }
        });
        Files.createDirectories(directory);
        // The JDK that runs Maven, perhaps a 17, reads it to make the jar.
        ClassFile.of().buildModuleTo(directory.resolve("module-info.class"), module,
            builder -> builder.withVersion(ClassFile.JAVA_17_VERSION, 0));
    }
}
