package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.OtherJvm;
import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The choice of backend: in this JVM, and in new ones that lack something. */
class BackendsTest {
    private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

    /**
     * What a JVM of the tests below runs: prints why backends are missing, then the line of the best, and uses that.
     */
    static final class Probe {
        private Probe() {}

        public static void main(String[] arguments) {
            try {
                for (Backend backend : Backend.values()) {
                    System.out.println(backend + " missing: " + Backends.missing(backend).orElse("no"));
                }
                Backend best = Backends.best();
                Execution execution = Execution.threads(1);
                System.out.println(Backends.describe(best, execution));
                Products.of(best, Precision.FLOAT32, execution);
                Lstm cell = Lstm.of(1);
                cell.kernel(best).plan(cell, cell.shape(1, 1, 1), Precision.FLOAT32, execution).close();
                System.out.println("planned " + best);
                Backends.announce(best, execution, false);
                Backends.announce(best, execution, false);
            } catch (RuntimeException e) {
                System.out.println(e);
            }
        }
    }

    /** What another JVM runs: a first output by the backend that it asks for. */
    static final class Asked {
        private Asked() {}

        public static void main(String[] arguments) {
            var builder = Network.builder(1).layer(Lstm.of(1)).noHead().backend(Backend.REFERENCE);
            try (var network = builder.build(); var stepper = network.stepper()) {
                stepper.step(new float[1], new float[1]);
            }
        }
    }

    @Test
    void theReferenceIsAlwaysThere() {
        assertEquals(Backend.REFERENCE, Backends.available().getFirst());
    }

    @ParameterizedTest
    @EnumSource
    void aMissingBackendSaysWhy(Backend backend) {
        if (Backends.missing(backend).isEmpty()) {
            assertTrue(Backends.describe(backend, Execution.threads(2)).startsWith("backend " + backend + ": "));
        } else {
            var refused = assertThrows(UnsupportedOperationException.class, () -> Backends.require(backend));
            assertTrue(refused.getMessage().contains(Backends.missing(backend).get()), refused.getMessage());
        }
    }

    @Test
    void withoutJavaCppThereIsNoNativeBackend() throws Exception {
        assertOutput(probe(List.of(NATIVE_ACCESS), Backends.class), "NATIVE missing: JavaCPP is not on the class path",
                "backend REFERENCE: ", "; not NATIVE: JavaCPP is not on the class path", "planned REFERENCE");
    }

    @Test
    void withoutPermissionThereIsNoNativeBackend() throws Exception {
        Available.assume(Backend.NATIVE);
        assertOutput(probe(List.of("--illegal-native-access=deny"), Backends.class, Loader.class),
                "NATIVE missing: native access is denied", "planned REFERENCE");
    }

    @Test
    void withoutTheIncubatorModuleThereIsNoVectorBackend() throws Exception {
        assertOutput(probe(List.of(NATIVE_ACCESS), Backends.class, Loader.class),
                "VECTOR missing: no module jdk.incubator.vector; start java with --add-modules jdk.incubator.vector",
                "planned ");
    }

    @Test
    void theSystemPropertyForcesABackend() throws Exception {
        assertOutput(probe(List.of(NATIVE_ACCESS, "-Drondo.backend=reference"), Backends.class, Loader.class),
                "backend REFERENCE: plain Java", "planned REFERENCE");
    }

    @Test
    void theChosenBackendIsLoggedOnce() throws Exception {
        String output = probe(List.of("-Drondo.backend=reference"), Backends.class);
        assertEquals(1, output.lines().filter(line -> line.startsWith("INFO: backend REFERENCE: ")).count(), output);
    }

    /** Neither for its own sake nor for the log line: whoever asks for another one may have a reason not to want it. */
    @Test
    void whereAnotherBackendIsAskedForTheNativeLibraryIsNotLookedAt() throws Exception {
        String output = OtherJvm.output(List.of("-Xlog:class+load"), Asked.class);
        assertOutput(output, "INFO: backend REFERENCE: ", "; not NATIVE: another was asked for",
                " dev.rondo.network.Stepper ");
        assertFalse(output.contains(" dev.rondo.kernel.NativeLibrary "), output);
    }

    @Test
    void aForcedBackendThatIsMissingIsAnError() throws Exception {
        assertOutput(probe(List.of("-Drondo.backend=native"), Backends.class),
                "UnsupportedOperationException: backend NATIVE: not available: JavaCPP is not on the class path");
    }

    @Test
    void aForcedBackendThatDoesNotExistIsAnError() throws Exception {
        assertOutput(probe(List.of("-Drondo.backend=fast"), Backends.class),
                "IllegalArgumentException: rondo.backend: expected reference, vector or native, got fast");
    }

    private static void assertOutput(String output, String... parts) {
        for (String part : parts) {
            assertTrue(output.contains(part), () -> "expected to read '" + part + "' in:\n" + output);
        }
    }

    /**
     * {@return what {@link Probe} prints in a JVM that has these options and the class path entries of these classes}
     */
    private static String probe(List<String> options, Class<?>... needed) throws IOException, InterruptedException {
        String classPath = Stream.concat(Stream.of(BackendsTest.class), Arrays.stream(needed))
                .map(BackendsTest::location)
                .distinct()
                .collect(Collectors.joining(File.pathSeparator));
        return OtherJvm.output(options, classPath, Probe.class);
    }

    private static String location(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
