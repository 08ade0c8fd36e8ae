package dev.rondo.reservoir;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkDescription;
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
        try {
            settings = EchoStateSettings.parse(checkpoint.text(SETTINGS));
        } catch (IllegalArgumentException e) {
            throw checkpoint.damaged(SETTINGS, e);
        }
        checkpoint.expect(OUTPUT, (long) settings.outputs() * Double.BYTES);
        Network network = Network.read(checkpoint, options);
        var model = new EchoStateNetwork(settings, network);
        try {
            int features = requireFit(checkpoint, settings, network);
            if (checkpoint.has(WEIGHTS)) {
                model.readout(new LinearReadout(
                        numbers(checkpoint, WEIGHTS, (long) settings.outputs() * features),
                        numbers(checkpoint, BIAS, settings.outputs())));
            }
            checkpoint.copy(OUTPUT, Precision.FLOAT64, MemorySegment.ofArray(model.own().last()));
            model.own().pass().restoreStates(checkpoint);
            return model;
        } catch (CheckpointException | RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** {@return the numbers in a section, of which there must be so many before memory for them is asked for} */
    private static double[] numbers(Checkpoint checkpoint, String name, long count) throws CheckpointException {
        checkpoint.expect(name, count * Double.BYTES);
        var values = new double[(int) count]; // the section is in memory, an array itself
        checkpoint.copy(name, Precision.FLOAT64, MemorySegment.ofArray(values));
        return values;
    }

    /** {@return how many numbers the readout reads, of a network that a builder could have made} */
    private static int requireFit(Checkpoint checkpoint, EchoStateSettings settings, Network network)
            throws CheckpointException {
        NetworkDescription description = network.description();
        try {
            int reads = settings.reads();
            if (!description.input().equals(new NetworkInput.Dense(reads)) || description.head().dense()
                    || description.layers().stream().anyMatch(layer -> layer.directions() > 1)) {
                throw new IllegalArgumentException("expected a network without a head that reads " + reads
                        + " numbers, all forwards, got another");
            }
            return settings.features(network);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw checkpoint.damaged(SETTINGS, e);
        }
    }
}
