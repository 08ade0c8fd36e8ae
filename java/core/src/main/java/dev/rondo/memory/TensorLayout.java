package dev.rondo.memory;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Names, shapes and places of tensors that lie one after the other in one slab, without gaps, each row-major.
 *
 * <pre>{@code
 * TensorLayout layout = TensorLayout.builder().add("weightHh", 800, 200).add("bias", 800).build();
 * long offset = layout.get("bias").offset();     // 160000, in elements
 * }</pre>
 */
public final class TensorLayout {
    private final Map<String, Tensor> tensors;
    private final long count;

    private TensorLayout(Map<String, Tensor> tensors, long count) {
        this.tensors = tensors;
        this.count = count;
    }

    /**
     * One named tensor.
     *
     * @param name its name, unique in the layout
     * @param offset index of its first element in the slab
     * @param shape its extents, outermost first
     */
    public record Tensor(String name, long offset, List<Integer> shape) {
        /** Keeps a copy of the shape. */
        public Tensor {
            Objects.requireNonNull(name, "name: expected one, got null");
            Objects.requireNonNull(shape, "shape: expected extents, got null");
            for (int axis = 0; axis < shape.size(); axis++) {
                Objects.requireNonNull(shape.get(axis), "shape[" + axis + "]: expected an extent, got null");
            }
            shape = List.copyOf(shape);
        }

        /** {@return the number of elements} */
        public long count() {
            return shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
        }

        /**
         * {@return name and indices of an element, as in {@code weightHh[3, 17]}}
         *
         * @param index which of the elements of this tensor, row-major
         */
        public String element(long index) {
            var indices = new ArrayList<String>();
            long rest = index;
            for (int axis = shape.size() - 1; axis >= 0; axis--) {
                indices.addFirst(Long.toString(rest % shape.get(axis)));
                rest /= shape.get(axis);
            }
            return name + "[" + String.join(", ", indices) + "]";
        }
    }

    /** {@return a builder of an empty layout} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the number of elements of the whole slab} */
    public long count() {
        return count;
    }

    /** {@return all tensors in the order in which they lie} */
    public List<Tensor> tensors() {
        return List.copyOf(tensors.values());
    }

    /**
     * {@return one tensor}
     *
     * @param name its name
     * @throws IllegalArgumentException if there is none of that name
     */
    public Tensor get(String name) {
        Objects.requireNonNull(name, "name: expected one, got null");
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("name: expected one of " + tensors.keySet() + ", got " + name);
        }
        return tensor;
    }

    /**
     * {@return the tensor that holds an element}
     *
     * @param index which of the elements of the slab
     * @throws IndexOutOfBoundsException if the slab has no such element
     */
    public Tensor at(long index) {
        for (Tensor tensor : tensors.values()) {
            if (index >= tensor.offset && index < tensor.offset + tensor.count()) {
                return tensor;
            }
        }
        throw new IndexOutOfBoundsException("index: expected 0 to " + (count - 1) + ", got " + index);
    }

    /** Collects tensors in the order in which they shall lie. */
    public static final class Builder {
        private final Map<String, Tensor> tensors = new LinkedHashMap<>();
        private long count;

        private Builder() {}

        /**
         * Appends a tensor.
         *
         * @param name its name
         * @param shape its extents, outermost first; none for a single number
         * @return this
         * @throws IllegalArgumentException if the name is taken or an extent is below 1
         */
        public Builder add(String name, int... shape) {
            Objects.requireNonNull(name, "name: expected one, got null");
            Objects.requireNonNull(shape, "shape: expected extents, got null");
            List<Integer> extents = new ArrayList<>();
            for (int extent : shape) {
                if (extent < 1) {
                    throw new IllegalArgumentException(name + ": expected extents of at least 1, got " + extent);
                }
                extents.add(extent);
            }
            var tensor = new Tensor(name, count, List.copyOf(extents));
            if (tensors.putIfAbsent(name, tensor) != null) {
                throw new IllegalArgumentException("name: expected a new one, got " + name + " twice");
            }
            count = Math.addExact(count, tensor.count());
            return this;
        }

        /**
         * Appends all tensors of another layout.
         *
         * @param prefix what each name begins with here
         * @param layout the other layout
         * @return this
         * @throws IllegalArgumentException if a name is taken
         */
        public Builder addAll(String prefix, TensorLayout layout) {
            Objects.requireNonNull(prefix, "prefix: expected text, got null");
            Objects.requireNonNull(layout, "layout: expected one, got null");
            for (Tensor tensor : layout.tensors()) {
                add(prefix + tensor.name(), tensor.shape().stream().mapToInt(Integer::intValue).toArray());
            }
            return this;
        }

        /** {@return the layout} */
        public TensorLayout build() {
            return new TensorLayout(new LinkedHashMap<>(tensors), count);
        }
    }
}
