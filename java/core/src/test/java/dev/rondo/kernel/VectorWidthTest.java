package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The copies for each width, and the rules for the classes that they are copies of. */
class VectorWidthTest {
    private static final String MATH = "dev/rondo/kernel/VectorPolynomials";
    private static final String TILES = "dev/rondo/kernel/VectorTiles";
    private static final String ELMAN = "dev/rondo/cell/elman/ElmanVector";
    private static final String LSTM = "dev/rondo/cell/lstm/LstmVector";
    private static final String GRU = "dev/rondo/cell/gru/GruVector";

    @BeforeAll
    static void assumeVectors() {
        Available.assume(Backend.VECTOR);
    }

    @ParameterizedTest
    @EnumSource
    void isNotWiderThanAskedFor(IsaTier cap) {
        VectorWidth width = VectorWidth.of(cap);
        assertTrue(width.tier().compareTo(cap) <= 0, width + " for " + cap);
        assertTrue(width.lanes() * Float.SIZE == width.tier().bits(), width + ": " + width.lanes() + " lanes");
    }

    @Test
    void eachWidthHasOneCopyOfItsOwn() {
        VectorMath narrow = VectorWidth.BITS_128.math();
        assertSame(narrow, VectorWidth.BITS_128.math());
        assertNotSame(narrow.getClass(), VectorWidth.BITS_256.math().getClass());
    }

    @ParameterizedTest
    @ValueSource(strings = {MATH, TILES, ELMAN, LSTM, GRU})
    void noMethodTakesOrReturnsVectors(String name) throws IOException {
        for (MethodModel method : methods(name)) {
            String type = method.methodType().stringValue();
            assertFalse(type.contains("jdk/incubator/vector"), method.methodName() + type);
        }
    }

    @Test
    void theLongLoopsAreNotInlined() throws IOException {
        assertLong(MATH, "exponential");
        assertLong(MATH, "differentiate");
        assertLong(TILES, "sixRows");
        assertLong(TILES, "fourRows");
        assertLong(TILES, "oneRow");
        assertLong(TILES, "addRow");
        assertLong(LSTM, "backward");
        assertLong(LSTM, "forwardWithOptions");
        assertLong(LSTM, "backwardOutput");
        assertLong(LSTM, "backwardCell");
        assertLong(LSTM, "backwardGates");
        assertLong(GRU, "backward");
    }

    private static void assertLong(String name, String methodName) throws IOException {
        MethodModel method = methods(name).stream()
                .filter(m -> m.methodName().equalsString(methodName))
                .findAny()
                .orElseThrow();
        int length = method.findAttribute(Attributes.code()).orElseThrow().codeLength();
        assertTrue(length > VectorWidth.MAX_INLINED, name + "." + methodName + " has " + length + " bytecodes");
    }

    private static List<MethodModel> methods(String name) throws IOException {
        try (InputStream in = VectorWidthTest.class.getResourceAsStream("/" + name + ".class")) {
            return ClassFile.of().parse(in.readAllBytes()).methods();
        }
    }
}
