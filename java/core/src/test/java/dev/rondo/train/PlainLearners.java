package dev.rondo.train;

import dev.rondo.network.SeededRandom;
import java.util.Arrays;

/**
 * Every learner written out for one sequence of one Elman layer, h' = tanh(a), a = W [x, h, 1], whose H units are the
 * outputs: p = H (I + H + 1) parameters w, unit by unit. Meant to be read beside the papers, not to be fast.
 *
 * <pre>
 * J = dh'/dh [H, H]      D = dh'/da [H], a diagonal      dh'/dw [H, p]: row k has D_k [x, h, 1] at W's row k
 * </pre>
 *
 * <p>{@code c[t]} is the gradient of the loss by the output of step t. The gradient of the loss of step t by w is c[t]
 * dh'/dw, plus c[t] J times what is known of dh/dw.
 *
 * <p>Recurrent weights read h times factors, one for each unit; a unit that is held keeps its h.
 */
final class PlainLearners {
    private final int units; // H
    private final int sources; // I + H + 1
    private final double[][] weights; // W [H, I + H + 1]
    private final double[][] inputs; // x [T, I]
    private final double[][] outputGradients; // c [T, H]
    private final double[] factors; // [H]
    private final boolean[][] held; // [T, H]
    private double[] h; // before the step
    private double[] u; // [x, h, 1]
    private double[] d; // D
    private double[][] j; // J
    private double[][] w; // dh'/dw

    PlainLearners(double[][] weights, double[][] inputs, double[][] outputGradients, double[] factors,
            boolean[][] held) {
        this.units = weights.length;
        this.sources = weights[0].length;
        this.weights = weights;
        this.inputs = inputs;
        this.outputGradients = outputGradients;
        this.factors = factors;
        this.held = held;
    }

    /** Takes step t, and its derivatives. */
    private void step(int t) {
        double[] before = t == 0 ? new double[units] : h;
        u = new double[sources];
        System.arraycopy(inputs[t], 0, u, 0, inputs[t].length);
        for (int k = 0; k < units; k++) {
            u[inputs[t].length + k] = factors[k] * before[k];
        }
        u[sources - 1] = 1;
        h = new double[units];
        d = new double[units];
        j = new double[units][units];
        w = new double[units][units * sources];
        for (int k = 0; k < units; k++) {
            if (held[t][k]) {
                h[k] = before[k];
                j[k][k] = 1;
                continue;
            }
            double a = 0;
            for (int i = 0; i < sources; i++) {
                a += weights[k][i] * u[i];
            }
            h[k] = Math.tanh(a);
            d[k] = 1 - h[k] * h[k];
            for (int i = 0; i < units; i++) {
                j[k][i] = d[k] * weights[k][inputs[t].length + i] * factors[i];
            }
            for (int i = 0; i < sources; i++) {
                w[k][k * sources + i] = d[k] * u[i];
            }
        }
    }

    private static double[] times(double[] row, double[][] matrix) {
        var product = new double[matrix[0].length];
        for (int k = 0; k < row.length; k++) {
            for (int i = 0; i < product.length; i++) {
                product[i] += row[k] * matrix[k][i];
            }
        }
        return product;
    }

    private static double[][] times(double[][] left, double[][] right) {
        return Arrays.stream(left).map(row -> times(row, right)).toArray(double[][]::new);
    }

    private static double[] plus(double factor, double[] a, double other, double[] b) {
        var sum = new double[a.length];
        Arrays.setAll(sum, i -> factor * a[i] + other * b[i]);
        return sum;
    }

    private static double norm(double[]... rows) {
        return Math.sqrt(Arrays.stream(rows).flatMapToDouble(Arrays::stream).map(x -> x * x).sum());
    }

    /** What a matrix that stands for dh/dw becomes in a step. */
    private interface Recursion {
        double[][] next(double[][] m, int t);
    }

    private double[] matrix(Recursion recursion) {
        var gradient = new double[units * sources];
        var m = new double[units][units * sources];
        for (int t = 0; t < inputs.length; t++) {
            step(t);
            gradient = plus(1, gradient, 1, times(outputGradients[t], w));
            gradient = plus(1, gradient, 1, times(times(outputGradients[t], j), m));
            m = recursion.next(m, t);
        }
        return gradient;
    }

    /** M' = J M + dh'/dw. */
    private double[][] exactly(double[][] m) {
        double[][] next = times(j, m);
        for (int k = 0; k < units; k++) {
            next[k] = plus(1, next[k], 1, w[k]);
        }
        return next;
    }

    /** RTRL: Williams and Zipser 1989. */
    double[] exact() {
        return matrix((m, _) -> exactly(m));
    }

    /** SnAp-1: Menick et al. 2020: the dense recursion, and zero where dh'/dw is. */
    double[] snap1() {
        return matrix((m, _) -> {
            double[][] next = exactly(m);
            for (int k = 0; k < units; k++) {
                for (int i = 0; i < next[k].length; i++) {
                    next[k][i] = i / sources == k ? next[k][i] : 0;
                }
            }
            return next;
        });
    }

    /** RFLO: Murray 2019, of a unit that leaks all of its state: nothing but its last step is left. */
    double[] rflo() {
        return matrix((m, t) -> {
            double[][] next = w.clone();
            for (int k = 0; k < units; k++) {
                next[k] = held[t][k] ? m[k] : w[k];
            }
            return next;
        });
    }

    /** UORO: Tallec and Ollivier 2017. */
    double[] uoro(SeededRandom random) {
        var gradient = new double[units * sources];
        var state = new double[units];
        var parameters = new double[units * sources];
        for (int t = 0; t < inputs.length; t++) {
            step(t);
            double factor = 0;
            double[] byState = times(outputGradients[t], j);
            for (int k = 0; k < units; k++) {
                factor += byState[k] * state[k];
            }
            gradient = plus(1, gradient, 1, times(outputGradients[t], w));
            gradient = plus(1, gradient, factor, parameters);
            var signs = new double[units];
            Arrays.setAll(signs, _ -> random.nextLong() < 0 ? -1 : 1);
            var forward = new double[units];
            for (int k = 0; k < units; k++) {
                for (int i = 0; i < units; i++) {
                    forward[k] += j[k][i] * state[i];
                }
            }
            double[] back = times(signs, w);
            double r1 = Math.sqrt(norm(back) / norm(signs));
            if (t == 0) { // of nothing nothing is kept
                state = plus(0, state, r1, signs);
                parameters = plus(0, parameters, 1 / r1, back);
            } else {
                double r0 = Math.sqrt(norm(parameters) / norm(forward));
                state = plus(r0, forward, r1, signs);
                parameters = plus(1 / r0, parameters, 1 / r1, back);
            }
        }
        return gradient;
    }

    /** KF-RTRL: Mujika, Meier and Steger 2018. */
    double[] kroneckerFactored(SeededRandom random) {
        var gradient = new double[units * sources];
        var a = new double[sources];
        var g = new double[units][units];
        for (int t = 0; t < inputs.length; t++) {
            step(t);
            gradient = plus(1, gradient, 1, times(outputGradients[t], w));
            double[] byRow = times(times(outputGradients[t], j), g);
            for (int k = 0; k < units; k++) {
                for (int i = 0; i < sources; i++) {
                    gradient[k * sources + i] += byRow[k] * a[i];
                }
            }
            double[][] product = times(j, g);
            double sign0 = random.nextLong() < 0 ? -1 : 1;
            double sign1 = random.nextLong() < 0 ? -1 : 1;
            double r0 = t == 0 ? 1 : Math.sqrt(norm(product) / norm(a));
            double r1 = Math.sqrt(norm(d) / norm(u));
            a = plus(sign0 * r0, a, sign1 * r1, u);
            for (int k = 0; k < units; k++) {
                g[k] = plus(sign0 / r0, product[k], 0, product[k]);
                g[k][k] += sign1 / r1 * d[k];
            }
        }
        return gradient;
    }

    /** BPTT(window; 1), Williams and Peng 1990: from the loss of each step back through that step and those before. */
    double[] truncated(int window) {
        var gradient = new double[units * sources];
        var immediate = new double[inputs.length][][];
        var jacobian = new double[inputs.length][][];
        for (int t = 0; t < inputs.length; t++) {
            step(t);
            immediate[t] = w;
            jacobian[t] = j;
            double[] back = outputGradients[t];
            for (int s = t; s >= 0 && s > t - window; s--) {
                gradient = plus(1, gradient, 1, times(back, immediate[s]));
                back = times(back, jacobian[s]);
            }
        }
        return gradient;
    }
}
