package dev.rondo.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bytedeco.javacpp.Loader;

/**
 * The library of native kernels: found, opened and checked once, when it is first asked for.
 *
 * <p>It lies in JavaCPP's layout at {@code dev/rondo/kernel/<platform>/librondo-<build id>.so}, beside this class or in
 * a jar of its own. The id, a hash of the native sources, is part of the name because JavaCPP's cache goes by names: it
 * cannot hand out a stale copy then. The library states its id too, and one that differs from the id that this class
 * was built with is refused. The system property {@value #PATH_PROPERTY} names a file to open instead of looking for
 * one.
 *
 * <p>Whatever goes wrong is kept as the reason why there is no native backend.
 */
final class NativeLibrary {
    static final String PATH_PROPERTY = "rondo.native.path";
    private static final int ABI_VERSION = 10;
    private static final String BUILD_ID_RESOURCE = "build-id.txt";
    private static final boolean MODULE = NativeLibrary.class.getModule().isNamed();
    private static final Outcome OUTCOME = open(System.getProperty(PATH_PROPERTY), NativeLibrary::buildId);

    private NativeLibrary() {}

    /** What opening came to: a library, or the reason why there is none. */
    record Outcome(Path file, SymbolLookup symbols, Optional<String> missing) {}

    /** {@return why there is no native library, or empty if there is one} */
    static Optional<String> missing() {
        return OUTCOME.missing;
    }

    /** {@return the file that was opened; there is one} */
    static Path file() {
        return OUTCOME.file;
    }

    /** {@return the function called {@code name} of the library that was opened; pointers are passed as addresses} */
    static MethodHandle function(String name, FunctionDescriptor descriptor) {
        return function(OUTCOME.symbols, name, descriptor);
    }

    /** {@return the same for a function with any number of arguments from number {@code first} on} */
    static MethodHandle variadicFunction(String name, FunctionDescriptor descriptor, int first) {
        return function(OUTCOME.symbols, name, descriptor, Linker.Option.firstVariadicArg(first));
    }

    /** {@return the zero-terminated text at {@code address}} */
    static String text(long address) {
        return MemorySegment.ofAddress(address).reinterpret(Long.MAX_VALUE).getString(0);
    }

    /** Opens the file at {@code path}, or what lies on the class path if {@code path} is null. */
    static Outcome open(String path, Callable<String> buildId) {
        try {
            String expected = buildId.call();
            Path file = path == null ? findOnClassPath(expected) : Path.of(path);
            SymbolLookup symbols = lookup(path == null ? "" : PATH_PROPERTY + ": ", file);
            check(symbols, file, expected);
            return new Outcome(file, symbols, Optional.empty());
        } catch (Throwable e) {
            return new Outcome(null, null, Optional.of(reason(e)));
        }
    }

    private static SymbolLookup lookup(String namedBy, Path file) {
        try {
            return SymbolLookup.libraryLookup(file, Arena.global());
        } catch (IllegalArgumentException e) { // which does not say why
            throw new UnsatisfiedLinkError(namedBy + "expected a library of this machine, got " + file + ", which "
                    + (Files.exists(file) ? "cannot be opened as one" : "does not exist"));
        }
    }

    /** {@return the id of the native sources that this class was built with} */
    static String buildId() throws IOException {
        try (InputStream resource = NativeLibrary.class.getResourceAsStream(BUILD_ID_RESOURCE)) {
            if (resource == null) {
                throw new UnsatisfiedLinkError("this rondo-core was built without " + BUILD_ID_RESOURCE);
            }
            return new String(resource.readAllBytes(), StandardCharsets.US_ASCII).strip();
        }
    }

    private static Path findOnClassPath(String buildId) throws IOException, URISyntaxException {
        String platform = Loader.getPlatform();
        String resource = "dev/rondo/kernel/" + platform + "/" + System.mapLibraryName("rondo-" + buildId);
        // The loader looks into all jars, also on the module path, where a class looks into its own module only.
        URL url = NativeLibrary.class.getClassLoader().getResource(resource);
        if (url == null) {
            throw new UnsatisfiedLinkError(
                    "no library for " + platform + " on the " + path() + ": " + resource + " not found");
        }
        return url.getProtocol().equals("file") ? Path.of(url.toURI()) : Loader.cacheResource(url).toPath();
    }

    private static void check(SymbolLookup symbols, Path file, String expected) throws Throwable {
        if (ValueLayout.ADDRESS.byteSize() != Long.BYTES) {
            throw new UnsatisfiedLinkError("expected a JVM with pointers of 64 bits");
        }
        MethodHandle abiVersion = function(symbols, "rondo_abi_version", FunctionDescriptor.of(ValueLayout.JAVA_INT));
        var version = (int) abiVersion.invokeExact();
        if (version != ABI_VERSION) {
            throw new UnsatisfiedLinkError(file + ": expected ABI version " + ABI_VERSION + ", got " + version);
        }
        MethodHandle buildId = function(symbols, "rondo_build_id", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
        String actual = text((long) buildId.invokeExact());
        if (!actual.equals(expected)) {
            throw new UnsatisfiedLinkError(file + ": expected build id " + expected + ", got " + actual);
        }
    }

    private static MethodHandle function(
            SymbolLookup symbols, String name, FunctionDescriptor descriptor, Linker.Option... options) {
        MemorySegment address = symbols.find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError("the native library has no function " + name));
        return Linker.nativeLinker().downcallHandle(address, descriptor, options);
    }

    /** {@return what a failure to find or open a library means to a user} */
    static String reason(Throwable e) {
        return switch (e) {
            case NoClassDefFoundError missing when String.valueOf(missing.getMessage()).contains("bytedeco/openblas") ->
                absent("OpenBLAS");
            case NoClassDefFoundError missing when String.valueOf(missing.getMessage()).contains("bytedeco") ->
                absent("JavaCPP");
            case IllegalCallerException denied -> "native access is denied: " + denied.getMessage();
            case UnsatisfiedLinkError refused -> refused.getMessage();
            case ExceptionInInitializerError wrapper when wrapper.getCause() != null -> reason(wrapper.getCause());
            default -> e.toString();
        };
    }

    private static String absent(String library) {
        return library + " is not on the " + path()
                + (MODULE ? ", or nothing requires it; start java with --add-modules ALL-MODULE-PATH" : "");
    }

    private static String path() {
        return MODULE ? "module path" : "class path";
    }
}
