package dev.rondo.bench;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Network;
import java.util.Locale;

/** A program that ends with the first output of an LSTM: says "ready" then. Takes a backend, or "nothing". */
public final class FirstOutput {
    private FirstOutput() {}

    /** Takes the name of a backend; with "nothing" it does nothing, to tell what Java itself takes. */
    public static void main(String[] arguments) {
        if (!arguments[0].equals("nothing")) {
            var builder = Network.builder(128).layer(Lstm.of(128)).noHead().threads(1)
                    .backend(Backend.valueOf(arguments[0].toUpperCase(Locale.ROOT)));
            try (var network = builder.build(); var stepper = network.stepper()) {
                stepper.step(new float[128], new float[128]);
            }
        }
        System.out.println("ready");
    }
}
