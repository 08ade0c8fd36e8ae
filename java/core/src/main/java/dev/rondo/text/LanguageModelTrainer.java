package dev.rondo.text;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.Checkpoint;
import dev.rondo.kernel.Backends;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Adam;
import dev.rondo.train.LearningRate;
import dev.rondo.train.Optimizer;
import dev.rondo.train.StepResult;
import dev.rondo.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Trains a character-level language model by truncated back-propagation through time, with the state carried over.
 *
 * <pre>{@code
 * TextCorpus corpus = TextCorpus.of(Files.readString(path));
 * try (var training = LanguageModelTrainer.builder(corpus).cell(Lstm.of(256)).directory(Path.of("runs")).build()) {
 *     TrainingSummary summary = training.run(Budget.minutes(3));
 *     System.out.println(summary.last().validationLoss());
 * }
 * }</pre>
 *
 * <p>The training part of the text is read as streams side by side; the validation part is evaluated as one stream,
 * between steps, at intervals that keep evaluations to about a tenth of the time. With a directory, each evaluation
 * leaves {@code last.rondo} there, from which {@link #resume} goes on bit for bit, and the best one {@code best.rondo},
 * which {@link LanguageModel#load} reads.
 *
 * <p>Owns model and buffers; to be closed. One thread trains; {@link #stop()} may be called from any.
 */
public final class LanguageModelTrainer implements AutoCloseable {
    /** Name of the checkpoint of the model with the lowest validation loss. */
    public static final String BEST = "best.rondo";

    /** Name of the checkpoint to resume from. */
    public static final String LAST = "last.rondo";

    private static final String FINGERPRINT = "training.text";
    private static final String VALIDATION = "validation.loss";
    private static final String NOTE = "note.";

    private final TextCorpus corpus;
    private final TrainingSettings settings;
    private final LanguageModel model;
    private final Trainer trainer;
    private final NetworkPass pass;
    private final TextStreams streams;
    private final StreamScorer scorer;
    private final Path directory; // null = nothing is saved
    private final long evaluateEvery; // steps; 0 = by time
    private final TrainingListener listener;
    private final Map<String, String> notes;
    private double best = Double.POSITIVE_INFINITY;
    private volatile boolean stopRequested;

    private LanguageModelTrainer(Builder builder, LanguageModel model, TextStreams streams) {
        this.corpus = builder.corpus;
        this.settings = builder.settings();
        this.model = model;
        this.streams = streams;
        this.directory = builder.directory;
        this.evaluateEvery = builder.evaluateEvery;
        this.listener = builder.listener;
        this.notes = new TreeMap<>(builder.notes);
        Network network = model.network();
        this.trainer = settings.trainer(network);
        this.pass = network.pass(settings.timeSteps(), settings.batchSize()).carryState(true);
        this.scorer = new StreamScorer(network, StreamScorer.LONG);
    }

    /** {@return a builder of a new training on {@code corpus}} */
    public static Builder builder(TextCorpus corpus) {
        return new Builder(corpus);
    }

    /**
     * {@return a builder that goes on with the training in {@code directory}, from its last checkpoint, with its
     * settings, backend and threads}
     *
     * @throws IllegalArgumentException if the training was begun on another text
     * @throws IOException if there is no such checkpoint, or it is damaged
     */
    public static Builder resume(Path directory, TextCorpus corpus) throws IOException {
        return new Builder(corpus).resume(directory);
    }

    /**
     * {@return what {@link Builder#note} said under {@code key} when the training in {@code directory} was begun}
     *
     * @throws IOException if there is no checkpoint, or it is damaged
     */
    public static Optional<String> note(Path directory, String key) throws IOException {
        Checkpoint checkpoint = Checkpoint.read(directory.resolve(LAST));
        return checkpoint.has(NOTE + key) ? Optional.of(checkpoint.text(NOTE + key)) : Optional.empty();
    }

    /** {@return the model in its present state; it belongs to this trainer} */
    public LanguageModel model() {
        return model;
    }

    /** {@return how many steps were made since the beginning of the training} */
    public long steps() {
        return trainer.steps();
    }

    /**
     * Trains until the budget is used up, and evaluates once more then.
     *
     * @throws IOException if the directory cannot be made, or a checkpoint cannot be written
     * @throws dev.rondo.train.NonFiniteGradientException if a gradient is not finite; the checkpoints stay as they are
     */
    public TrainingSummary run(Budget budget) throws IOException {
        try {
            return new TrainingRun(this, budget).run();
        } finally {
            stopRequested = false;
        }
    }

    /** Asks {@link #run}, the present one or else the next, to end after the step it is at, and to save then. */
    public void stop() {
        stopRequested = true;
    }

    /** Frees the model and all buffers. Closing twice is harmless. */
    @Override
    public void close() {
        scorer.close();
        pass.close();
        model.close();
    }

    boolean stopRequested() {
        return stopRequested;
    }

    TrainingListener listener() {
        return listener;
    }

    long evaluateEvery() {
        return evaluateEvery;
    }

    double epochs() {
        return streams.epochs();
    }

    /** Makes the directory, if it has one, this training's own: says at once if it cannot be written. */
    void begin() throws IOException {
        if (directory == null) {
            return;
        }
        Files.createDirectories(directory);
        if (trainer.steps() == 0) {
            save();
            Files.deleteIfExists(directory.resolve(BEST)); // another training's, which these checkpoints replace
        }
    }

    /** Makes one step. */
    StepResult step() {
        SequenceBatch batch = streams.next();
        for (int b = 0; b < settings.batchSize(); b++) {
            if (streams.restarts(b)) {
                pass.resetState(b);
            }
        }
        return trainer.step(pass, batch);
    }

    /** {@return mean nats per character of the validation text, of which the schedule hears too} */
    double validate() {
        double loss = scorer.score(corpus.validation()).natsPerCharacter();
        trainer.observe(loss);
        return loss;
    }

    /** Keeps the model if {@code validationLoss} is the lowest so far; returns whether it is. */
    boolean keepBest(double validationLoss) throws IOException {
        if (!(validationLoss < best)) {
            return false;
        }
        best = validationLoss;
        if (directory != null) {
            model.checkpoint()
                    .longs(VALIDATION, Double.doubleToLongBits(validationLoss))
                    .write(directory.resolve(BEST));
        }
        return true;
    }

    /** Writes everything that {@link #resume} needs. */
    void save() throws IOException {
        if (directory == null) {
            return;
        }
        Checkpoint.Builder checkpoint = model.checkpoint().text(FINGERPRINT, corpus.fingerprint())
                .add(trainer::write).add(pass::writeStates).add(settings::write).add(streams::write);
        notes.forEach((key, value) -> checkpoint.text(NOTE + key, value));
        checkpoint.write(directory.resolve(LAST));
    }

    private void restore(Checkpoint last) throws IOException {
        trainer.restore(last);
        pass.restoreStates(last);
        Path file = directory.resolve(BEST);
        if (Files.exists(file)) {
            best = Double.longBitsToDouble(Checkpoint.read(file).longs(VALIDATION, 1)[0]);
        }
    }

    /** Says how to train. The defaults learn a megabyte of English well in a few minutes on two cores. */
    public static final class Builder {
        private final TextCorpus corpus;
        private Checkpoint resumed; // null = a new training
        private Cell cell = Lstm.of(256);
        private int layers = 1;
        private int batchSize = 32;
        private int timeSteps = 64;
        private Optimizer optimizer = Adam.of(4e-3);
        private LearningRate schedule = LearningRate.constant();
        private double clip = 5;
        private long seed = 1;
        private Backend backend;
        private int threads = Execution.allProcessors();
        private Path directory;
        private long evaluateEvery;
        private TrainingListener listener = new TrainingListener() {};
        private final Map<String, String> notes = new TreeMap<>();

        private Builder(TextCorpus corpus) {
            if (corpus.validation().length < 2) {
                int got = corpus.training().length + corpus.validation().length;
                throw new IllegalArgumentException(
                        "text: expected at least 20 characters, the last 10 % for validation, got " + got);
            }
            this.corpus = corpus;
        }

        private Builder resume(Path from) throws IOException {
            Checkpoint last = Checkpoint.read(from.resolve(LAST));
            if (!last.text(FINGERPRINT).equals(corpus.fingerprint())) {
                throw new IllegalArgumentException("text: expected the one that the training in " + from
                        + " was begun on, got another");
            }
            TrainingSettings settings = TrainingSettings.read(last);
            this.batchSize = settings.batchSize();
            this.timeSteps = settings.timeSteps();
            this.optimizer = settings.optimizer();
            this.schedule = settings.schedule();
            this.clip = settings.clip();
            this.backend = settings.backend();
            this.threads = settings.threads();
            this.directory = from;
            last.texts(NOTE).forEach(notes::put);
            this.resumed = last;
            return this;
        }

        /** Sets the cell of every layer; default an LSTM of 256 units. */
        public Builder cell(Cell value) {
            onlyNew("cell");
            this.cell = value;
            return this;
        }

        /** Sets the number of layers; default 1. */
        public Builder layers(int count) {
            onlyNew("layers");
            this.layers = CellShape.atLeastOne("layers", count);
            return this;
        }

        /** Sets the number of streams side by side; default 32. */
        public Builder batchSize(int count) {
            onlyNew("batchSize");
            this.batchSize = CellShape.atLeastOne("batchSize", count);
            return this;
        }

        /** Sets the characters of each stream per step, which gradients reach back; default 64. */
        public Builder timeSteps(int count) {
            onlyNew("timeSteps");
            this.timeSteps = CellShape.atLeastOne("timeSteps", count);
            return this;
        }

        /**
         * Sets the optimiser, one of {@link dev.rondo.train.Optimizers}; default Adam with a learning rate of 4e-3,
         * which learned fastest of 2, 4, 8 and 16e-3 in three epochs of a megabyte.
         */
        public Builder optimizer(Optimizer value) {
            onlyNew("optimizer");
            this.optimizer = Objects.requireNonNull(value, "optimizer: expected one, got null");
            return this;
        }

        /**
         * Sets how the learning rate changes in time, one of {@link dev.rondo.train.Schedules}; default not at all. A
         * plateau is one of validation losses; by default these are evaluated when time says so.
         */
        public Builder learningRate(LearningRate value) {
            onlyNew("learningRate");
            this.schedule = Objects.requireNonNull(value, "learningRate: expected one, got null");
            return this;
        }

        /** Sets the greatest norm of all gradients; default 5. */
        public Builder clip(double norm) {
            onlyNew("clip");
            this.clip = norm;
            return this;
        }

        /** Sets what parameters and the order of reading are drawn from; default 1. */
        public Builder seed(long value) {
            onlyNew("seed");
            this.seed = value;
            return this;
        }

        /** Sets the backend; default the best, or that of the training that is resumed. */
        public Builder backend(Backend value) {
            this.backend = value;
            return this;
        }

        /** Sets the threads; default all processors, or those of the training that is resumed. */
        public Builder threads(int count) {
            this.threads = CellShape.atLeastOne("threads", count);
            return this;
        }

        /**
         * Sets where checkpoints go, made if absent; default nowhere, or where the training that is resumed came from.
         */
        public Builder directory(Path path) {
            this.directory = path;
            return this;
        }

        /** Evaluates after every {@code steps} steps, or by time if 0; default 0. */
        public Builder evaluateEvery(long steps) {
            this.evaluateEvery = steps;
            return this;
        }

        /** Sets who hears of progress; default nobody. */
        public Builder listener(TrainingListener value) {
            this.listener = value;
            return this;
        }

        /**
         * Keeps {@code value} under {@code key} in the checkpoints, for {@link LanguageModelTrainer#note}: where the
         * text came from, say.
         */
        public Builder note(String key, String value) {
            notes.put(key, value);
            return this;
        }

        /**
         * {@return the training, ready to run}
         *
         * @throws IllegalArgumentException if a setting is wrong, or the text is too short for it
         * @throws UnsupportedOperationException if the backend is not available here, with the reason
         * @throws IOException if the checkpoint to resume from does not fit
         */
        public LanguageModelTrainer build() throws IOException {
            return resumed == null ? begin() : goOn();
        }

        private LanguageModelTrainer begin() {
            var streams = new TextStreams(corpus.training(), settings(), seed);
            int vocabularySize = corpus.vocabulary().size();
            Network.Builder network = Network.oneHot(vocabularySize);
            for (int layer = 0; layer < layers; layer++) {
                network.layer(cell);
            }
            network.classes(vocabularySize).seed(seed).backend(backend).threads(threads);
            return open(new LanguageModel(corpus.vocabulary(), network.build()), streams);
        }

        private LanguageModelTrainer goOn() throws IOException {
            TextStreams streams = TextStreams.read(resumed, corpus.training(), settings());
            LanguageModel model = LanguageModel.of(resumed, network -> network.backend(backend).threads(threads));
            LanguageModelTrainer training = open(model, streams);
            try {
                training.restore(resumed);
                return training;
            } catch (IOException | RuntimeException e) {
                training.close();
                throw e;
            }
        }

        private LanguageModelTrainer open(LanguageModel model, TextStreams streams) {
            try {
                return new LanguageModelTrainer(this, model, streams);
            } catch (RuntimeException | Error e) {
                model.close();
                throw e;
            }
        }

        private TrainingSettings settings() {
            Backend chosen = backend == null ? Backends.best() : backend;
            return new TrainingSettings(batchSize, timeSteps, optimizer, schedule, clip, chosen, threads);
        }

        private void onlyNew(String name) {
            if (resumed != null) {
                throw new IllegalArgumentException(name + ": expected none, for a resumed training keeps its own");
            }
        }
    }
}
