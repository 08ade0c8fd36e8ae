package dev.rondo.network;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.kernel.Backends;
import dev.rondo.kernel.Products;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * A recurrent network: an input, stacked cells, a head that reads each step or the last, and a loss.
 *
 * <pre>{@code
 * try (var network = Network.oneHot(65).layer(Lstm.of(256)).classes(65).seed(1).build();
 *         var pass = network.pass(64, 32)) {
 *     var trainer = Trainer.builder(network).optimizer(Adam.of(2e-3)).clip(GradientClipping.globalNorm(5)).build();
 *     StepResult result = trainer.step(pass, SequenceBatch.tokens(ids, 64, 32).targets(next));
 * }
 * }</pre>
 *
 * <p>The network owns the parameters; passes and steppers own their states and buffers. Any number of threads may run
 * passes without gradients and steppers on one network, each its own. Closing a network while one of them works throws;
 * using one afterwards throws {@link IllegalStateException}.
 */
public final class Network implements AutoCloseable {
    private static final int BATCH_SIZE = 32; // without gradients, unless said

    private final NetworkDescription description;
    private final Backend backend;
    private final Execution execution;
    private final Workspace workspace;
    private final Parameters parameters;
    private final TokenRows tokenRows;
    private final SeededRandom maskSeeds; // of dropout and zoneout, one for each forward pass in training
    private MemorySegment gradients;

    private Network(Builder builder) {
        this.description = new NetworkDescription(builder.input, builder.layers, builder.head());
        this.backend = builder.backend == null ? Backends.best() : builder.backend;
        int threads = builder.threads == 0 ? Execution.allProcessors() : builder.threads;
        this.execution = new Execution(threads, builder.maxIsa == null ? IsaTier.defaultCap() : builder.maxIsa);
        description.layers().forEach(layer -> layer.cell().kernel(backend)); // a missing body is said here, not later
        Products.of(backend, builder.precision, execution); // as is a missing precision
        if (!builder.quiet) {
            Backends.announce(backend, execution, builder.backend != null);
        }
        this.workspace = new Workspace("network");
        try {
            this.parameters = new Parameters(workspace, description.layout(), builder.precision);
            this.tokenRows = new TokenRows(description);
            this.maskSeeds = new SeededRandom(~builder.seed); // not that of the parameters
            if (builder.draws) {
                new FirstParameters(description, parameters, builder).write();
            }
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    /**
     * {@return a builder of a network that reads numbers}
     *
     * @param inputSize I, numbers per step, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public static Builder builder(int inputSize) {
        return new Builder(new NetworkInput.Dense(inputSize));
    }

    /**
     * {@return a builder of a network that reads tokens as one-hot vectors}
     *
     * @param vocabularySize V, at least 1: tokens are from 0 to V - 1
     * @throws IllegalArgumentException if it is below 1
     */
    public static Builder oneHot(int vocabularySize) {
        return new Builder(new NetworkInput.OneHot(vocabularySize));
    }

    /**
     * {@return a builder of a network that reads tokens as learned vectors}
     *
     * @param vocabularySize V, at least 1: tokens are from 0 to V - 1
     * @param width numbers per vector, at least 1
     * @throws IllegalArgumentException if one of them is below 1
     */
    public static Builder embedding(int vocabularySize, int width) {
        return new Builder(new NetworkInput.Embedding(vocabularySize, width));
    }

    /**
     * {@return a builder with the input, layers and head of a network, and default options}
     *
     * @param description what {@link #description()} of that network says
     */
    public static Builder of(NetworkDescription description) {
        Objects.requireNonNull(description, "description: expected a network's, got null");
        var builder = new Builder(description.input());
        description.layers().forEach(builder::layer);
        return builder.head(description.head());
    }

    /**
     * {@return the network in a file, on the best backend and all processors; to be closed}
     *
     * @param file as {@link #save} wrote it
     * @throws IOException if the file cannot be read, is damaged, or holds no network that this version can make
     */
    public static Network load(Path file) throws IOException {
        return load(file, UnaryOperator.identity());
    }

    /**
     * {@return the network in a file, to be closed}
     *
     * <pre>{@code
     * var network = Network.load(Path.of("model.rondo"), builder -> builder.backend(Backend.VECTOR).threads(1));
     * }</pre>
     *
     * @param file as {@link #save} wrote it
     * @param options sets backend, threads and instruction set of the builder that it gets, and returns it; a precision
     *     other than the file's, which is the default, has the parameters rounded to it or widened
     * @throws IOException if the file cannot be read, is damaged, or holds no network that this version can make
     * @throws IllegalArgumentException if the options make another network of it, or say how first parameters are
     *     drawn, for they are the file's
     * @throws UnsupportedOperationException if the backend is not available here, with the reason
     */
    public static Network load(Path file, UnaryOperator<Builder> options) throws IOException {
        requireOptions(options);
        return read(Checkpoint.read(file), options);
    }

    /**
     * {@return the network in a checkpoint, to be closed}
     *
     * @param checkpoint what {@link #write} added to, among others
     * @param options as {@link #load(Path, UnaryOperator)} says
     * @throws CheckpointException if there is none, or it has a cell that is not in {@link Cells}
     * @throws IllegalArgumentException as there
     * @throws UnsupportedOperationException if the backend is not available here, with the reason
     */
    public static Network read(Checkpoint checkpoint, UnaryOperator<Builder> options) throws CheckpointException {
        requireCheckpoint(checkpoint);
        return NetworkSections.read(checkpoint, requireOptions(options));
    }

    private static UnaryOperator<Builder> requireOptions(UnaryOperator<Builder> options) {
        return Objects.requireNonNull(options, "options: expected a function of the builder, got null");
    }

    private static Checkpoint requireCheckpoint(Checkpoint checkpoint) {
        return Objects.requireNonNull(checkpoint, "checkpoint: expected one, got null");
    }

    /**
     * Writes description, precision and parameters to a file.
     *
     * @param file is replaced at once or not at all
     * @throws IOException if it cannot be written
     * @throws IllegalStateException after {@link #close()}
     */
    public void save(Path file) throws IOException {
        Checkpoint.builder().add(this::write).write(file);
    }

    /**
     * Sets the parameters to those of an equal network. A network of a cell of one's own, which {@link #load} cannot
     * make, is built and then restored.
     *
     * @param checkpoint what {@link #write} added to, among others
     * @throws CheckpointException if no network is in it, or another one; nothing is changed then
     * @throws IllegalStateException after {@link #close()}
     */
    public void restore(Checkpoint checkpoint) throws CheckpointException {
        NetworkSections.restore(this, requireCheckpoint(checkpoint));
    }

    /**
     * Adds description, precision and parameters to a checkpoint; of a network with dropout or zoneout also where its
     * masks have come to, so that a resumed training goes on with the same ones.
     *
     * @param checkpoint gets them; the parameters' numbers are read only when it is written
     * @throws IllegalArgumentException if a network is in it already
     * @throws IllegalStateException after {@link #close()}
     */
    public void write(Checkpoint.Builder checkpoint) {
        NetworkSections.write(this, Objects.requireNonNull(checkpoint, "checkpoint: expected a builder, got null"));
    }

    /** {@return what this network is, without its numbers} */
    public NetworkDescription description() {
        return description;
    }

    /** {@return the backend that runs it} */
    public Backend backend() {
        return backend;
    }

    /** {@return threads and cap on the instruction set} */
    public Execution execution() {
        return execution;
    }

    /** {@return the element type of parameters, states and outputs} */
    public Precision precision() {
        return parameters.precision();
    }

    /** {@return numbers per step that it reads; 1 if it reads tokens} */
    public int inputSize() {
        return description.input().tokens() ? 1 : description.input().size();
    }

    /** {@return O, the numbers that it puts out at each position} */
    public int outputSize() {
        return description.outputSize();
    }

    /**
     * {@return all parameters, named as {@link NetworkDescription#layout} says; call {@code changed()} after writing}
     *
     * @throws IllegalStateException after {@link #close()}
     */
    public Parameters parameters() {
        requireOpen();
        return parameters;
    }

    /**
     * {@return the gradients, laid out as the parameters: backward passes add to them}
     *
     * <p>Whoever writes to them, other than by a pass, takes them anew after each {@link #zeroGradients()}: taking them
     * marks all rows of {@link TokenRows}, zeroing unmarks them, and what is written to a row without a mark would be
     * left out of norm and update, and not be set to zero.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    public MemorySegment gradients() {
        MemorySegment slab = gradientSlab();
        tokenRows.touchAll();
        return slab;
    }

    /** {@return the gradients, for those who write no more rows than they mark} */
    synchronized MemorySegment gradientSlab() {
        requireOpen();
        if (gradients == null) {
            gradients = parameters.twin();
        }
        return gradients;
    }

    /** {@return what the masks of each forward pass in training are drawn from} */
    SeededRandom maskSeeds() {
        return maskSeeds;
    }

    /** {@return which rows of the gradients may differ from zero} */
    public TokenRows tokenRows() {
        return tokenRows;
    }

    /**
     * Sets all gradients to zero.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    public void zeroGradients() {
        tokenRows.zero(gradientSlab(), precision());
    }

    /**
     * {@return a pass with gradients, for training; to be closed}
     *
     * @param timeSteps the most steps that a batch may have, at least 1
     * @param batchSize sequences that each batch has, at least 1
     * @throws IllegalArgumentException if one of them is below 1
     * @throws IllegalStateException after {@link #close()}
     */
    public NetworkPass pass(int timeSteps, int batchSize) {
        return NetworkPass.training(this, timeSteps, batchSize);
    }

    /**
     * {@return a pass without gradients, to be closed}
     *
     * @param timeSteps the most steps that a batch may have, at least 1
     * @param batchSize sequences that each batch has, at least 1
     * @throws IllegalArgumentException if one of them is below 1
     * @throws IllegalStateException after {@link #close()}
     */
    public NetworkPass inference(int timeSteps, int batchSize) {
        return NetworkPass.inference(this, timeSteps, batchSize, "pass");
    }

    /**
     * {@return a stepper with a state of its own, to be closed}
     *
     * @throws IllegalArgumentException if a layer is bidirectional, for it would need the steps to come
     * @throws IllegalStateException after {@link #close()}
     */
    public Stepper stepper() {
        return stepper(1);
    }

    /**
     * {@return a stepper of several streams, each with a state of its own, to be closed}
     *
     * @param streams B, at least 1
     * @throws IllegalArgumentException if it is below 1, their outputs are more than an array has room for, or a layer is bidirectional
     * @throws IllegalStateException after {@link #close()}
     */
    public Stepper stepper(int streams) {
        requireOpen();
        return new Stepper(this, CellShape.atLeastOne("streams", streams));
    }

    /**
     * {@return what this network is worth on a data set, in batches of 32 sequences}
     *
     * @param data sequences with targets
     * @throws IllegalArgumentException if it has no sequences, one does not fit the network or has no targets, or none
     *     of these counts; or if the network has no loss
     * @throws ArithmeticException if the loss is NaN or infinite; it says at which sequence, and step, that began
     * @throws java.io.UncheckedIOException if a stream cannot be opened
     * @throws IllegalStateException after {@link #close()}, or if memory that the data set lies in is closed
     */
    public Metrics evaluate(Dataset data) {
        return evaluate(data, BATCH_SIZE);
    }

    /**
     * {@return what this network is worth on a data set}
     *
     * @param data sequences with targets
     * @param batchSize how many sequences run side by side, at least 1: a matter of speed and memory, not of the
     *     figures
     * @throws IllegalArgumentException as {@link #evaluate(Dataset)} says, or if {@code batchSize} is below 1
     * @throws ArithmeticException if the loss is NaN or infinite; it says at which sequence, and step, that began
     * @throws java.io.UncheckedIOException if a stream cannot be opened
     * @throws IllegalStateException after {@link #close()}, or if memory that the data set lies in is closed
     */
    public Metrics evaluate(Dataset data, int batchSize) {
        try (var batches = Batches.inference(this, data, batchSize)) {
            return batches.evaluate();
        }
    }

    /**
     * {@return the outputs for each sequence of a data set, such as logits, in the order given: [T][O], or [1][O] of a
     * head that reads the last step}. Targets are not needed, shuffling is not done, and what runs side by side is of
     * about one length
     *
     * <pre>{@code
     * List<float[][]> outputs = network.predict(Dataset.of(sequences));
     * }</pre>
     *
     * @param data sequences; those of a stream in the order in which they come
     * @throws IllegalArgumentException if it has no sequences, or one does not fit the network
     * @throws java.io.UncheckedIOException if a stream cannot be opened
     * @throws IllegalStateException after {@link #close()}, or if memory that the data set lies in is closed
     */
    public List<float[][]> predict(Dataset data) {
        Objects.requireNonNull(data, "data: expected a data set, got null");
        try (var batches = Batches.inference(this, data.forPredicting(), BATCH_SIZE)) {
            return batches.predict();
        }
    }

    /** {@return whether {@link #close()} was called} */
    public boolean isClosed() {
        return workspace.isClosed();
    }

    private void requireOpen() {
        if (isClosed()) {
            throw new IllegalStateException("network is closed");
        }
    }

    /**
     * Frees the parameters and everything laid out as they are. Closing twice is harmless.
     *
     * @throws IllegalStateException while a pass or stepper works; nothing is freed then
     */
    @Override
    public void close() {
        workspace.close();
    }

    /** Says what a network shall be. What {@link #build()} returns never changes its shape. */
    public static final class Builder {
        private NetworkInput input;
        private final List<Layer> layers = new ArrayList<>();
        private Integer outputs; // null until said
        private boolean lastStep;
        private boolean skip;
        private boolean tied;
        private boolean ofClasses;
        private Loss loss;
        long seed;
        Initialization inputWeights = Initialization.xavier();
        Initialization recurrentWeights; // null = by the cell's size
        Initialization embeddingWeights; // null = by the use of the embedding
        private Backend backend;
        private Precision precision = Precision.FLOAT32;
        private int threads;
        private IsaTier maxIsa;
        String drawing; // the option, if one was set, that says how first parameters are drawn
        private boolean quiet;
        private boolean draws = true;

        private Builder(NetworkInput input) {
            this.input = input;
        }

        /**
         * Puts a layer on top of those given before; at least one is needed.
         *
         * @param cell its cell, which decides its size; it runs forwards, and what it puts out is handed on
         * @return this builder
         */
        public Builder layer(Cell cell) {
            return layer(Layer.of(Objects.requireNonNull(cell, "layer: expected a cell, got null")));
        }

        /**
         * Puts a layer on top of those given before; at least one is needed.
         *
         * @param layer a cell, and what is made of it: {@code Layer.of(Lstm.of(128)).bidirectional()}
         * @return this builder
         */
        public Builder layer(Layer layer) {
            layers.add(Objects.requireNonNull(layer, "layer: expected a layer, got null"));
            return this;
        }

        /**
         * Sets which share of the numbers that tokens are embedded as is left out at random in training, drawn anew at
         * each step, as {@link Layer#dropout} does with what a layer hands on (Zaremba, Sutskever and Vinyals 2014).
         *
         * @param rate from 0, the default, to below 1
         * @return this builder
         * @throws IllegalArgumentException if it is not, or the network does not embed
         */
        public Builder embeddingDropout(double rate) {
            if (!(input instanceof NetworkInput.Embedding(int vocabularySize, int width, double _))) {
                throw new IllegalArgumentException("embeddingDropout: expected an embedding, got " + input);
            }
            this.input = new NetworkInput.Embedding(vocabularySize, width, rate);
            return this;
        }

        /**
         * Sets a dense head of one output per class, trained as logits: by softmax and cross-entropy unless
         * {@link #loss} says otherwise.
         *
         * @param count O, at least 1
         * @return this builder
         * @throws IllegalArgumentException if it is below 1
         */
        public Builder classes(int count) {
            this.outputs = CellShape.atLeastOne("classes", count);
            this.ofClasses = true;
            return this;
        }

        /**
         * Sets a dense head, without a loss unless {@link #loss} gives one.
         *
         * @param count O, its outputs, at least 1
         * @return this builder
         * @throws IllegalArgumentException if it is below 1
         */
        public Builder outputs(int count) {
            this.outputs = CellShape.atLeastOne("outputs", count);
            this.ofClasses = false;
            return this;
        }

        /**
         * Sets no dense head: what the top layer puts out is the network's output.
         *
         * @return this builder
         */
        public Builder noHead() {
            this.outputs = NetworkHead.NONE;
            this.ofClasses = false;
            return this;
        }

        /**
         * Sets what outputs are compared with targets by.
         *
         * @param value null = the default: softmax and cross-entropy of {@link #classes}; else none, and the gradient
         *     of the outputs is given by {@link NetworkPass#outputGradient}
         * @return this builder
         */
        public Builder loss(Loss value) {
            this.loss = value;
            return this;
        }

        /**
         * Lets the head read each sequence once, after its last valid step; default each step. Targets are one per
         * sequence then. A sequence of length 0 is read in the state that it enters in, zero unless carried over. Of a
         * bidirectional top layer it is the last state of both directions: the reverse one's is at the first step.
         *
         * @return this builder
         */
        public Builder lastStep() {
            this.lastStep = true;
            return this;
        }

        /**
         * Lets the head read the network's input, numbers or learned vectors, beside the top layer, by weights of its
         * own; default the top layer alone. After the last step it is the input of that step. Where a sequence takes
         * no step the input counts as zero.
         *
         * @return this builder
         */
        public Builder skip() {
            this.skip = true;
            return this;
        }

        /**
         * Lets the head's weights [O, H] be those of the embedding [V, W] (Press and Wolf 2017; Inan et al. 2017);
         * default weights of its own. One tensor, {@code embedding.weight}, gets the gradients of both uses, in all of
         * its rows. The embedding is as wide as the top layer, and there are as many outputs as tokens.
         *
         * <pre>{@code
         * Network.embedding(10_000, 200).layer(Lstm.of(200)).layer(Lstm.of(200)).classes(10_000).tieWeights().build();
         * }</pre>
         *
         * @return this builder
         */
        public Builder tieWeights() {
            this.tied = true;
            return this;
        }

        private Builder head(NetworkHead head) {
            this.outputs = head.outputs();
            this.lastStep = head.lastStep();
            this.skip = head.skip();
            this.tied = head.tied();
            this.loss = head.loss();
            return this;
        }

        private NetworkHead head() {
            if (outputs == null) {
                throw new IllegalArgumentException("head: expected classes, outputs or none, got nothing said");
            }
            return new NetworkHead(
                    outputs, lastStep, skip, tied, loss == null && ofClasses ? Loss.softmaxCrossEntropy() : loss);
        }

        /**
         * Sets what the first parameters, and the masks of dropout and zoneout, are drawn from. One seed gives the same
         * network on every backend.
         *
         * @param value any number; default 0
         * @return this builder
         */
        public Builder seed(long value) {
            this.seed = value;
            this.drawing = "seed";
            return this;
        }

        /**
         * Sets what the weights start with that read an input: those of the layers, and the head's, which read what is
         * below them.
         *
         * @param value default {@link Initialization#xavier()}: an LSTM of 128 units on 64 numbers starts within
         *     {@code sqrt(6 / (64 + 4 * 128)) = 0.102}
         * @return this builder
         */
        public Builder inputWeights(Initialization value) {
            this.inputWeights = Objects.requireNonNull(value, "inputWeights: expected a rule, got null");
            this.drawing = "inputWeights";
            return this;
        }

        /**
         * Sets what the weights start with that read a layer's own state.
         *
         * @param value default uniform within {@code 1 / sqrt(H)}, as in PyTorch: 0.088 for 128 units; of an {@link
         *     dev.rondo.cell.indrnn.IndRnn} evenly from 0 to 1
         * @return this builder
         */
        public Builder recurrentWeights(Initialization value) {
            this.recurrentWeights = Objects.requireNonNull(value, "recurrentWeights: expected a rule, got null");
            this.drawing = "recurrentWeights";
            return this;
        }

        /**
         * Sets what the learned vectors of tokens start with.
         *
         * @param value default uniform within {@code sqrt(3)}, of variance 1, which the rules of the weights that read
         *     them expect; of {@linkplain #tieWeights() tied} ones, which make outputs too, within {@code 1 / sqrt(H)}
         * @return this builder
         */
        public Builder embeddingWeights(Initialization value) {
            this.embeddingWeights = Objects.requireNonNull(value, "embeddingWeights: expected a rule, got null");
            this.drawing = "embeddingWeights";
            return this;
        }

        /**
         * Sets the backend.
         *
         * @param value null = the default, {@link Backends#best()}
         * @return this builder
         */
        public Builder backend(Backend value) {
            this.backend = value;
            return this;
        }

        /**
         * Sets the element type of parameters, states and outputs.
         *
         * @param value default {@link Precision#FLOAT32}; {@link Backend#VECTOR} has no other
         * @return this builder
         */
        public Builder precision(Precision value) {
            this.precision = Objects.requireNonNull(value, "precision: expected one, got null");
            return this;
        }

        /**
         * Sets the number of shares that the work of one pass is split into.
         *
         * @param count at least 1; default the processors of this machine
         * @return this builder
         * @throws IllegalArgumentException if it is below 1
         */
        public Builder threads(int count) {
            new Execution(count, IsaTier.BASELINE);
            this.threads = count;
            return this;
        }

        /**
         * Caps the instruction set.
         *
         * @param tier null = the default, {@link IsaTier#defaultCap()}
         * @return this builder
         */
        public Builder maxIsa(IsaTier tier) {
            this.maxIsa = tier;
            return this;
        }

        /**
         * Leaves out the log line that a backend gets when it is first chosen: for a network within something else,
         * where the line would be read as one about another network.
         *
         * @return this builder
         */
        public Builder quiet() {
            this.quiet = true;
            return this;
        }

        /** Leaves all parameters 0: others are put there, so none need be drawn, which may be costly, or refused. */
        Builder withoutFirstParameters() {
            this.draws = false;
            return this;
        }

        /**
         * {@return the network, its parameters drawn; to be closed}
         *
         * @throws IllegalArgumentException if layers or head are missing, a layer, the head or the class weights do
         *     not fit, a first parameter is NaN or infinite, or sizes are too large; or, where backend or instruction
         *     set are left to them, if the property {@code rondo.backend} or the variable {@code RONDO_MAX_ISA} names
         *     none
         * @throws NullPointerException if a rule of {@link #inputWeights}, {@link #recurrentWeights} or
         *     {@link #embeddingWeights} returns null
         * @throws UnsupportedOperationException if the backend is not available here, lacks the precision, or has no
         *     body of one of the cells; the message gives the reason
         */
        public Network build() {
            return new Network(this);
        }
    }
}
