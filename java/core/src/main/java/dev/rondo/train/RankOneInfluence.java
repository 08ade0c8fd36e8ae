package dev.rondo.train;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkInput;
import dev.rondo.network.SeededRandom;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * UORO: in place of M the product of a column and a row, drawn at each step so that its mean is M (Tallec and Ollivier
 * 2017). With random signs v,
 *
 * <pre>
 * a' = r0 J a + r1 v       c' = c / r0 + (v dF/dw) / r1       r0^2 = |c| / |J a|, r1^2 = |v dF/dw| / |v|
 * </pre>
 *
 * <p>J and dF/dw are those of the whole network: a layer sees what those below have become in the same step.
 */
final class RankOneInfluence implements Influence {
    private final Precision precision;
    private final List<Layer> layers;
    private final InfluenceColumns[] columns; // of each layer
    private final int embeddingWidth; // 0 without
    private final Workspace memory = new Workspace("influence of UORO");
    private final StepLinearization[] linear; // of each layer; null where a state depends on no parameter, as below
    private SeededRandom random;
    private final double[][][] a; // [B][L][n]
    private final double[][] c; // [B][parameters below the head]
    private final double[][] next; // [L][n]
    private final double[][] signs; // [L][n]
    private final double[][] through; // [L][I]: what of a', or of v, goes through what a layer reads
    private final double[] row; // as c
    private final MemorySegment all; // as c
    private final int lowest; // layer whose state depends on parameters
    private final double[] seed; // [n] of the largest layer

    RankOneInfluence(Network network, int sequences, long seed) {
        this.precision = network.precision();
        this.layers = network.description().layers();
        this.columns = InfluenceColumns.of(network);
        this.linear = new StepLinearization[columns.length];
        this.next = new double[columns.length][];
        this.signs = new double[columns.length][];
        this.through = new double[columns.length][];
        for (int layer = 0; layer < columns.length; layer++) {
            boolean depends = columns[layer].end() > 0;
            linear[layer] = depends ? new StepLinearization(network, layer, false, memory) : null;
            next[layer] = new double[depends ? linear[layer].size() : 0];
            signs[layer] = new double[next[layer].length];
            through[layer] = new double[depends ? linear[layer].inputSize() : 0];
        }
        this.lowest = (int) Arrays.stream(columns).filter(layer -> layer.end() == 0).count();
        this.embeddingWidth = network.description().input() instanceof NetworkInput.Embedding(_, int w, _) ? w : 0;
        this.random = new SeededRandom(seed);
        this.a = new double[sequences][columns.length][];
        for (double[][] one : a) {
            Arrays.setAll(one, layer -> new double[next[layer].length]);
        }
        this.row = new double[Math.toIntExact(columns[columns.length - 1].end())];
        this.all = memory.allocate(precision, row.length);
        this.c = new double[sequences][row.length];
        this.seed = new double[Arrays.stream(next).mapToInt(state -> state.length).max().orElseThrow()];
    }

    @Override
    public void begin(int b) {
        Arrays.fill(c[b], 0);
        for (int layer = 0; layer < columns.length; layer++) {
            Arrays.fill(a[b][layer], 0);
            int first = Math.toIntExact(columns[layer].first()) + columns[layer].cell();
            for (int i = 0; i < columns[layer].initial(); i++) { // the mean of v v^T is the identity
                a[b][layer][i] = sign();
                c[b][first + i] = a[b][layer][i];
            }
        }
    }

    private double sign() {
        return random.nextLong() < 0 ? -1 : 1;
    }

    @Override
    public void advance(int b, Step step) {
        for (int layer = lowest; layer < columns.length; layer++) {
            linear[layer].at(step);
            goForward(b, layer, step.masks());
        }
        for (double[] v : signs) {
            Arrays.setAll(v, _ -> sign());
        }
        goBack(step);
        double old = Math.sqrt(squares(next));
        double kept = Math.sqrt(squares(c[b]));
        double fresh = Math.sqrt(squares(row));
        double r0 = old > 0 && kept > 0 ? Math.sqrt(kept / old) : 0; // of a product that is zero nothing is kept
        double r1 = fresh > 0 ? Math.sqrt(fresh / Math.sqrt(squares(signs))) : 0;
        for (int layer = 0; layer < columns.length; layer++) {
            for (int i = 0; i < next[layer].length; i++) {
                a[b][layer][i] = r0 * next[layer][i] + r1 * signs[layer][i];
            }
        }
        double keep = r0 > 0 ? 1 / r0 : 0;
        double add = r1 > 0 ? 1 / r1 : 0;
        for (int i = 0; i < row.length; i++) {
            c[b][i] = keep * c[b][i] + add * row[i];
        }
    }

    /** J a, of one layer. */
    private void goForward(int b, int layer, StepMasks[] masks) {
        double[] jacobian = linear[layer].jacobian();
        double[] x = through[layer];
        Arrays.fill(x, 0);
        for (int i = 0; layer > lowest && i < x.length; i++) {
            x[i] = masks[layer - 1].onOutput(i) * next[layer - 1][i]
                    + (layers.get(layer - 1).addsInput() ? through[layer - 1][i] : 0);
        }
        int n = next[layer].length;
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int j = 0; j < n; j++) {
                sum += jacobian[i * n + j] * a[b][layer][j];
            }
            for (int j = 0; layer > lowest && j < x.length; j++) {
                sum += linear[layer].inputJacobian()[i * x.length + j] * x[j];
            }
            next[layer][i] = sum;
        }
    }

    /** v dF/dw: back through the layers, within the step. */
    private void goBack(Step point) {
        Arrays.fill(row, 0);
        for (int layer = columns.length - 1; layer >= lowest; layer--) {
            CellStep step = linear[layer].step();
            System.arraycopy(signs[layer], 0, seed, 0, signs[layer].length);
            boolean top = layer == columns.length - 1;
            for (int i = 0; !top && i < through[layer + 1].length; i++) {
                seed[i] += point.masks()[layer].onOutput(i) * through[layer + 1][i];
            }
            step.vector(0, seed);
            step.backward();
            if (columns[layer].cell() > 0) {
                step.byParameter(row, Math.toIntExact(columns[layer].first()));
            }
            if (linear[layer].inputJacobian() == null) {
                return;
            }
            step.byInput(0, through[layer]);
            for (int i = 0; !top && layers.get(layer).addsInput() && i < through[layer].length; i++) {
                through[layer][i] += through[layer + 1][i];
            }
        }
        for (int j = 0; j < embeddingWidth; j++) {
            row[point.token() * embeddingWidth + j] += through[0][j];
        }
    }

    private static double squares(double[]... rows) {
        double sum = 0;
        for (double[] one : rows) {
            for (double x : one) {
                sum += x * x;
            }
        }
        return sum;
    }

    @Override
    public void addGradient(int b, double[][] byState, MemorySegment gradients) {
        double factor = 0;
        for (int layer = lowest; layer < columns.length; layer++) {
            for (int i = 0; i < byState[layer].length; i++) {
                factor += byState[layer][i] * a[b][layer][i];
            }
        }
        for (int i = 0; i < row.length; i++) {
            row[i] = factor * c[b][i];
        }
        precision.write(row, all, 0, row.length);
        InfluenceColumns.add(all, columns, precision, gradients);
    }

    private Map<String, double[]> arrays() {
        var arrays = new LinkedHashMap<String, double[]>();
        for (int b = 0; b < a.length; b++) {
            for (int layer = 0; layer < columns.length; layer++) {
                arrays.put("sequence" + b + ".layer" + layer, a[b][layer]);
            }
            arrays.put("sequence" + b + ".row", c[b]);
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
        for (StepLinearization layer : linear) {
            if (layer != null) {
                layer.close();
            }
        }
    }
}
