package dev.rondo.bench.golden;

import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.pytorch.global.torch;

/** Writes all golden data that libtorch gives, into the directory named first. */
public final class Libtorch {
    private Libtorch() {}

    /** Takes the directory of golden data. */
    public static void main(String[] arguments) throws IOException {
        Path golden = Path.of(arguments[0]);
        torch.set_num_threads(1);
        new LibtorchOptimizers(golden.resolve("optimizers")).write();
        new LibtorchCells(golden).write();
        new LibtorchLosses(golden.resolve("losses")).write();
        new LibtorchNetworks(golden.resolve("networks")).write();
    }
}
