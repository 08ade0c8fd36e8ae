package dev.rondo.reservoir;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkInput;
import java.lang.foreign.MemorySegment;
import java.util.function.UnaryOperator;

/** What an echo state network is in a checkpoint: its reservoir is a network's sections, the rest its own. */
final class EchoStateSections {
    private static final String SETTINGS = "echo.settings";
    private static final String WEIGHTS = "echo.weights"; // with the bias absent until trained
    private static final String BIAS = "echo.bias";
    private static final String OUTPUT = "echo.output"; // what is fed back next

    private EchoStateSections() {}

    static void write(EchoStateNetwork model, Checkpoint.Builder checkpoint) {
        checkpoint.text(SETTINGS, model.settings().text()).add(model.network()::write);
        if (model.isTrained()) {
            numbers(checkpoint, WEIGHTS, model.readout().weights());
            numbers(checkpoint, BIAS, model.readout().bias());
        }
        numbers(checkpoint, OUTPUT, model.own().last());
        checkpoint.add(model.own().pass()::writeStates);
    }

    private static void numbers(Checkpoint.Builder checkpoint, String name, double[] values) {
        checkpoint.numbers(name, Precision.FLOAT64, MemorySegment.ofArray(values));
    }

    static EchoStateNetwork read(Checkpoint checkpoint, UnaryOperator<Network.Builder> options)
            throws CheckpointException {
        EchoStateSettings settings;
        int reads;
        try {
            settings = EchoStateSettings.parse(checkpoint.text(SETTINGS));
            reads = settings.reads();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw checkpoint.damaged(SETTINGS, e);
        }
        checkpoint.expect(OUTPUT, (long) settings.outputs() * Double.BYTES); // before memory for that many is asked for
        Network network = Network.read(checkpoint, options);
        var model = new EchoStateNetwork(settings, network);
        try {
            requireFit(checkpoint, reads, network);
            if (checkpoint.has(WEIGHTS)) {
                checkpoint.expect(WEIGHTS, (long) settings.outputs() * settings.features(network) * Double.BYTES);
                var bias = new double[settings.outputs()];
                var weights = new double[Math.multiplyExact(settings.outputs(), settings.features(network))];
                checkpoint.copy(BIAS, Precision.FLOAT64, MemorySegment.ofArray(bias));
                checkpoint.copy(WEIGHTS, Precision.FLOAT64, MemorySegment.ofArray(weights));
                model.readout(new LinearReadout(weights, bias));
            }
            if (checkpoint.text("network.precision").equals(network.precision().name())) { // else it begins anew
                checkpoint.copy(OUTPUT, Precision.FLOAT64, MemorySegment.ofArray(model.own().last()));
                model.own().pass().restoreStates(checkpoint);
            }
            return model;
        } catch (CheckpointException | RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private static void requireFit(Checkpoint checkpoint, int reads, Network network) throws CheckpointException {
        if (!network.description().input().equals(new NetworkInput.Dense(reads))
                || network.description().head().dense()) {
            throw checkpoint.damaged(SETTINGS, new IllegalArgumentException(
                    "expected a network without a head that reads " + reads + " numbers, got another"));
        }
    }
}
