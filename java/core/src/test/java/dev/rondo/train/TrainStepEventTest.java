package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.kernel.Allocation;
import dev.rondo.network.MaskDraw;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.OutputLoss;
import dev.rondo.network.SequenceBatch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
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
    private static final long SLOW = 5_000_000; // nanoseconds

    @TempDir
    private Path directory;

    private static Network network() {
        return Network.oneHot(5).layer(Lstm.of(9)).classes(5).backend(Backend.REFERENCE).build();
    }

    private static SequenceBatch batch() {
        return SequenceBatch.tokens(new int[T * B], T, B).targets(new int[T * B]).lengths(new int[] {T, 0, 4});
    }

    /** Steps, with how long each took by the clock that its parts are measured with. */
    private static List<StepResult> train(int steps, List<Duration> took, List<StepTimes> times) {
        var results = new ArrayList<StepResult>();
        try (Network network = network(); var pass = network.pass(T, B)) {
            Trainer trainer = Trainer.builder(network).build();
            for (int step = 0; step < steps; step++) {
                long began = System.nanoTime();
                results.add(trainer.step(pass, batch()));
                took.add(Duration.ofNanos(System.nanoTime() - began));
                times.add(trainer.stepTimes());
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
        var times = new ArrayList<StepTimes>();
        List<RecordedEvent> events = record(true, () -> results.addAll(train(4, took, times)));
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
            assertEquals(times.get(i), timesOf(event));
            assertEquals(parts, Duration.ofNanos(times.get(i).total()));
            assertTrue(event.getDuration().isPositive(), "by the recording's own clock: " + event.getDuration());
        }
    }

    private static StepTimes timesOf(RecordedEvent event) {
        return new StepTimes(event.getDuration("input").toNanos(), event.getDuration("recurrent").toNanos(),
                event.getDuration("head").toNanos(), event.getDuration("optimizer").toNanos());
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
        assertEquals(new StepTimes(0, 0, 0, update.getDuration("update").toNanos()), timesOf(update));
    }

    @Test
    void aRecordingThatDoesNotAskForThemHasNone() throws IOException {
        assertTrue(record(false, () -> train(2, new ArrayList<>(), new ArrayList<>())).isEmpty());
    }

    /** Steps after a recording are as those before it: the watch that a trainer holds makes nothing. */
    @Test
    void withoutARecordingNothingIsAllocated() throws IOException {
        StepWatch watch = StepWatch.make();
        assertTrue(watch instanceof StepRecorder);
        try (Network network = network(); var pass = network.pass(T, B)) {
            assertFalse(record(true, () -> watchStep(watch, pass)).isEmpty());
            Allocation.assertNone(() -> watchStep(watch, pass));
        }
    }

    private static void watchStep(StepWatch watch, NetworkPass pass) {
        watch.begins();
        watch.forwardEnds(pass);
        watch.backwardBegins();
        watch.backwardEnds(pass);
        watch.ends(1, 2, 3, 4);
    }

    /** {@return the times of a step of one unit, whose parts are no more than the whole} */
    private static StepTimes times(Network.Builder builder, Learner learner, OutputLoss loss) {
        try (Network network = builder.layer(Elman.of(1)).backend(Backend.REFERENCE).quiet().build();
                var pass = network.pass(T, B)) {
            var trainer = Trainer.builder(network);
            Trainer ready = (learner == null ? trainer : trainer.learner(learner)).build();
            assertEquals(new StepTimes(0, 0, 0, 0), ready.stepTimes());
            long began = System.nanoTime();
            ready.step(pass, batch(), loss);
            long took = System.nanoTime() - began;
            StepTimes times = ready.stepTimes();
            assertTrue(times.total() <= took, times + " of " + took);
            return times;
        }
    }

    /** Takes its time, by the clock that parts are measured with: a busy machine makes it longer, never shorter. */
    private static void dawdle() {
        long end = System.nanoTime() + SLOW;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    @Test
    void everyPartHasATime() {
        StepTimes times = times(Network.embedding(5, 3).classes(5), null, null);
        assertTrue(times.input() > 0 && times.recurrent() > 0 && times.head() > 0 && times.optimizer() > 0,
                times::toString);
    }

    @Test
    void theTimeOfALossIsTheHeads() {
        StepTimes times = times(Network.oneHot(5).classes(5), null, (outputs, gradient) -> {
            dawdle();
            return 1;
        });
        assertTrue(times.head() >= SLOW, times::toString);
    }

    @Test
    void timesAreAveragedPartByPart() {
        assertEquals(new StepTimes(2, 3, 4, 6),
                new StepTimes(1, 2, 3, 4).plus(new StepTimes(3, 4, 5, 8)).dividedBy(2));
        assertEquals("steps: expected at least 1, got 0", assertThrows(IllegalArgumentException.class,
                () -> new StepTimes(1, 2, 3, 4).dividedBy(0)).getMessage());
    }

    /** A learner goes through the steps of a batch one by one. */
    @Test
    void theTimeOfALearnerIsTheLayers() {
        StepTimes times = times(Network.oneHot(5).classes(5), new SlowLearner(Rtrl.exact()), null);
        assertTrue(times.recurrent() >= T * SLOW, times::toString);
    }

    private static final class SlowLearner extends Learner {
        private final Learner learner;

        SlowLearner(Learner learner) {
            this.learner = learner;
        }

        @Override
        OnlineGradients start(NetworkPass pass) {
            return new SlowGradients(learner.start(pass));
        }
    }

    /** Takes its time at each step of a batch. */
    private record SlowGradients(OnlineGradients online) implements OnlineGradients {
        @Override
        public int mostSteps() {
            return 1;
        }

        @Override
        public void enter(NetworkPass pass) {
            online.enter(pass);
        }

        @Override
        public MemorySegment forward(SequenceBatch piece, MaskDraw masks) {
            return online.forward(piece, masks);
        }

        @Override
        public void addGradient(MemorySegment outputGradient) {
            online.addGradient(outputGradient);
        }

        @Override
        public void advance() {
            dawdle();
            online.advance();
        }

        @Override
        public void leave(NetworkPass pass) {
            online.leave(pass);
        }

        @Override
        public void write(Checkpoint.Builder checkpoint) {
            online.write(checkpoint);
        }

        @Override
        public void restore(Checkpoint checkpoint) throws CheckpointException {
            online.restore(checkpoint);
        }

        @Override
        public void close() {
            online.close();
        }
    }
}
