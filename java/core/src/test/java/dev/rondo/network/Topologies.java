package dev.rondo.network;

import dev.rondo.cell.clockwork.Clockwork;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.indrnn.IndRnn;
import dev.rondo.cell.jordan.Jordan;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.cell.mingru.MinGru;
import dev.rondo.cell.minlstm.MinLstm;
import java.util.List;
import java.util.function.UnaryOperator;

/** Networks of every kind of layer, on inputs of {@link #INPUTS} numbers. */
final class Topologies {
    static final int INPUTS = 4;

    /** What is put between input and head. */
    record Topology(String name, UnaryOperator<Network.Builder> layers) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Of a state near 0 the norm bends more, the smaller its epsilon: too much for differences with the default. */
    private static final Lstm RICH = Lstm.of(3).peepholes(Lstm.Gate.INPUT, Lstm.Gate.OUTPUT).layerNorm(0.5);
    private static final Clockwork CLOCKS = Clockwork.of(new int[] {2, 1, 1}, new int[] {1, 2, 3});

    private Topologies() {}

    /** {@return those without masks} */
    static List<Topology> plain() {
        return List.of(
                new Topology("bidirectional", b -> b.layer(Layer.of(Lstm.of(3)).bidirectional())),
                new Topology("summed", b -> b.layer(Layer.of(Gru.of(5)).bidirectional(Layer.Merge.SUM))),
                new Topology("deep bidirectional", b -> b.layer(Layer.of(Gru.of(2)).bidirectional())
                        .layer(Layer.of(Lstm.of(3)).bidirectional(Layer.Merge.SUM)).layer(Lstm.of(2))
                        .layer(Layer.of(Elman.of(3)).bidirectional())),
                new Topology("residual", b -> b.layer(Layer.of(Lstm.of(4)).residual()).layer(Gru.of(3))
                        .layer(Layer.of(Lstm.of(3)).residual())),
                new Topology("residual bidirectional", b -> b.layer(Layer.of(Lstm.of(2)).bidirectional().residual())
                        .layer(Layer.of(Gru.of(4)).bidirectional(Layer.Merge.SUM).residual())),
                new Topology("learned initial state", b -> b.layer(Layer.of(Lstm.of(3)).learnedInitialState())
                        .layer(Layer.of(Gru.of(2)).bidirectional().learnedInitialState())),
                new Topology("LSTM options", b -> b.layer(Layer.of(RICH.projection(2)).bidirectional())
                        .layer(Layer.of(RICH.projection(4).coupled()).residual().learnedInitialState())),
                new Topology("outputs that feed back", b -> b
                        .layer(Layer.of(Jordan.of(3, 2).decay(0.5).withElman()).bidirectional().learnedInitialState())
                        .layer(Layer.of(Jordan.of(3, 4)).bidirectional(Layer.Merge.SUM).residual())),
                new Topology("clocks and scans", b -> b.layer(Layer.of(CLOCKS).bidirectional()).layer(MinGru.of(3))
                        .layer(Layer.of(IndRnn.tanh(3)).residual()).layer(Layer.of(MinLstm.of(2)).bidirectional())));
    }

    /** {@return those that draw masks in training} */
    static List<Topology> masked() {
        return List.of(
                new Topology("dropout", b -> b.layer(Layer.of(Lstm.of(5)).dropout(0.4))
                        .layer(Layer.of(Gru.of(4)).dropout(0.3))),
                new Topology("variational dropout", b -> b.layer(Layer.of(Gru.of(5)).variationalDropout(0.4))
                        .layer(Layer.of(Lstm.of(5)).bidirectional().variationalDropout(0.3))),
                new Topology("recurrent dropout", b -> b.layer(Layer.of(Lstm.of(5)).recurrentDropout(0.4))
                        .layer(Layer.of(Gru.of(5)).bidirectional().recurrentDropout(0.4))),
                new Topology("zoneout", b -> b.layer(Layer.of(Lstm.of(5)).zoneout(0.3))
                        .layer(Layer.of(Gru.of(4)).bidirectional().zoneout(0.4))),
                new Topology("masks of other cells", b -> b.layer(Layer.of(RICH.projection(2)).recurrentDropout(0.4))
                        .layer(Layer.of(CLOCKS).recurrentDropout(0.4).zoneout(0.3))
                        .layer(Layer.of(Jordan.of(3, 4).withElman()).recurrentDropout(0.4).variationalDropout(0.3))
                        .layer(Layer.of(IndRnn.tanh(3)).recurrentDropout(0.4))
                        .layer(Layer.of(MinGru.of(3)).zoneout(0.3))),
                new Topology("all", b -> b.layer(Layer.of(Lstm.of(2)).bidirectional().residual().learnedInitialState()
                                .variationalDropout(0.3).recurrentDropout(0.3).zoneout(0.3))
                        .layer(Layer.of(Gru.of(4)).bidirectional(Layer.Merge.SUM).residual().dropout(0.3)
                                .recurrentDropout(0.2).zoneout(0.2))));
    }
}
