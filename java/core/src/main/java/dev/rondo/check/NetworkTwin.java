package dev.rondo.check;

import dev.rondo.cell.Backend;
import dev.rondo.check.FiniteDifferences.Variable;
import dev.rondo.memory.Precision;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkDescription;
import dev.rondo.network.OutputLoss;
import dev.rondo.network.SequenceBatch;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.DoubleSupplier;

/**
 * The same network, with the same parameters, in float64 on REFERENCE: what differences are taken of where the network
 * is float32, and where cells have kinks. It sees on which side of its kink every unit is.
 *
 * <p>A difference that straddles a kink says nothing about the slope at the point. So each is taken with a look at the
 * signs of what is 0 at a kink; where they differ from those at the point a smaller step is tried, and where that does
 * not help, either, there is no difference by that element. A still smaller step would leave more rounding than {@link
 * GradientCheck#TOLERANCE} allows.
 */
final class NetworkTwin implements AutoCloseable {
    private static final double[] STEPS = {FiniteDifferences.STEP, FiniteDifferences.STEP / 4};
    private static final long FACTOR = 0x9E3779B97F4A7C15L; // odd, its bits well mixed: 2^64 / golden ratio

    private final Network network;
    private final NetworkLoss loss;
    private final boolean kinks;
    private long signs; // of the evaluation that runs, or ran last
    private long expected; // at the point itself
    private boolean straddled;

    NetworkTwin(Network original, NetworkLoss originalLoss, SequenceBatch batch, OutputLoss own) {
        NetworkDescription description = original.description();
        this.kinks = hasKinks(original);
        List<Layer> layers = description.layers().stream()
                .map(layer -> layer.cell().hasKinks()
                        ? layer.withCell(new ObservedCell(layer.cell(), this::look))
                        : layer)
                .toList();
        this.network = Network.of(new NetworkDescription(description.input(), layers, description.head()))
                .backend(Backend.REFERENCE).precision(Precision.FLOAT64).quiet().build();
        try {
            for (long i = 0; i < original.parameters().count(); i++) {
                double value = original.precision().get(original.parameters().slab(), i);
                Precision.FLOAT64.set(network.parameters().slab(), i, value);
            }
            this.loss = new NetworkLoss(network, originalLoss.earlier(), batch, own);
            loss.enterAs(originalLoss);
            evaluate();
            this.expected = signs;
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    static boolean hasKinks(Network network) {
        return network.description().layers().stream().anyMatch(layer -> layer.cell().hasKinks());
    }

    NetworkLoss loss() {
        return loss;
    }

    /** The derivative of the loss by {@code x}; absent if no step keeps all units on their side. */
    OptionalDouble derivative(Variable x) {
        DoubleSupplier watched = () -> {
            double value = evaluate();
            straddled |= signs != expected;
            return value;
        };
        for (double step : STEPS) {
            straddled = false;
            double derivative = FiniteDifferences.derivative(watched, x, step);
            if (!kinks || !straddled) {
                return OptionalDouble.of(derivative);
            }
        }
        return OptionalDouble.empty();
    }

    private double evaluate() {
        signs = 0;
        return loss.value();
    }

    private void look(double[] distances) {
        for (double distance : distances) {
            signs = FACTOR * (signs + (distance > 0 ? 2 : 1));
        }
    }

    @Override
    public void close() {
        loss.close();
        network.close();
    }
}
