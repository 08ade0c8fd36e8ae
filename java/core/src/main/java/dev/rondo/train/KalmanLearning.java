package dev.rondo.train;

import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;

/** A Kalman filter at work on the batches of one pass: after each time step an update by all its sequences. */
final class KalmanLearning implements NetworkPass.Companion {
    private final NetworkPass pass;
    private final Network network;
    private final Precision precision;
    private final KalmanFilter filter;
    private final Measurement measurement;
    private final OnlineGradients online;
    private final Workspace memory;
    private final Innovation innovation;
    private final MemorySegment seed; // [B, O], zero but while a row is made
    private final double[][] outputs; // [B][O], of the step
    private final double[] byOutput; // [O]
    private final double[] zeros; // [O]

    KalmanLearning(Ekf ekf, KalmanFilter filter, NetworkPass pass) {
        this.pass = pass;
        this.network = pass.network();
        this.precision = network.precision();
        this.filter = filter;
        this.measurement = new Measurement(network);
        int width = network.outputSize();
        this.outputs = new double[pass.batchSize()][width];
        this.byOutput = new double[width];
        this.zeros = new double[width];
        this.memory = new Workspace("Kalman filter");
        try {
            int rows = Math.multiplyExact(pass.batchSize(), width);
            this.innovation = filter.innovation(rows, memory);
            this.seed = memory.allocate(precision, rows);
            this.online = ekf.start(pass);
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    /** Before the pass runs forward. */
    void enter() {
        online.enter(pass);
    }

    /**
     * After it ran forward over {@code batch}: runs over it again, step by step, and makes the updates.
     *
     * @return the Euclidean norm of H^T e of all updates
     */
    double learn(SequenceBatch batch) {
        measurement.take(batch);
        double squares = 0;
        for (int t = 0; t < batch.timeSteps(); t++) {
            MemorySegment values = online.forward(batch.steps(t, 1), Learning.masks(pass, t));
            for (int b = 0; b < outputs.length; b++) {
                precision.read(values, (long) b * zeros.length, outputs[b], zeros.length);
            }
            measure(t);
            online.advance(); // before weights change
            squares += innovation.rows() > 0 ? filter.update(innovation) : 0;
        }
        online.leave(pass);
        return Math.sqrt(squares);
    }

    private void measure(int t) {
        innovation.clear();
        for (int b = 0; b < outputs.length; b++) {
            if (!measurement.counts(t, b)) {
                continue;
            }
            measurement.look(t, b, outputs[b]);
            for (int o = 0; o < zeros.length; o++) {
                if (measurement.measures(t, b, o)) {
                    measurement.derivative(o, byOutput);
                    precision.write(byOutput, seed, (long) b * zeros.length, zeros.length);
                    network.zeroGradients();
                    online.addGradient(seed);
                    innovation.add(network.gradients(), precision, measurement.error(o));
                }
            }
            precision.write(zeros, seed, (long) b * zeros.length, zeros.length);
        }
    }

    OnlineGradients online() {
        return online;
    }

    @Override
    public void close() {
        memory.close();
        online.close();
    }
}
