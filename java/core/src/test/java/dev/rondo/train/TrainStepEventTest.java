package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Allocation;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainStepEventTest {
    private static final String NAME = "dev.rondo.TrainStep";
    private static final int T = 7;
    private static final int B = 3;

    @TempDir
    private Path directory;

    private static Network network() {
        return Network.oneHot(5).layer(Lstm.of(9)).classes(5).backend(Backend.REFERENCE).build();
    }

    private static SequenceBatch batch() {
        return SequenceBatch.tokens(new int[T * B], T, B).targets(new int[T * B]).lengths(new int[] {T, 0, 4});
    }

    /** Steps, with how long each took by the clock that its parts are measured with. */
    private static List<StepResult> train(int steps, List<Duration> took) {
        var results = new ArrayList<StepResult>();
        try (Network network = network(); var pass = network.pass(T, B)) {
            Trainer trainer = Trainer.builder(network).build();
            for (int step = 0; step < steps; step++) {
                long began = System.nanoTime();
                results.add(trainer.step(pass, batch()));
                took.add(Duration.ofNanos(System.nanoTime() - began));
            }
        }
        return results;
    }

    private List<RecordedEvent> record(boolean enabled, Runnable work) throws IOException {
        Path file = directory.resolve("training.jfr");
        try (var recording = new Recording()) {
            if (enabled) {
                recording.enable(NAME).withoutThreshold();
            } else {
                recording.disable(NAME);
            }
            recording.start();
            work.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream().filter(e -> e.getEventType().getName().equals(NAME)).toList();
    }

    @Test
    void everyStepIsAnEventWithItsParts() throws IOException {
        var results = new ArrayList<StepResult>();
        var took = new ArrayList<Duration>();
        List<RecordedEvent> events = record(true, () -> results.addAll(train(4, took)));
        assertEquals(4, events.size());
        for (int i = 0; i < 4; i++) {
            RecordedEvent event = events.get(i);
            StepResult result = results.get(i);
            assertEquals(result.step(), event.getLong("step"));
            assertEquals(result.loss(), event.getDouble("loss"));
            assertEquals(result.counted(), event.getLong("counted"));
            assertEquals(T + 4, result.counted());
            assertEquals(result.gradientNorm(), event.getDouble("gradientNorm"));
            var parts = Duration.ZERO;
            for (String part : List.of("forward", "backward", "update")) {
                Duration duration = event.getDuration(part);
                assertTrue(duration.isPositive(), part + " of step " + i + ": " + duration);
                parts = parts.plus(duration);
            }
            assertTrue(parts.compareTo(took.get(i)) <= 0, parts + " of " + took.get(i));
            assertTrue(event.getDuration().isPositive(), "by the recording's own clock: " + event.getDuration());
        }
    }

    /** After a step, whose times are not its own. */
    @Test
    void anUpdateAloneHasNoForwardAndNoBackward() throws IOException {
        var took = new ArrayList<Duration>();
        List<RecordedEvent> events = record(true, () -> {
            try (Network network = network(); var pass = network.pass(T, B)) {
                Trainer trainer = Trainer.builder(network).build();
                trainer.step(pass, batch());
                network.zeroGradients();
                pass.forward(batch());
                pass.backward();
                double loss = pass.loss();
                long began = System.nanoTime();
                trainer.update(loss);
                took.add(Duration.ofNanos(System.nanoTime() - began));
            }
        });
        assertEquals(2, events.size());
        assertTrue(events.getFirst().getDuration("forward").isPositive());
        RecordedEvent update = events.getLast();
        assertEquals(2, update.getLong("step"));
        assertEquals(Duration.ZERO, update.getDuration("forward"));
        assertEquals(Duration.ZERO, update.getDuration("backward"));
        assertTrue(update.getDuration("update").isPositive());
        assertTrue(update.getDuration("update").compareTo(took.getFirst()) <= 0);
    }

    @Test
    void aRecordingThatDoesNotAskForThemHasNone() throws IOException {
        assertTrue(record(false, () -> train(2, new ArrayList<>())).isEmpty());
    }

    /** Steps after a recording are as those before it: the watch that a trainer holds makes nothing. */
    @Test
    void withoutARecordingNothingIsAllocated() throws IOException {
        StepWatch watch = StepWatch.make();
        assertTrue(watch instanceof StepRecorder);
        assertFalse(record(true, () -> watchStep(watch)).isEmpty());
        Allocation.assertNone(() -> watchStep(watch));
    }

    private static void watchStep(StepWatch watch) {
        watch.begins();
        watch.forwardEnds();
        watch.backwardEnds();
        watch.ends(1, 2, 3, 4);
    }
}
