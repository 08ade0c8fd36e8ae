package dev.rondo.bench;

import dev.rondo.bench.golden.GoldenCase;
import java.util.ArrayList;
import java.util.List;

/** oneDNN: a primitive for each layer, which may be of different widths, unlike layers of one primitive. */
final class OneDnnPeer implements Peer {
    private final List<OneDnnLayer> layers = new ArrayList<>();

    /** {@code packs} tells whether a training step packs its weights, as it must. */
    OneDnnPeer(List<GoldenCase> stack, boolean training, boolean packs) {
        for (GoldenCase given : stack) {
            layers.add(new OneDnnLayer(given, layers.isEmpty() ? null : layers.getLast(), training, packs));
        }
    }

    @Override
    public void run() {
        layers.forEach(OneDnnLayer::run);
        layers.getLast().await();
    }

    @Override
    public double check() {
        return layers.getLast().check();
    }

    @Override
    public String system() {
        return layers.getLast().system();
    }

    @Override
    public void close() {
        layers.clear();
    }
}
