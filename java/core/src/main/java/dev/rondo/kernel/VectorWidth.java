package dev.rondo.kernel;

import dev.rondo.cell.IsaTier;
import java.io.IOException;
import java.io.InputStream;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector widths, one for each {@link IsaTier}, and loops compiled for one width alone.
 *
 * <p>HotSpot makes instructions of vector operations only where it knows the width as a constant, and it learns types
 * for each method, not for each caller. A loop that ran at two widths would fall back to objects on the heap and stay
 * there. So a class with such loops is written once, with the width in a {@code static final} field that {@link
 * #ofClass} fills, and loaded once for each width that runs, as a hidden class ({@link #copy}): each copy has constants
 * and profiles of its own.
 *
 * <p>The methods of {@link FloatVector} themselves have one profile for all widths. Where HotSpot cannot tell of which
 * class a vector is, from the source or the copy's own profile, it goes by that of the method called on it, and with
 * two widths in it makes objects for good. A copy that it compiles before there is a profile of it, as it does when
 * many methods wait for it, was a matter of chance therefore. So what a static method of {@code FloatVector} returns is
 * cast to the class of the species, {@code SPECIES.vectorType()}, if a method is called on it; what instance methods
 * return is of that class, but for reinterpretation and shifts. Compiled, the cast is nothing.
 *
 * <p>What HotSpot inlines is the other trap: it stops in the middle of what has grown too large, and a vector operation
 * that is left out makes objects at every call. Two rules keep that away. No method of such a class takes or returns
 * vectors. And the long loops are in methods of more than {@value #MAX_INLINED} bytecodes, each of which it compiles by
 * itself.
 */
public enum VectorWidth {
    /** 4 lanes. */
    BITS_128(FloatVector.SPECIES_128, IsaTier.BASELINE),
    /** 8 lanes. */
    BITS_256(FloatVector.SPECIES_256, IsaTier.AVX2),
    /** 16 lanes. */
    BITS_512(FloatVector.SPECIES_512, IsaTier.AVX512);

    /** Bytecodes up to which HotSpot inlines what is called often: {@code -XX:FreqInlineSize}. */
    static final int MAX_INLINED = 325;

    private final VectorSpecies<Float> species;
    private final IsaTier tier;
    private final Map<Class<?>, Object> copies = new HashMap<>();

    VectorWidth(VectorSpecies<Float> species, IsaTier tier) {
        this.species = species;
        this.tier = tier;
    }

    /**
     * {@return the widest width that runs}
     *
     * @param cap the highest tier that may; what is wider than this machine prefers does not
     */
    public static VectorWidth of(IsaTier cap) {
        Objects.requireNonNull(cap, "cap: expected a tier, got null");
        int bits = Math.min(cap.bits(), FloatVector.SPECIES_PREFERRED.vectorBitSize());
        if (bits >= BITS_512.tier.bits()) {
            return BITS_512;
        }
        return bits >= BITS_256.tier.bits() ? BITS_256 : BITS_128;
    }

    /**
     * {@return the width that the class of {@code lookup} is a copy for; the widest for the class as loaded by name}
     *
     * @param lookup {@code MethodHandles.lookup()} of a class with vector loops, for its {@code static final} field
     * @throws IllegalArgumentException if it is another class's lookup
     */
    public static VectorWidth ofClass(MethodHandles.Lookup lookup) {
        Objects.requireNonNull(lookup, "lookup: expected one, got null");
        try {
            VectorWidth width = MethodHandles.classData(lookup, ConstantDescs.DEFAULT_NAME, VectorWidth.class);
            return width == null ? of(IsaTier.AVX512) : width;
        } catch (IllegalAccessException e) {
            throw new IllegalArgumentException("lookup: expected one of the class itself, got " + lookup, e);
        }
    }

    /** {@return the species, a constant in a copy} */
    @SuppressWarnings("exports") // a program without the vector module never loads this class
    public VectorSpecies<Float> species() {
        return species;
    }

    /** {@return the number of floats in a vector} */
    public int lanes() {
        return species.length();
    }

    /** {@return the tier that has this width} */
    public IsaTier tier() {
        return tier;
    }

    /** {@return activations at this width} */
    public VectorMath math() {
        return copy(MethodHandles.lookup(), VectorPolynomials.class, VectorMath.class);
    }

    /** {@return products at this width} */
    VectorProduct product() {
        return copy(MethodHandles.lookup(), VectorTiles.class, VectorProduct.class);
    }

    /**
     * {@return the one object, for all callers, of a copy of {@code template} made for this width}
     *
     * @param lookup {@code MethodHandles.lookup()} of a class in the package of {@code template}
     * @param template a class without nested classes and lambdas, stateless, with a constructor without parameters
     * @param type what the caller knows the copy as
     */
    <T> T copy(MethodHandles.Lookup lookup, Class<? extends T> template, Class<T> type) {
        synchronized (copies) {
            Object copy = copies.get(template);
            if (copy == null) {
                copy = make(lookup, template); // which may ask for other copies
                copies.put(template, copy);
            }
            return type.cast(copy);
        }
    }

    private Object make(MethodHandles.Lookup lookup, Class<?> template) {
        try {
            MethodHandles.Lookup copy = lookup.defineHiddenClassWithClassData(bytes(template), this, true);
            return copy.findConstructor(copy.lookupClass(), MethodType.methodType(void.class)).invoke();
        } catch (Throwable e) {
            throw new IllegalStateException("cannot make a copy of " + template + " for " + this, e);
        }
    }

    private static byte[] bytes(Class<?> template) throws IOException {
        try (InputStream in = template.getResourceAsStream(template.getSimpleName() + ".class")) {
            return in.readAllBytes();
        }
    }
}
