package dev.rondo.bench;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Trainer;

/** A word model trained by Rondo. */
final class RondoWordModel implements Peer {
    private final Network network;
    private final NetworkPass pass;
    private final Trainer trainer;
    private final SequenceBatch batch;

    RondoWordModel(WordModel model, Backend backend, int threads) {
        this.network = network(model, backend, threads);
        this.batch = model.batch();
        this.pass = network.pass(batch.timeSteps(), batch.batchSize());
        this.trainer =
                Trainer.builder(network).optimizer(WordModel.OPTIMIZER).clip(WordModel.CLIPPING).build();
    }

    /** {@return the network before its first step, whose weights all systems begin with} */
    static Network network(WordModel model, Backend backend, int threads) {
        return model.builder(Lstm.of(model.shape().hiddenSize())).backend(backend).threads(threads).seed(1).build();
    }

    @Override
    public void run() {
        trainer.step(pass, batch);
    }

    @Override
    public double check() {
        pass.forward(batch);
        return pass.loss();
    }

    @Override
    public String system() {
        return "Rondo, " + network.backend();
    }

    @Override
    public void close() {
        pass.close();
        network.close();
    }
}
