/**
 * Recurrent networks: cells, back-propagation through time, training, gradient checks and language models.
 *
 * <p>All requirements are optional. Without {@code jdk.incubator.vector} there is no VECTOR backend, without JavaCPP no
 * NATIVE one, and {@link dev.rondo.kernel.Backends#describe} says so. On the module path a program names what it wants
 * of them, since an optional requirement resolves nothing by itself: {@code requires dev.rondo.platform}, or {@code
 * --add-modules}.
 */
module dev.rondo.core {
    requires static jdk.incubator.vector;
    requires static jdk.jfr;
    requires static org.bytedeco.javacpp;
    requires static org.bytedeco.openblas;

    exports dev.rondo.cell;
    exports dev.rondo.cell.clockwork;
    exports dev.rondo.cell.elman;
    exports dev.rondo.cell.gru;
    exports dev.rondo.cell.indrnn;
    exports dev.rondo.cell.jordan;
    exports dev.rondo.cell.lstm;
    exports dev.rondo.cell.mingru;
    exports dev.rondo.cell.minlstm;
    exports dev.rondo.cell.reservoir;
    exports dev.rondo.check;
    exports dev.rondo.io;
    // What a cell's bodies are made of: a cell of a user's own extends ReferenceKernel, as the built-in ones do.
    exports dev.rondo.kernel;
    exports dev.rondo.memory;
    exports dev.rondo.network;
    exports dev.rondo.reservoir;
    exports dev.rondo.text;
    exports dev.rondo.train;

    uses dev.rondo.text.TokenizerProvider;
}
