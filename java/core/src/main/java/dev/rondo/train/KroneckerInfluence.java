package dev.rondo.train;

import dev.rondo.cell.Cell;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Cells;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkDescription;
import dev.rondo.network.NetworkInput;
import dev.rondo.network.SeededRandom;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * KF-RTRL: in place of M the Kronecker product of a row and a matrix, drawn at each step so that its mean is M (Mujika,
 * Meier and Steger 2018). Where each of the R pre-activation rows reads the same sources u = (x, h, 1), the immediate
 * Jacobian is u times D = ds'/d(pre-activations), [n, R]. With random signs v0 and v1,
 *
 * <pre>
 * a' = v0 r0 a + v1 r1 u       G' = v0 / r0 J G + v1 / r1 D       r0^2 = |J G| / |a|, r1^2 = |D| / |u|
 * </pre>
 */
final class KroneckerInfluence implements Influence {
    private final Precision precision;
    private final Workspace memory;
    private final StepLinearization linear;
    private final List<ParameterBlock> blocks;
    private final long first; // of the layer's parameters
    private final boolean tokens;
    private final int rows; // R
    private final int size; // n
    private SeededRandom random;
    private final double[][] a; // [B][sources]
    private final double[][] g; // [B][n, R]
    private final double[] sources; // u
    private final double[] product; // [n, R]

    /**
     * Refuses networks that have no such structure.
     *
     * @throws IllegalArgumentException with the reason
     */
    KroneckerInfluence(Network network, int sequences, long seed) {
        NetworkDescription description = network.description();
        Cell cell = description.layers().getFirst().cell();
        this.blocks = cell.blocks(description.inputSize(0), description.inputKind(0));
        refuse(description, cell, blocks);
        this.precision = network.precision();
        this.memory = new Workspace("influence of KF-RTRL");
        this.linear = new StepLinearization(network, 0, false, memory);
        this.first = InfluenceColumns.placeOf(network, 0);
        this.tokens = description.input().tokens();
        this.rows = cell.rows();
        this.size = linear.size();
        this.random = new SeededRandom(seed);
        this.sources = new double[blocks.stream().mapToInt(ParameterBlock::width).sum()];
        this.product = new double[Math.multiplyExact(size, rows)];
        this.a = new double[sequences][sources.length];
        this.g = new double[sequences][product.length];
    }

    private static void refuse(NetworkDescription description, Cell cell, List<ParameterBlock> blocks) {
        String text = "learner: expected for KF-RTRL ";
        if (description.layers().size() > 1) {
            throw new IllegalArgumentException(text + "one layer, got " + description.layers().size());
        }
        if (description.input() instanceof NetworkInput.Embedding
                || description.layers().getFirst().learnsInitialState()) {
            throw new IllegalArgumentException(text + "no embedding and no learned initial state, got one: a state "
                    + "depends on them by no Kronecker product");
        }
        if (description.layers().getFirst().isFixed()) {
            throw new IllegalArgumentException(text + "a layer to be trained, got a fixed one");
        }
        if (!cell.perUnit() || blocks.stream().anyMatch(block -> !whole(block, cell))) {
            throw new IllegalArgumentException(text + "a cell whose rows all read the same input and state, got "
                    + Cells.text(cell));
        }
    }

    private static boolean whole(ParameterBlock block, Cell cell) {
        return block.row() == 0 && block.rows() == cell.rows() && !block.elementwise() && block.column() == 0
                && (block.source() == Source.INPUT || block.source() == Source.ONE
                        || block.source() == Source.PREVIOUS_STATE && block.plane() == 0);
    }

    @Override
    public void begin(int b) {
        Arrays.fill(a[b], 0);
        Arrays.fill(g[b], 0);
    }

    @Override
    public void advance(int b, Step step) {
        linear.at(step);
        readSources(step);
        multiply(g[b]);
        double[] direct = linear.rowJacobian();
        double kept = Math.sqrt(squares(a[b]));
        double old = Math.sqrt(squares(product));
        double fresh = Math.sqrt(squares(direct));
        double r0 = kept > 0 && old > 0 ? Math.sqrt(old / kept) : 0; // of a product that is zero nothing is kept
        double r1 = fresh > 0 ? Math.sqrt(fresh / Math.sqrt(squares(sources))) : 0;
        double sign0 = random.nextLong() < 0 ? -1 : 1;
        double sign1 = random.nextLong() < 0 ? -1 : 1;
        for (int i = 0; i < sources.length; i++) {
            a[b][i] = sign0 * r0 * a[b][i] + sign1 * r1 * sources[i];
        }
        double keep = r0 > 0 ? sign0 / r0 : 0;
        double add = r1 > 0 ? sign1 / r1 : 0;
        for (int i = 0; i < product.length; i++) {
            g[b][i] = keep * product[i];
        }
        int units = linear.units();
        for (int plane = 0; plane < linear.planes(); plane++) {
            for (int r = 0; r < rows; r++) {
                g[b][(plane * units + r % units) * rows + r] += add * direct[plane * rows + r];
            }
        }
    }

    private void readSources(Step step) {
        int at = 0;
        for (ParameterBlock block : blocks) {
            for (int j = 0; j < block.width(); j++) {
                sources[at++] = switch (block.source()) {
                    case INPUT -> tokens ? (step.inputs()[0][0] == j ? 1 : 0) : step.inputs()[0][j];
                    case PREVIOUS_STATE -> step.masks()[0].onRecurrent(j) * step.states()[0][j];
                    default -> 1;
                };
            }
        }
    }

    /** The product of J with a matrix [n, R]. */
    private void multiply(double[] matrix) {
        Arrays.fill(product, 0);
        double[] jacobian = linear.jacobian();
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                double factor = jacobian[i * size + j];
                for (int r = 0; r < rows; r++) {
                    product[i * rows + r] += factor * matrix[j * rows + r];
                }
            }
        }
    }

    private static double squares(double[] values) {
        double sum = 0;
        for (double x : values) {
            sum += x * x;
        }
        return sum;
    }

    @Override
    public void addGradient(int b, double[][] byState, MemorySegment gradients) {
        var byRow = new double[rows];
        for (int i = 0; i < size; i++) {
            for (int r = 0; r < rows; r++) {
                byRow[r] += byState[0][i] * g[b][i * rows + r];
            }
        }
        int column = 0;
        for (ParameterBlock block : blocks) {
            for (int r = 0; r < rows; r++) {
                for (int j = 0; j < block.width(); j++) {
                    long at = first + block.offset() + (long) r * block.rowStride() + (long) j * block.columnStride();
                    precision.set(gradients, at, precision.get(gradients, at) + byRow[r] * a[b][column + j]);
                }
            }
            column += block.width();
        }
    }

    private Map<String, double[]> arrays() {
        var arrays = new LinkedHashMap<String, double[]>();
        for (int b = 0; b < a.length; b++) {
            arrays.put("sequence" + b + ".row", a[b]);
            arrays.put("sequence" + b + ".matrix", g[b]);
        }
        return arrays;
    }

    @Override
    public void write(Checkpoint.Builder checkpoint) {
        LearnerSections.write(arrays(), random, checkpoint);
    }

    @Override
    public void restore(Checkpoint checkpoint) throws CheckpointException {
        random = LearnerSections.restore(arrays(), checkpoint);
    }

    @Override
    public void close() {
        memory.close();
        linear.close();
    }
}
