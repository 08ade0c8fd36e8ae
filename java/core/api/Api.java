import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.ExceptionsAttribute;
import java.lang.classfile.attribute.InnerClassInfo;
import java.lang.classfile.attribute.InnerClassesAttribute;
import java.lang.classfile.attribute.PermittedSubclassesAttribute;
import java.lang.classfile.attribute.SignatureAttribute;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The public interface of a module as text, and back as class files without code. So the interface of a release is a
 * text file here, which shows in a diff what changes, and japicmp still compares classes:
 * <pre>
 * java Api.java list CLASSES TEXT    what CLASSES exports: a line per class, field and method
 * java Api.java stubs TEXT JAR       the same as class files
 * </pre>
 * Public is what users can name or inherit: public and protected elements of exported packages, and those that a public
 * class has from a class that is not. A line is a kind, a name and {@code key=value} pairs in the terms of class files.
 */
final class Api {
    private static final String SEPARATOR = ",";

    private final Map<String, ClassModel> classes = new TreeMap<>();
    private final Set<String> exports = new TreeSet<>();

    private Api() {}

    public static void main(String[] arguments) throws IOException {
        switch (arguments[0]) {
            case "list" -> write(new Api().list(Path.of(arguments[1])), Path.of(arguments[2]));
            case "stubs" -> stubs(Files.readAllLines(Path.of(arguments[1])), Path.of(arguments[2]));
            default -> throw new IllegalArgumentException("expected list or stubs, got " + arguments[0]);
        }
    }

    private static void write(List<String> lines, Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, lines);
    }

    private List<String> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                if (file.endsWith("module-info.class")) {
                    readExports(file);
                } else {
                    ClassModel model = ClassFile.of().parse(file);
                    classes.put(name(model.thisClass()), model);
                }
            }
        }
        var listed = new TreeSet<String>();
        classes.keySet().stream().filter(this::isPublic).forEach(name -> addWithAncestors(name, listed));
        return listed.stream().flatMap(name -> lines(classes.get(name))).toList();
    }

    private void readExports(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            ModuleDescriptor.read(in).exports().forEach(export -> exports.add(export.source()));
        }
    }

    private boolean isPublic(String name) {
        ClassModel model = classes.get(name);
        if (!exports.contains(model.thisClass().asSymbol().packageName()) || !isPublic(flags(model))) {
            return false;
        }
        return outer(model).map(this::isPublic).orElse(true);
    }

    private void addWithAncestors(String name, Set<String> listed) {
        ClassModel model = classes.get(name);
        if (model != null && listed.add(name)) {
            model.superclass().ifPresent(ancestor -> addWithAncestors(name(ancestor), listed));
            model.interfaces().forEach(ancestor -> addWithAncestors(name(ancestor), listed));
        }
    }

    private static Stream<String> lines(ClassModel model) {
        String permitted = model.findAttribute(Attributes.permittedSubclasses())
                .map(a -> names(a.permittedSubclasses()))
                .orElse("");
        String header = "class " + name(model.thisClass()) + flagsPair(flags(model))
                + pair("super", model.superclass().map(Api::name).orElse(""))
                + pair("interfaces", names(model.interfaces())) + pair("permits", permitted)
                + pair("outer", outer(model).orElse("")) + signature(model);
        Stream<String> fields = model.fields().stream()
                .filter(field -> isPublic(field.flags().flags()))
                .map(field -> "  field " + field.fieldName().stringValue()
                        + pair("type", field.fieldType().stringValue()) + flagsPair(field.flags().flags())
                        + signature(field));
        Stream<String> methods = model.methods().stream()
                .filter(method -> isPublic(method.flags().flags()) && !method.flags().has(AccessFlag.SYNTHETIC))
                .map(Api::line);
        return Stream.concat(Stream.of(header), Stream.concat(fields.sorted(), methods.sorted()));
    }

    private static String line(MethodModel method) {
        String exceptions = method.findAttribute(Attributes.exceptions()).map(a -> names(a.exceptions())).orElse("");
        return "  method " + method.methodName().stringValue() + pair("type", method.methodType().stringValue())
                + flagsPair(method.flags().flags()) + pair("throws", exceptions) + signature(method);
    }

    private static boolean isPublic(Set<AccessFlag> flags) {
        return flags.contains(AccessFlag.PUBLIC) || flags.contains(AccessFlag.PROTECTED);
    }

    /** The flags as declared: those of a nested class stand where it is listed as one. */
    private static Set<AccessFlag> flags(ClassModel model) {
        return nesting(model).map(InnerClassInfo::flags).orElse(model.flags().flags());
    }

    private static Optional<String> outer(ClassModel model) {
        return nesting(model).flatMap(InnerClassInfo::outerClass).map(Api::name);
    }

    private static Optional<InnerClassInfo> nesting(ClassModel model) {
        return model.findAttribute(Attributes.innerClasses()).stream()
                .flatMap(attribute -> attribute.classes().stream())
                .filter(info -> info.innerClass().equals(model.thisClass()))
                .findFirst();
    }

    private static String signature(AttributedElement element) {
        return pair("signature", element.findAttribute(Attributes.signature())
                .map(attribute -> attribute.signature().stringValue())
                .orElse(""));
    }

    private static String flagsPair(Set<AccessFlag> flags) {
        return pair("flags", flags.stream()
                .filter(flag -> flag != AccessFlag.SUPER)
                .map(flag -> flag.name().toLowerCase(Locale.ROOT))
                .sorted()
                .collect(Collectors.joining(SEPARATOR)));
    }

    private static String pair(String key, String value) {
        return value.isEmpty() ? "" : " " + key + "=" + value;
    }

    private static String names(Collection<ClassEntry> entries) {
        return entries.stream().map(Api::name).collect(Collectors.joining(SEPARATOR));
    }

    private static String name(ClassEntry entry) {
        return entry.asInternalName().replace('/', '.');
    }

    /** Writes the classes that {@code lines} describe into a jar. */
    private static void stubs(List<String> lines, Path jar) throws IOException {
        try (OutputStream out = Files.newOutputStream(jar); var zip = new ZipOutputStream(out)) {
            for (int from = 0, to; from < lines.size(); from = to) {
                for (to = from + 1; to < lines.size() && lines.get(to).startsWith(" "); ) {
                    to++;
                }
                var declaration = new Line(lines.get(from));
                List<Line> members = lines.subList(from + 1, to).stream().map(Line::new).toList();
                zip.putNextEntry(new ZipEntry(declaration.name.replace('.', '/') + ".class"));
                zip.write(ClassFile.of().build(ClassDesc.of(declaration.name),
                        builder -> build(builder, declaration, members)));
            }
        }
    }

    private static void build(ClassBuilder builder, Line declaration, List<Line> members) {
        ClassDesc self = ClassDesc.of(declaration.name);
        int atTopLevel = AccessFlag.STATIC.mask() | AccessFlag.PROTECTED.mask() | AccessFlag.PRIVATE.mask();
        builder.withVersion(ClassFile.JAVA_17_VERSION, 0)
                .withFlags(declaration.mask() & ~atTopLevel)
                .withSuperclass(ClassDesc.of(declaration.pairs.getOrDefault("super", "java.lang.Object")))
                .withInterfaceSymbols(declaration.classes("interfaces"));
        if (declaration.has("outer")) {
            ClassDesc outer = declaration.classes("outer").getFirst();
            String simple = declaration.name.substring(declaration.pairs.get("outer").length() + 1);
            builder.with(InnerClassesAttribute.of(InnerClassInfo.of(self, Optional.of(outer), Optional.of(simple),
                    declaration.mask())));
        }
        if (declaration.has("permits")) {
            builder.with(PermittedSubclassesAttribute.ofSymbols(declaration.classes("permits")));
        }
        declaration.signature(builder).ifPresent(builder::with);
        for (Line member : members) {
            if (member.kind.equals("field")) {
                builder.withField(member.name, ClassDesc.ofDescriptor(member.pairs.get("type")), field -> {
                    field.withFlags(member.mask());
                    member.signature(builder).ifPresent(field::with);
                });
            } else {
                var type = MethodTypeDesc.ofDescriptor(member.pairs.get("type"));
                builder.withMethod(member.name, type, member.mask(), method -> {
                    if (member.has("throws")) {
                        method.with(ExceptionsAttribute.ofSymbols(member.classes("throws")));
                    }
                    member.signature(builder).ifPresent(method::with);
                });
            }
        }
    }

    /** One line of the text, taken apart. */
    private static final class Line {
        private final String kind;
        private final String name;
        private final Map<String, String> pairs = new HashMap<>();

        Line(String text) {
            String[] words = text.strip().split(" ");
            kind = words[0];
            name = words[1];
            for (String pair : Arrays.asList(words).subList(2, words.length)) {
                int split = pair.indexOf('=');
                pairs.put(pair.substring(0, split), pair.substring(split + 1));
            }
        }

        boolean has(String key) {
            return pairs.containsKey(key);
        }

        List<ClassDesc> classes(String key) {
            return has(key) ? Stream.of(pairs.get(key).split(SEPARATOR)).map(ClassDesc::of).toList() : List.of();
        }

        int mask() {
            return has("flags")
                    ? Stream.of(pairs.get("flags").split(SEPARATOR))
                            .mapToInt(flag -> AccessFlag.valueOf(flag.toUpperCase(Locale.ROOT)).mask())
                            .reduce(0, (a, b) -> a | b)
                    : 0;
        }

        Optional<SignatureAttribute> signature(ClassBuilder builder) {
            return Optional.ofNullable(pairs.get("signature"))
                    .map(text -> SignatureAttribute.of(builder.constantPool().utf8Entry(text)));
        }
    }
}
