package dev.rondo.cell.clockwork;

import dev.rondo.cell.Activation;
import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.CellOptions;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.cell.UnitGroup;
import dev.rondo.kernel.Backends;
import dev.rondo.kernel.NativeKernel;
import dev.rondo.kernel.VectorKernel;
import dev.rondo.memory.TensorLayout;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The Clockwork RNN (Koutnik, Greff, Gomez and Schmidhuber 2014): simple recurrent units in groups, each with a clock.
 * The groups are in order of their periods, and each reads those that are not faster: slow ones feed fast ones, never
 * the other way round. At a time that is a multiple of its period, group i moves; in between it keeps its state, costs
 * nothing, and hands its gradient on as it is:
 *
 * <pre>
 *   h_i' = activation(W_i x + sum over j >= i of R_ij h_j + b_i)    where time mod period_i = 0
 *   h_i' = h_i                                                      else
 * </pre>
 *
 * <p>Time is absolute, {@link dev.rondo.cell.CellPass#timeOrigin} + t in step t: all groups move at time 0. It is one
 * clock for all sequences of a batch, whatever their lengths, and a step has the same time in either direction: a
 * reversed pass starts at the latest. A stream keeps it from step to step, and a training from chunk to chunk where
 * states are carried ({@code NetworkPass.carryState}).
 *
 * <p>Parameters: {@code weightIh} [H, I] (for tokens [I, H]); of each group of k units, the first of them unit s, a
 * matrix {@code weightHh0}, {@code weightHh1}, ... [k, H - s] on the units from s on; {@code bias} [H]. State plane: h.
 * {@link #variant}: the ordinal of the activation.
 *
 * @param hiddenSize hidden units, H
 * @param groups of units, fast ones first
 * @param activation what is done to the sum
 */
public record Clockwork(int hiddenSize, List<UnitGroup> groups, Activation activation) implements Cell {
    private static final String ACTIVATION = "activation";
    private static final String PERIODS = "periods";
    private static final String SIZES = "sizes";
    private static final String EVEN = "even";
    private static final int DEFAULT_GROUPS = 8;
    private static final int MOST_DOUBLING = 31; // periods from 1 to 2^30

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, the groups have another number of units, or a
     *     period is shorter than the one before
     */
    public Clockwork {
        CellShape.units(hiddenSize, 1);
        groups = List.copyOf(Objects.requireNonNull(groups, "groups: expected some, got null"));
        Objects.requireNonNull(activation, "activation: expected one, got null");
        long units = groups.stream().mapToLong(UnitGroup::size).sum();
        if (units != hiddenSize) {
            throw new IllegalArgumentException("groups: expected " + hiddenSize + " units in all, got " + units);
        }
        for (int i = 1; i < groups.size(); i++) {
            if (groups.get(i).period() < groups.get(i - 1).period()) {
                throw new IllegalArgumentException("periods: expected none shorter than the one before, got "
                        + CellOptions.text(periods(groups)));
            }
        }
    }

    /**
     * {@return a cell with tanh, of groups as equal in size as can be, of periods 1, 2, 4, 8, ...}
     *
     * @param hiddenSize hidden units, H
     * @param groups their number, at most H and at most 31
     * @throws IllegalArgumentException if a number is out of range
     */
    public static Clockwork of(int hiddenSize, int groups) {
        CellShape.units(hiddenSize, 1);
        int most = Math.min(hiddenSize, MOST_DOUBLING);
        if (groups < 1 || groups > most) {
            throw new IllegalArgumentException("groups: expected 1 to " + most + ", got " + groups);
        }
        return of(even(hiddenSize, groups), doubling(groups));
    }

    /**
     * {@return a cell with tanh}
     *
     * @param sizes units of each group
     * @param periods of each group, in ascending order
     * @throws IllegalArgumentException if there are not as many of both, a number is below 1, a period is shorter than
     *     the one before, or the units are too many
     */
    public static Clockwork of(int[] sizes, int[] periods) {
        Objects.requireNonNull(sizes, "sizes: expected some, got null");
        Objects.requireNonNull(periods, "periods: expected some, got null");
        if (periods.length != sizes.length) {
            throw new IllegalArgumentException(
                    "periods: expected " + sizes.length + ", one for each group, got " + periods.length);
        }
        for (int i = 0; i < sizes.length; i++) {
            CellShape.atLeastOne("sizes[" + i + "]", sizes[i]);
            CellShape.atLeastOne("periods[" + i + "]", periods[i]);
        }
        long units = IntStream.of(sizes).asLongStream().sum();
        return new Clockwork((int) Math.min(units, Integer.MAX_VALUE), groups(sizes, periods), Activation.TANH);
    }

    /**
     * {@return the cell that a checkpoint or a command line describes}
     *
     * @param hiddenSize hidden units, H
     * @param options as {@link #options()} gives them. Absent, {@code periods} are those of up to eight groups of
     *     {@link #of(int, int)}, {@code sizes} are {@code even}, as equal as can be, {@code activation} is {@code tanh}.
     *     Where sizes are even and units fewer than periods, the longest periods are left out
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or an option is damaged or does not fit it
     */
    public static Clockwork of(int hiddenSize, Map<String, String> options) {
        CellShape.units(hiddenSize, 1);
        int[] periods = CellOptions.numbers(options, PERIODS, doubling(DEFAULT_GROUPS));
        boolean even = EVEN.equals(options.getOrDefault(SIZES, EVEN));
        if (even && periods.length > hiddenSize) {
            periods = IntStream.of(periods).limit(hiddenSize).toArray();
        }
        int[] sizes = even ? even(hiddenSize, periods.length) : CellOptions.numbers(options, SIZES, periods);
        return new Clockwork(hiddenSize, of(sizes, periods).groups,
                CellOptions.choice(options, ACTIVATION, Activation.TANH));
    }

    /**
     * {@return this cell with another activation}
     *
     * @param activation what is done to the sum
     */
    public Clockwork activation(Activation activation) {
        return new Clockwork(hiddenSize, groups, activation);
    }

    private static List<UnitGroup> groups(int[] sizes, int[] periods) {
        return IntStream.range(0, sizes.length).mapToObj(i -> new UnitGroup(sizes[i], periods[i])).toList();
    }

    /** {@return sizes of groups that have {@code units} in all and differ by one unit at most} */
    private static int[] even(int units, int groups) {
        return IntStream.range(0, groups)
                .map(i -> (int) ((i + 1L) * units / groups - (long) i * units / groups)).toArray();
    }

    private static int[] doubling(int groups) {
        return IntStream.range(0, groups).map(i -> 1 << i).toArray();
    }

    private static int[] periods(List<UnitGroup> groups) {
        return groups.stream().mapToInt(UnitGroup::period).toArray();
    }

    @Override
    public String name() {
        return "clockwork";
    }

    @Override
    public int[] planeWidths() {
        return new int[] {hiddenSize};
    }

    @Override
    public int rows() {
        return hiddenSize;
    }

    @Override
    public List<UnitGroup> unitGroups() {
        return groups;
    }

    @Override
    public TensorLayout layout(int inputSize, InputKind kind) {
        Objects.requireNonNull(kind, "kind: expected one, got null");
        var layout = TensorLayout.builder().add("weightIh", kind.weightShape(hiddenSize, inputSize));
        int first = 0;
        for (int i = 0; i < groups.size(); i++) {
            layout.add(weightHh(i), groups.get(i).size(), hiddenSize - first);
            first += groups.get(i).size();
        }
        return layout.add("bias", hiddenSize).build();
    }

    private static String weightHh(int group) {
        return "weightHh" + group;
    }

    /** Of each tensor, the parts of the groups one after the other. */
    @Override
    public List<ParameterBlock> blocks(int inputSize, InputKind kind) {
        TensorLayout layout = layout(inputSize, kind);
        ParameterBlock input = ParameterBlock.input(layout.get("weightIh"), kind, 0);
        ParameterBlock bias = ParameterBlock.bias(layout.get("bias"), 0);
        var inputs = new ArrayList<ParameterBlock>();
        var states = new ArrayList<ParameterBlock>();
        var biases = new ArrayList<ParameterBlock>();
        int first = 0;
        for (int i = 0; i < groups.size(); i++) {
            int size = groups.get(i).size();
            int width = hiddenSize - first;
            inputs.add(input.slice(first, size, first));
            states.add(new ParameterBlock(weightHh(i), layout.get(weightHh(i)).offset(), first, size,
                    Source.PREVIOUS_STATE, 0, first, width, width, 1));
            biases.add(bias.slice(first, size, first));
            first += size;
        }
        inputs.addAll(states);
        inputs.addAll(biases);
        return List.copyOf(inputs);
    }

    @Override
    public boolean perUnit() {
        return true;
    }

    @Override
    public boolean hasKinks() {
        return activation == Activation.RELU;
    }

    @Override
    public Map<String, String> options() {
        int[] sizes = groups.stream().mapToInt(UnitGroup::size).toArray();
        boolean even = Arrays.equals(sizes, even(hiddenSize, sizes.length));
        return Map.of(
                PERIODS, CellOptions.text(periods(groups)),
                SIZES, even ? EVEN : CellOptions.text(sizes),
                ACTIVATION, CellOptions.text(activation));
    }

    @Override
    public long variant() {
        return activation.ordinal();
    }

    @Override
    public CellKernel kernel(Backend backend) {
        Backends.require(backend);
        return switch (backend) {
            case REFERENCE -> new ClockworkReference(activation);
            case VECTOR -> new VectorKernel(MethodHandles.lookup(), ClockworkVector.class);
            case NATIVE -> new NativeKernel();
        };
    }
}
