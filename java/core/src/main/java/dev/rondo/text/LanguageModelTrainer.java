package dev.rondo.text;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.Checkpoint;
import dev.rondo.kernel.Backends;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.LearningRate;
import dev.rondo.train.Optimizer;
import dev.rondo.train.Optimizers;
import dev.rondo.train.Schedules;
import dev.rondo.train.StepResult;
import dev.rondo.train.StepTimes;
import dev.rondo.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntFunction;

/**
 * Trains a language model by truncated back-propagation through time, with the state carried over.
 *
 * <pre>{@code
 * TextCorpus corpus = TextCorpus.of(Files.readString(path));
 * try (var training = LanguageModelTrainer.builder(corpus).cell(Lstm.of(256)).directory(Path.of("runs")).build()) {
 *     TrainingSummary summary = training.run(Budget.minutes(3));
 *     System.out.println(summary.last().validationLoss());
 * }
 * }</pre>
 *
 * <p>The training part of the text is read as streams side by side; the validation part is scored as {@link
 * LanguageModel#scoreStream(String)} does, between steps, at intervals that keep evaluations to about a tenth of the
 * time. With a directory, each evaluation
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

    private static final String IN_VAIN = "training.inVain";

    private final TextCorpus corpus;
    private final TrainingSettings settings;
    private final LanguageModel model;
    private final Trainer trainer;
    private final NetworkPass pass;
    private final TextStreams streams;
    private final StreamScorer scorer;
    private final TrainingFiles files;
    private final TrainingListener listener;
    private long inVain; // evaluations since the lowest loss
    private volatile boolean stopRequested;

    private LanguageModelTrainer(Builder builder, LanguageModel model, TextStreams streams) {
        this.corpus = builder.corpus;
        this.settings = builder.settings();
        this.model = model;
        this.streams = streams;
        this.files = new TrainingFiles(builder.directory, corpus.fingerprint(), builder.notes);
        this.listener = builder.listener;
        Network network = model.network();
        this.trainer = settings.trainer(network);
        this.pass = network.pass(settings.timeSteps(), settings.batchSize()).carryState(true);
        this.scorer = StreamScorer.of(corpus.validation().length(), corpus.vocabulary(), network);
    }

    /**
     * {@return a builder of a new training}
     *
     * @param corpus the text, of at least 20 units, or 2 of a validation text of its own
     * @throws IllegalArgumentException if it has fewer
     */
    public static Builder builder(TextCorpus corpus) {
        return new Builder(corpus);
    }

    /**
     * {@return a builder that goes on with a training from its last checkpoint, with its settings, backend and
     * threads}
     *
     * @param directory of the training
     * @param corpus the text that it was begun on
     * @throws IllegalArgumentException if the training was begun on another text or with other units
     * @throws IOException if there is no such checkpoint, or it is damaged
     */
    public static Builder resume(Path directory, TextCorpus corpus) throws IOException {
        return new Builder(corpus).resume(Objects.requireNonNull(directory, "directory: expected one, got null"));
    }

    /**
     * {@return what {@link Builder#note} said when a training was begun; empty if it said nothing}
     *
     * @param directory of the training
     * @param key what it was said under
     * @throws IOException if there is no checkpoint, or it is damaged
     */
    public static Optional<String> note(Path directory, String key) throws IOException {
        Objects.requireNonNull(directory, "directory: expected one, got null");
        Objects.requireNonNull(key, "key: expected a text, got null");
        return Optional.ofNullable(TrainingFiles.notes(Checkpoint.read(directory.resolve(LAST))).get(key));
    }

    /**
     * {@return how a training goes on from its checkpoints, or how a model came about: what its builder was told, by
     * name, in the words of {@link Optimizers}, {@link Schedules} and {@link GradientClipping}, and then its notes}
     *
     * @param path a checkpoint that a training left, or its directory, as for {@link LanguageModel#load}
     * @throws IOException if it cannot be read, or is damaged
     */
    public static Map<String, String> settings(Path path) throws IOException {
        Objects.requireNonNull(path, "path: expected a file or directory, got null");
        Checkpoint checkpoint = Checkpoint.read(LanguageModel.file(path));
        Map<String, String> settings = TrainingSettings.values(checkpoint);
        settings.putAll(TrainingFiles.notes(checkpoint));
        return settings;
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
     * Trains until the budget is used up, and evaluates once more then; or until {@linkplain Builder#patience patience}
     * is at its end.
     *
     * @param budget for how long
     * @return how it ended
     * @throws IOException if the directory cannot be made or written to, which shows before the first step, or a
     *     checkpoint cannot be written later
     * @throws IllegalStateException if this is closed
     * @throws dev.rondo.train.NonFiniteGradientException if a gradient is not finite; the checkpoints stay as they
     *     are
     */
    public TrainingSummary run(Budget budget) throws IOException {
        Objects.requireNonNull(budget, "budget: expected one, got null");
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

    TextUnit unit() {
        return corpus.vocabulary().unit();
    }

    boolean stopRequested() {
        return stopRequested;
    }

    TrainingListener listener() {
        return listener;
    }

    long evaluateEvery() {
        return settings.pace().evaluateEvery();
    }

    double epochs() {
        return streams.epochs();
    }

    /** {@return that of the next step} */
    double learningRate() {
        return trainer.learningRate();
    }

    /** {@return those of the last step} */
    StepTimes stepTimes() {
        return trainer.stepTimes();
    }

    void begin() throws IOException {
        files.begin(this);
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

    /** {@return mean nats per unit of the validation text, of which the schedule hears too} */
    double validate() {
        double loss = scorer.score(corpus.validation()).natsPerUnit();
        trainer.observe(loss);
        return loss;
    }

    boolean keepBest(double validationLoss) throws IOException {
        boolean lowest = files.keepBest(this, validationLoss);
        inVain = lowest ? 0 : inVain + 1;
        return lowest;
    }

    /** {@return whether as many evaluations in a row gave no new lowest loss as patience is had with} */
    boolean isExhausted() {
        return settings.pace().patience() > 0 && inVain >= settings.pace().patience();
    }

    void save() throws IOException {
        files.save(this);
    }

    /** Adds everything that {@link #resume} needs. */
    void write(Checkpoint.Builder checkpoint) {
        checkpoint.add(this::writeModel).add(trainer::write).add(pass::writeStates).add(streams::write)
                .longs(IN_VAIN, inVain);
    }

    /** Adds the model, and how it came about. */
    void writeModel(Checkpoint.Builder checkpoint) {
        checkpoint.add(model::write).add(settings::write);
    }

    private void restore(Checkpoint last) throws IOException {
        trainer.restore(last);
        pass.restoreStates(last);
        inVain = last.has(IN_VAIN) ? last.longs(IN_VAIN, 1)[0] : 0; // earlier ones knew no patience
        files.resume(last);
    }

    /** Says how to train. The defaults learn a megabyte of English well in a few minutes on two cores. */
    public static final class Builder {
        private final TextCorpus corpus;
        private Checkpoint resumed; // null = a new training
        private IntFunction<Network.Builder> network = size -> of(size, Lstm.of(256));
        private int batchSize = 32;
        private int timeSteps = 64;
        private Optimizer optimizer = Adam.of(4e-3);
        private LearningRate schedule = LearningRate.constant();
        private GradientClipping clip = GradientClipping.globalNorm(5);
        private long seed = 1;
        private Backend backend;
        private int threads = Execution.allProcessors();
        private Path directory;
        private long evaluateEvery;
        private int patience;
        private TrainingListener listener = new TrainingListener() {};
        private final Map<String, String> notes = new TreeMap<>();

        private Builder(TextCorpus corpus) {
            Objects.requireNonNull(corpus, "corpus: expected one, got null");
            if (corpus.validation().length() < 2) {
                long got = corpus.training().length() + corpus.validation().length();
                throw new IllegalArgumentException("text: expected at least 20 " + corpus.vocabulary().unit().plural()
                        + ", the last 10 % for validation, or 2 to validate with, got " + got + ", "
                        + corpus.validation().length() + " of them for validation");
            }
            this.corpus = corpus;
        }

        private Builder resume(Path from) throws IOException {
            Checkpoint last = TrainingFiles.last(from, corpus);
            Vocabulary vocabulary = Vocabulary.read(last);
            if (!vocabulary.equals(corpus.vocabulary())) {
                throw new IllegalArgumentException("vocabulary: expected that of the training in " + from + ", "
                        + vocabulary + ", got " + corpus.vocabulary());
            }
            TrainingSettings settings = TrainingSettings.read(last);
            this.batchSize = settings.batchSize();
            this.timeSteps = settings.timeSteps();
            this.optimizer = settings.optimizer();
            this.schedule = settings.schedule();
            this.clip = settings.clip();
            this.seed = settings.seed();
            this.evaluateEvery = settings.pace().evaluateEvery();
            this.patience = settings.pace().patience();
            this.backend = settings.backend();
            this.threads = settings.threads();
            this.directory = from;
            notes.putAll(TrainingFiles.notes(last));
            this.resumed = last;
            return this;
        }

        /**
         * Sets a network of one layer of a cell, which reads one-hot tokens.
         *
         * @param value default: an LSTM of 256 units
         * @return this
         * @throws IllegalArgumentException if the training is resumed
         */
        public Builder cell(Cell value) {
            Objects.requireNonNull(value, "cell: expected one, got null");
            return network(size -> of(size, value));
        }

        private static Network.Builder of(int vocabularySize, Cell cell) {
            return Network.oneHot(vocabularySize).layer(cell).classes(vocabularySize);
        }

        /**
         * Sets the network: of any layers, reading tokens as one-hot or learned vectors.
         *
         * <pre>{@code
         * TextCorpus corpus = TextCorpus.of(Files.readString(path));
         * LanguageModelTrainer.builder(corpus).network(size -> Network.embedding(size, 200)
         *         .layer(Layer.of(Lstm.of(200)).dropout(0.5)).layer(Layer.of(Lstm.of(200)).dropout(0.5))
         *         .classes(size));
         * }</pre>
         *
         * @param value takes V, the size of the vocabulary, and returns a builder of a network that reads and predicts
         *     V tokens; seed, backend and threads are set by this one
         * @return this
         * @throws IllegalArgumentException if the training is resumed
         */
        public Builder network(IntFunction<Network.Builder> value) {
            onlyNew("network");
            this.network = Objects.requireNonNull(value, "network: expected a function, got null");
            return this;
        }

        /**
         * Sets the number of streams side by side, B.
         *
         * @param count at least 1; default 32
         * @return this
         * @throws IllegalArgumentException if it is not, or the training is resumed
         */
        public Builder batchSize(int count) {
            onlyNew("batchSize");
            this.batchSize = CellShape.atLeastOne("batchSize", count);
            return this;
        }

        /**
         * Sets the tokens of each stream per step, which gradients reach back, T.
         *
         * @param count at least 1; default 64
         * @return this
         * @throws IllegalArgumentException if it is not, or the training is resumed
         */
        public Builder timeSteps(int count) {
            onlyNew("timeSteps");
            this.timeSteps = CellShape.atLeastOne("timeSteps", count);
            return this;
        }

        /**
         * Sets the optimiser.
         *
         * @param value one of {@link Optimizers}; default: Adam with a learning rate of 4e-3, which learned fastest of
         *     2, 4, 8 and 16e-3 in three epochs of a megabyte
         * @return this
         * @throws IllegalArgumentException if it is none of them, or the training is resumed
         */
        public Builder optimizer(Optimizer value) {
            onlyNew("optimizer");
            Optimizers.text(value);
            this.optimizer = value;
            return this;
        }

        /**
         * Sets how the learning rate changes in time.
         *
         * @param value one of {@link Schedules}; default: not at all. A plateau is one of validation losses; by default
         *     these are evaluated when time says so
         * @return this
         * @throws IllegalArgumentException if it is none of them, or the training is resumed
         */
        public Builder learningRate(LearningRate value) {
            onlyNew("learningRate");
            Schedules.text(Objects.requireNonNull(value, "learningRate: expected one, got null"));
            this.schedule = value;
            return this;
        }

        /**
         * Sets the greatest norm of all gradients.
         *
         * @param norm above 0, infinite = no clipping; default 5
         * @return this
         * @throws IllegalArgumentException if it is not, or the training is resumed
         */
        public Builder clip(double norm) {
            if (!(norm > 0)) {
                throw new IllegalArgumentException("clip: expected a number above 0, got " + norm);
            }
            return clip(GradientClipping.globalNorm(norm));
        }

        /**
         * Sets what is done to gradients that are too large.
         *
         * @param value default: their norm is at most 5
         * @return this
         * @throws IllegalArgumentException if the training is resumed
         */
        public Builder clip(GradientClipping value) {
            onlyNew("clip");
            this.clip = Objects.requireNonNull(value, "clip: expected one, got null");
            return this;
        }

        /**
         * Sets what parameters and the order of reading are drawn from.
         *
         * @param value any number; default 1
         * @return this
         * @throws IllegalArgumentException if the training is resumed
         */
        public Builder seed(long value) {
            onlyNew("seed");
            this.seed = value;
            return this;
        }

        /**
         * Sets the backend.
         *
         * @param value null = the best; default: null, or that of the training that is resumed
         * @return this
         */
        public Builder backend(Backend value) {
            this.backend = value;
            return this;
        }

        /**
         * Sets the threads.
         *
         * @param count 1 to {@link Execution#MOST_THREADS}; default: all processors, or those of the training that
         *     is resumed
         * @return this
         * @throws IllegalArgumentException if it is not
         */
        public Builder threads(int count) {
            this.threads = new Execution(count, IsaTier.BASELINE).threads();
            return this;
        }

        /**
         * Sets where checkpoints go. A training that is resumed elsewhere looks for its best model anew.
         *
         * @param path a directory, made if absent; null = nowhere. Default: nowhere, or where the training that is
         *     resumed came from
         * @return this
         */
        public Builder directory(Path path) {
            this.directory = path;
            return this;
        }

        /**
         * Sets when to evaluate.
         *
         * @param steps after every so many; 0, the default = by time. {@link #stepsPerEpoch()} is after every epoch
         * @return this
         * @throws IllegalArgumentException if it is negative
         */
        public Builder evaluateEvery(long steps) {
            if (steps < 0) {
                throw new IllegalArgumentException("evaluateEvery: expected at least 0, got " + steps);
            }
            this.evaluateEvery = steps;
            return this;
        }

        /**
         * Sets when to give up: the training ends, for good, when so many evaluations in a row gave no new lowest
         * validation loss. (The model with the lowest is kept in any case.)
         *
         * @param evaluations at least 1, or 0, the default = never
         * @return this
         * @throws IllegalArgumentException if it is negative
         */
        public Builder patience(int evaluations) {
            this.patience = new TrainingSettings.Pace(0, evaluations).patience();
            return this;
        }

        /**
         * {@return how many steps read the text once, with the batches set so far}
         *
         * @throws IllegalArgumentException if the text is too short for one
         */
        public long stepsPerEpoch() {
            return streams().chunks();
        }

        /**
         * Sets who hears of progress.
         *
         * @param value default: nobody
         * @return this
         */
        public Builder listener(TrainingListener value) {
            this.listener = Objects.requireNonNull(value, "listener: expected one, got null");
            return this;
        }

        /**
         * Keeps a text in the checkpoints, for {@link LanguageModelTrainer#note}: where the corpus came from, say.
         *
         * @param key to find it by
         * @param value the text
         * @return this
         */
        public Builder note(String key, String value) {
            notes.put(Objects.requireNonNull(key, "key: expected a text, got null"),
                    Objects.requireNonNull(value, "value: expected a text, got null"));
            return this;
        }

        /**
         * {@return the training, ready to run}
         *
         * @throws IllegalArgumentException if the text is too short for the streams
         * @throws UnsupportedOperationException if the backend is not available here, with the reason
         * @throws IOException if the checkpoint to resume from does not fit
         */
        public LanguageModelTrainer build() throws IOException {
            return resumed == null ? begin() : goOn();
        }

        private LanguageModelTrainer begin() {
            TextStreams streams = streams();
            Network.Builder chosen = Objects.requireNonNull(network.apply(corpus.vocabulary().size()),
                    "network: expected a builder by the function, got null");
            chosen.seed(seed).backend(backend).threads(threads);
            return open(LanguageModel.owning(corpus.vocabulary(), chosen.build()), streams);
        }

        private LanguageModelTrainer goOn() throws IOException {
            TextStreams streams = TextStreams.read(
                    resumed, corpus.training(), corpus.vocabulary().unit(), settings());
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

        private TextStreams streams() {
            return new TextStreams(corpus.training(), corpus.vocabulary().unit(), settings(), seed);
        }

        private TrainingSettings settings() {
            return new TrainingSettings(batchSize, timeSteps, optimizer, schedule, clip, seed,
                    new TrainingSettings.Pace(evaluateEvery, patience),
                    backend == null ? Backends.best() : backend, threads);
        }

        private void onlyNew(String name) {
            if (resumed != null) {
                throw new IllegalArgumentException(name + ": expected none, for a resumed training keeps its own");
            }
        }
    }
}
