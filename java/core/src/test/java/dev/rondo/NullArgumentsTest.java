package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import dev.rondo.cell.Activation;
import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.SparsePattern;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.indrnn.IndRnn;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.cell.mingru.MinGru;
import dev.rondo.cell.minlstm.MinLstm;
import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.check.CellBody;
import dev.rondo.check.CellGradientCheck;
import dev.rondo.check.CellParity;
import dev.rondo.check.GradientCheck;
import dev.rondo.check.GradientReport;
import dev.rondo.check.NamedShape;
import dev.rondo.check.SelfCheck;
import dev.rondo.check.Tolerance;
import dev.rondo.io.Checkpoint;
import dev.rondo.kernel.Backends;
import dev.rondo.kernel.NativeActivation;
import dev.rondo.kernel.NativeKernel;
import dev.rondo.kernel.NativeSoftmax;
import dev.rondo.kernel.NativeSquares;
import dev.rondo.kernel.NativeUpdate;
import dev.rondo.kernel.Products;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.kernel.SymmetricBlocks;
import dev.rondo.kernel.VectorKernel;
import dev.rondo.kernel.VectorPointwise;
import dev.rondo.kernel.VectorRow;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Batches;
import dev.rondo.network.Cells;
import dev.rondo.network.Dataset;
import dev.rondo.network.Initialization;
import dev.rondo.network.Layer;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkDescription;
import dev.rondo.network.NetworkHead;
import dev.rondo.network.NetworkInput;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.OutputLoss;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.Sequence;
import dev.rondo.network.SequenceBatch;
import dev.rondo.reservoir.EchoStateNetwork;
import dev.rondo.reservoir.HyperparameterSearch;
import dev.rondo.reservoir.LinearReadout;
import dev.rondo.reservoir.RecursiveLeastSquares;
import dev.rondo.reservoir.Ridge;
import dev.rondo.reservoir.RidgeRegression;
import dev.rondo.text.BeamSearch;
import dev.rondo.text.Budget;
import dev.rondo.text.Ending;
import dev.rondo.text.Evaluation;
import dev.rondo.text.GapModel;
import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.Ranking;
import dev.rondo.text.Sampler;
import dev.rondo.text.Sampling;
import dev.rondo.text.TextCorpus;
import dev.rondo.text.TextScore;
import dev.rondo.text.TextSource;
import dev.rondo.text.TextUnit;
import dev.rondo.text.TrainingListener;
import dev.rondo.text.TrainingSummary;
import dev.rondo.text.Vocabulary;
import dev.rondo.text.WordOptions;
import dev.rondo.text.WordVectors;
import dev.rondo.train.Adagrad;
import dev.rondo.train.Adam;
import dev.rondo.train.AdamW;
import dev.rondo.train.Ekf;
import dev.rondo.train.Epochs;
import dev.rondo.train.FitListener;
import dev.rondo.train.FitResult;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.Learner;
import dev.rondo.train.LearningRate;
import dev.rondo.train.Optimizer;
import dev.rondo.train.ParameterGroups;
import dev.rondo.train.RmsProp;
import dev.rondo.train.Rtrl;
import dev.rondo.train.Sgd;
import dev.rondo.train.StepTimes;
import dev.rondo.train.Trainer;
import dev.rondo.train.TruncatedBptt;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Every public method and constructor refuses null for each of its arguments, and null in a list or array that it is
 * given, by the argument's name. They are found by reflection and called with a sample of each type, null in one place
 * at a time, so there is no list of them to keep; a type of which there is no sample fails the test.
 */
class NullArgumentsTest {
    /** To be extended, with samples of the types that turn up. */
    private static final List<String> PACKAGES = List.of(
            "dev.rondo.cell",
            "dev.rondo.cell.elman",
            "dev.rondo.cell.gru",
            "dev.rondo.cell.indrnn",
            "dev.rondo.cell.lstm",
            "dev.rondo.cell.mingru",
            "dev.rondo.cell.minlstm",
            "dev.rondo.cell.reservoir",
            "dev.rondo.check",
            "dev.rondo.io",
            "dev.rondo.kernel",
            "dev.rondo.memory",
            "dev.rondo.network",
            "dev.rondo.reservoir",
            "dev.rondo.text",
            "dev.rondo.train");

    /** Arguments whose comment says that they may be null. */
    private static final Set<String> MAY_BE_NULL = Set.of(
            "EpochResult(int, long, double, long, Metrics, boolean): validation",
            "LanguageModelTrainer.Builder.backend(Backend): value",
            "LanguageModelTrainer.Builder.directory(Path): path",
            "Layer(Cell, Merge, boolean, Dropout, boolean, boolean): merge",
            "LayerMasks(MemorySegment, MemorySegment, MemorySegment): hold",
            "LayerMasks(MemorySegment, MemorySegment, MemorySegment): output",
            "LayerMasks(MemorySegment, MemorySegment, MemorySegment): recurrent",
            "Network.Builder.backend(Backend): value",
            "Network.Builder.loss(Loss): value",
            "Network.Builder.maxIsa(IsaTier): tier",
            "NetworkHead(int, boolean, Loss): loss",
            "NetworkHead(int, boolean, boolean, boolean, Loss): loss",
            "NetworkPass.maskDraw(MaskDraw): value",
            "Trainer.step(NetworkPass, SequenceBatch, OutputLoss): loss",
            "TrainingSummary(long, double, Evaluation, Evaluation, Ending): best",
            "TrainingSummary(long, double, Evaluation, Evaluation, Ending): last");

    /** Types of which there are objects only where the native library is. */
    private static final Set<Class<?>> ONLY_NATIVE =
            Set.of(NativeActivation.class, NativeSoftmax.class, NativeSquares.class, NativeUpdate.class);

    private static final Path SOURCES = Path.of(System.getProperty("rondo.home"), "java/core/src/main/java");
    private static final Map<Class<?>, Object> SAMPLES = new HashMap<>();
    private static final List<AutoCloseable> OPEN = new ArrayList<>();

    @BeforeAll
    static void makeSamples(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("network.rondo");
        Network network = opened(Network.builder(1).layer(Lstm.of(1)).classes(1).build());
        network.save(file);
        sample(Path.class, file);
        sample(String.class, "lstm");
        sample(int[].class, new int[] {0});
        sample(long[].class, new long[] {0});
        sample(float[].class, new float[1]);
        sample(double[].class, new double[1]);
        sample(byte[].class, new byte[1]);
        sample(float[][].class, new float[1][1]);
        sample(boolean[].class, new boolean[1]);
        sample(boolean[][].class, new boolean[1][1]);
        sample(List.class, List.of());
        sample(Map.class, Map.of());
        sample(Object.class, "owner");
        sample(Function.class, (Function<NetworkPass, NetworkPass.Companion>) _ -> () -> {});
        sample(Consumer.class, (Consumer<?>) _ -> {});
        sample(UnaryOperator.class, UnaryOperator.identity());
        sample(RuntimeException.class, new IllegalArgumentException("sample"));
        sample(Precision.class, Precision.FLOAT32);

        sampleCells();
        sample(Checkpoint.class, Checkpoint.read(file));
        sample(Checkpoint.Builder.class, Checkpoint.builder());

        sample(Network.class, network);
        sample(Network.Builder.class, Network.builder(1));
        sample(NetworkDescription.class, network.description());
        sample(NetworkInput.class, new NetworkInput.Dense(1));
        sample(NetworkHead.class, NetworkHead.classes(1));
        sample(Layer.of(Lstm.of(1)));
        sample(Layer.of(Lstm.of(1)).dropout());
        sample(Layer.Merge.class, Layer.Merge.SUM);
        sample(network.tokenRows());
        sample(opened(network.pass(1, 1)));
        sample(opened(network.stepper()));
        sample(Initialization.class, Initialization.xavier());
        sample(Loss.SoftmaxCrossEntropy.class, Loss.softmaxCrossEntropy());
        sample(OutputLoss.class, (OutputLoss) (_, _) -> 0);
        sample(Cell.class, Cells.of("lstm", 1, Map.of()));
        sample(SequenceBatch.of(new float[1], 1, 1, 1).targets(new int[1]));
        sample(Sequence.of(new float[1][1]).values(1));
        Dataset data = Dataset.of(List.<float[][]>of(new float[1][1]), new int[] {0});
        sample(data);
        sample(Dataset.Source.class, (Dataset.Source) Stream::of);
        sample(opened(Batches.inference(network, data, 1)));
        sample(Batches.Visitor.class, (Batches.Visitor) (_, _) -> false);
        sample(network.parameters().layout().tensors().getFirst());

        makeSamplesOfReservoirs();
        makeSamplesOfTraining(network);
        makeSamplesOfChecks(network);
        makeSamplesOfText(directory);
    }

    private static void makeSamplesOfReservoirs() {
        sample(opened(RidgeRegression.of(1, 1)));
        sample(RecursiveLeastSquares.of(1, 1));
        sample(new LinearReadout(new double[1], new double[1]));
        sample(Ridge.of(1));
        var builder = EchoStateNetwork.builder(1, 1).reservoir(Elman.of(1));
        EchoStateNetwork model = opened(builder.build());
        sample(builder);
        sample(model);
        sample(opened(model.stream()));
        sample(double[][].class, new double[1][1]);
        sample(HyperparameterSearch.grid(1).values("a", 1));
        sample(HyperparameterSearch.Listener.class, (HyperparameterSearch.Listener) (_, _, _) -> {});
        sample(new HyperparameterSearch.Trial(0, 1, Map.of()));
    }

    private static void makeSamplesOfTraining(Network network) {
        Stream.of(Sgd.of(1), RmsProp.of(1), Adagrad.of(1), Adam.of(1), AdamW.of(1)).forEach(NullArgumentsTest::sample);
        sample(Optimizer.class, Sgd.of(1));
        sample(LearningRate.class, LearningRate.constant());
        sample(GradientClipping.none());
        sample(GradientClipping.Scope.class, GradientClipping.Scope.NONE);
        sample(Epochs.of(1));
        sample(FitListener.class, (FitListener) _ -> {});
        sample(FitResult.End.class, FitResult.End.STOPPED);
        sample(Trainer.builder(network).build());
        sample(Trainer.builder(network));
        sample(Rtrl.exact());
        sample(TruncatedBptt.lookBack(1));
        sample(Ekf.global());
        sample(ParameterGroups.class, ParameterGroups.perUnit());
        sample(Learner.class, Rtrl.exact());
    }

    private static void makeSamplesOfChecks(Network network) {
        CellBody body = CellBody.reference(Lstm::of);
        sample(body);
        sample(CellGradientCheck.of(body));
        sample(CellParity.of(body));
        sample(GradientCheck.of(network));
        sample(GradientCheck.of(x -> x[0], x -> new double[] {1}));
        sample(GradientReport.Against.class, GradientReport.Against.FLOAT64);
        sample(NamedShape.of("layers:tiny"));
        sample(SelfCheck.all());
        sample(SelfCheck.Verdict.class, SelfCheck.Verdict.PASSED);
        sample(new Tolerance(1, true));
        sample(new CellShape(1, 1, 1, 1));
        sample(Backend.class, Backend.REFERENCE);
        sample(IsaTier.class, IsaTier.BASELINE);
        sample(IntFunction.class, (IntFunction<Cell>) Lstm::of);
        sample(ToDoubleFunction.class, (ToDoubleFunction<double[]>) x -> x[0]);
        sample(Set.class, Set.of());
        sample(Optional.class, Optional.empty());
    }

    private static void makeSamplesOfText(Path directory) throws IOException {
        TextCorpus corpus = TextCorpus.of("so much depends upon");
        LanguageModelTrainer.Builder builder = LanguageModelTrainer.builder(corpus)
                .cell(Lstm.of(1)).batchSize(1).timeSteps(1).threads(1);
        LanguageModelTrainer training = opened(builder.build());
        sample(corpus);
        sample(builder);
        sample(training);
        sample(training.model());
        sample(Vocabulary.class, corpus.vocabulary());
        sample(WordOptions.defaults());
        sample(TextUnit.class, TextUnit.WORD);
        sample(Ranking.class, Ranking.PER_UNIT);
        sample(TextScore.class, new TextScore(TextUnit.WORD, 0, 0, 0));
        sample(TrainingSummary.Ending.class, TrainingSummary.Ending.BUDGET);
        sample(WordVectors.read(Files.writeString(directory.resolve("vectors.txt"), "so 1"),
                Vocabulary.words("so much", WordOptions.defaults())));
        sample(TextSource.class, TextSource.of("so much"));
        sample(TextCorpus.builder(TextSource.of("so much")));
        sample(InputStream.class, InputStream.nullInputStream());
        sample(IntConsumer.class, (IntConsumer) _ -> {});
        sample(Sampling.defaults());
        sample(new Sampler(Sampling.defaults(), 1));
        sample(Ending.after(3));
        sample(opened(new GapModel(Vocabulary.bytes(), Network.oneHot(257)
                .layer(Layer.of(Lstm.of(1)).bidirectional()).classes(256).build())));
        sample(BeamSearch.of(2));
        sample(StepTimes.class, new StepTimes(1, 1, 1, 1));
        sample(Evaluation.class, new Evaluation(TextUnit.WORD, 1, 1, 1, 1, 1, 1, 1, new StepTimes(1, 1, 1, 1), true));
        sample(Budget.steps(1));
        sample(TrainingListener.class, new TrainingListener() {});
    }

    /** Of the packages below network. Plans and backends are those that run everywhere. */
    private static void sampleCells() {
        Workspace workspace = opened(new Workspace("test"));
        Lstm cell = Lstm.of(1);
        CellShape shape = cell.shape(1, 1, 1);
        TensorLayout layout = cell.layout(1, InputKind.DENSE);
        var parameters = new Parameters(workspace, layout, Precision.FLOAT32);
        MemorySegment values = workspace.allocate(Precision.FLOAT32, 16);
        CellPass pass = CellPass.of(cell, shape, parameters, 0).input(values, 1).build();
        Execution execution = Execution.threads(1);
        sample(MemorySegment.class, values);
        sample(workspace);
        sample(layout);
        sample(layout.get("weightHh"));
        sample(TensorLayout.builder());
        sample(parameters);
        sample(cell);
        sample(Lstm.Gate.INPUT);
        sample(new Lstm.Gate[] {Lstm.Gate.INPUT});
        sample(Gru.of(1));
        sample(IndRnn.of(1));
        sample(MinGru.of(1));
        sample(MinLstm.of(1));
        sample(Reservoir.of(1));
        sample(Reservoir.Distribution.UNIFORM);
        sample(Elman.of(1));
        sample(Activation.TANH);
        sample(Gru.Reset.AFTER);
        sample(Activation.RELU);
        sample(Enum.class, Backend.REFERENCE);
        sample(Backend.REFERENCE);
        sample(IsaTier.BASELINE);
        sample(NativeActivation.Function.EXP);
        sample(InputKind.DENSE);
        sample(ParameterBlock.Source.ONE);
        sample(SparsePattern.fanIn(1, 1, 0));
        sample(RandomGenerator.class, new SeededRandom(1));
        sample(shape);
        sample(execution);
        sample(pass);
        sample(CellPass.of(cell, shape, parameters, 0));
        sample(CellGradients.of(pass).build());
        sample(CellGradients.of(pass));
        CellKernel kernel = cell.kernel(Backend.REFERENCE);
        sample(ReferenceKernel.class, (ReferenceKernel) kernel);
        sample(CellPlan.class, opened(kernel.plan(cell, shape, Precision.FLOAT32, execution)));
        sample(Products.class, Products.of(Backend.REFERENCE, Precision.FLOAT32, execution));
        sample(Products.Matrix.of(values, 1, 1));
        sample(SymmetricBlocks.class, SymmetricBlocks.of(Backend.REFERENCE, execution, 1));
        sample(new NativeKernel());
        if (Backends.missing(Backend.NATIVE).isEmpty()) {
            sample(new NativeActivation(NativeActivation.Function.EXP, Precision.FLOAT32, execution));
            sample(new NativeSoftmax(Precision.FLOAT32, execution, 1, 1));
            sample(new NativeSquares(Precision.FLOAT32, execution));
            sample(new NativeUpdate(Precision.FLOAT32, execution));
        }
        sample(MemorySegment[].class, new MemorySegment[] {values});
        if (Backends.missing(Backend.VECTOR).isEmpty()) {
            sample(VectorKernel.class, (VectorKernel) cell.kernel(Backend.VECTOR));
        }
        sample(MethodHandles.lookup());
        sample(Class.class, VectorPointwise.class);
        sample(VectorPointwise.class, new VectorPointwise() {
            @Override
            public void forward(VectorRow row) {}

            @Override
            public void backward(VectorRow row) {}
        });
    }

    private static <T> void sample(Class<T> type, T value) {
        SAMPLES.put(type, value);
    }

    private static void sample(Object value) {
        SAMPLES.put(value.getClass(), value);
    }

    private static <T extends AutoCloseable> T opened(T value) {
        OPEN.add(value);
        return value;
    }

    @AfterAll
    static void close() throws Exception {
        for (AutoCloseable value : OPEN.reversed()) {
            value.close();
        }
    }

    @ParameterizedTest
    @FieldSource("PACKAGES")
    void nullIsRefusedByName(String name) throws Exception {
        Map<String, List<String>> names = parameterNames(name);
        var wrong = new ArrayList<String>();
        int calls = 0;
        for (Executable callee : callees(name)) {
            Class<?>[] types = callee.getParameterTypes();
            for (int i = 0; i < types.length; i++) {
                if (!types[i].isPrimitive()) {
                    String parameter = parameterName(names, callee, i);
                    calls += check(callee, i, null, parameter, wrong);
                    calls += withNullElement(types[i]) == null
                            ? 0
                            : check(callee, i, withNullElement(types[i]), parameter + "[0]", wrong);
                }
            }
        }
        assertEquals("", String.join("\n", wrong));
        int least = name.startsWith("dev.rondo.cell.") ? 2 : 10; // a cell takes hardly anything but numbers
        assertTrue(calls >= least, name + ": calls " + calls);
    }

    /** Every exception to the rule is one: it names an argument, and null is taken there. */
    @Test
    void whatMayBeNullIsThere() throws Exception {
        var there = new TreeSet<String>();
        for (String name : PACKAGES) {
            Map<String, List<String>> names = parameterNames(name);
            for (Executable callee : callees(name)) {
                for (int i = 0; i < callee.getParameterCount(); i++) {
                    String argument = signature(callee) + ": " + parameterName(names, callee, i);
                    if (MAY_BE_NULL.contains(argument)) {
                        call(callee, i, null);
                        there.add(argument);
                    }
                }
            }
        }
        assertEquals(new TreeSet<>(MAY_BE_NULL), there);
    }

    /** Returns how many calls were made. */
    private static int check(Executable callee, int index, Object value, String parameter, List<String> wrong) {
        if (value == null && MAY_BE_NULL.contains(signature(callee) + ": " + parameter)) {
            return 0;
        }
        String end = value == null ? "" : "[0]";
        String got;
        try {
            call(callee, index, value);
            got = "no exception";
        } catch (InvocationTargetException e) {
            got = e.getCause().toString();
            String message = String.valueOf(e.getCause().getMessage());
            // What a builder's method takes may be called as the method is, with the plane that it is of.
            boolean named = message.startsWith(parameter + ": ")
                    || message.matches("(gradient of )?" + callee.getName() + (end.isEmpty() ? "(\\[1])?" : "\\[0]")
                            + ": .*");
            if (e.getCause() instanceof NullPointerException && named && message.matches(".*: expected .+, got null")) {
                return 1;
            }
        } catch (ReflectiveOperationException | IllegalArgumentException | IllegalStateException e) {
            got = e.toString();
        }
        wrong.add(signature(callee) + ": " + parameter + ": " + got);
        return 1;
    }

    private static void call(Executable callee, int index, Object value) throws ReflectiveOperationException {
        Class<?>[] types = callee.getParameterTypes();
        Object[] arguments = IntStream.range(0, types.length)
                .mapToObj(i -> i == index ? value : sampleOf(types[i]))
                .toArray();
        callee.setAccessible(true); // a method may be inherited from a class that is not public
        if (callee instanceof Constructor<?> constructor) {
            constructor.newInstance(arguments);
        } else {
            boolean isStatic = Modifier.isStatic(callee.getModifiers());
            ((Method) callee).invoke(isStatic ? null : sampleOf(callee.getDeclaringClass()), arguments);
        }
    }

    private static Object sampleOf(Class<?> type) {
        if (type == boolean.class) {
            return false;
        }
        if (type.isPrimitive()) {
            return type == double.class ? (Object) 0.5 : type == float.class ? (Object) 0.5f : (Object) 1;
        }
        Object sample = SAMPLES.get(type);
        if (sample == null) {
            throw new IllegalStateException("there is no sample of " + type.getName());
        }
        return sample;
    }

    /** {@return a value of {@code type} with null in it, or null if there is none} */
    private static Object withNullElement(Class<?> type) {
        return type == List.class ? Arrays.asList((Object) null)
                : type.isArray() && !type.componentType().isPrimitive()
                        ? Array.newInstance(type.componentType(), 1)
                        : null;
    }

    /** {@return public methods and constructors of public types of a package that take a reference} */
    private static List<Executable> callees(String name) throws Exception {
        var found = new ArrayList<Executable>();
        for (Class<?> type : publicTypes(name)) {
            if (!Modifier.isAbstract(type.getModifiers())) {
                found.addAll(List.of(type.getConstructors()));
            }
            Arrays.stream(type.getMethods())
                    .filter(method -> method.getDeclaringClass().getPackageName().equals(name))
                    .filter(method -> !method.isSynthetic() && !Modifier.isAbstract(method.getModifiers()))
                    .filter(method -> !method.getName().equals("equals"))
                    // A listener's, which hears and does nothing.
                    .filter(method -> !method.isDefault() || method.getReturnType() != void.class)
                    .filter(method -> !(type.isEnum() && method.getName().equals("valueOf")))
                    .filter(method -> !found.contains(method))
                    .forEach(found::add);
        }
        if (Backends.missing(Backend.NATIVE).isPresent()) { // nobody can have one
            found.removeIf(callee -> ONLY_NATIVE.contains(callee.getDeclaringClass()));
        }
        found.removeIf(callee -> Arrays.stream(callee.getParameterTypes()).allMatch(Class::isPrimitive));
        return found;
    }

    private static List<Class<?>> publicTypes(String name) throws Exception {
        Path classes = Path.of(Network.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        var types = new ArrayList<Class<?>>();
        try (Stream<Path> files = Files.list(classes.resolve(name.replace('.', '/')))) {
            for (Path file : files.sorted().toList()) {
                String simple = file.getFileName().toString();
                if (simple.endsWith(".class") && !simple.equals("package-info.class")) {
                    types.add(Class.forName(name + "." + simple.replace(".class", "")));
                }
            }
        }
        types.removeIf(type -> !isPublic(type));
        return types;
    }

    private static boolean isPublic(Class<?> type) {
        return type == null || Modifier.isPublic(type.getModifiers()) && isPublic(type.getDeclaringClass());
    }

    private static String signature(Executable callee) {
        Class<?> type = callee.getDeclaringClass();
        String owner = type.getName().substring(type.getPackageName().length() + 1).replace('$', '.');
        return owner + (callee instanceof Method ? "." + callee.getName() : "")
                + Arrays.stream(callee.getParameterTypes()).map(Class::getSimpleName)
                        .collect(Collectors.joining(", ", "(", ")"));
    }

    private static String parameterName(Map<String, List<String>> names, Executable callee, int index) {
        Class<?> type = callee.getDeclaringClass();
        List<String> found = names.get(signature(callee));
        if (found == null && type.isRecord() && callee instanceof Constructor) { // a compact one has none in its source
            return type.getRecordComponents()[index].getName();
        }
        assertTrue(found != null, () -> "not found in the sources: " + signature(callee));
        return found.get(index);
    }

    /** {@return names of the parameters of all methods and constructors in the sources of a package, by signature} */
    private static Map<String, List<String>> parameterNames(String name) throws IOException {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var manager = compiler.getStandardFileManager(null, Locale.ROOT, null);
        List<Path> sources;
        try (Stream<Path> files = Files.list(SOURCES.resolve(name.replace('.', '/')))) {
            sources = files.filter(file -> file.toString().endsWith(".java")).toList();
        }
        var task = (JavacTask) compiler.getTask(
                null, manager, null, null, null, manager.getJavaFileObjectsFromPaths(sources));
        var names = new HashMap<String, List<String>>();
        for (CompilationUnitTree unit : task.parse()) {
            new TreePathScanner<Void, String>() {
                @Override
                public Void visitClass(ClassTree type, String outer) {
                    return super.visitClass(type, outer.isEmpty()
                            ? type.getSimpleName().toString()
                            : outer + "." + type.getSimpleName());
                }

                @Override
                public Void visitMethod(MethodTree method, String owner) {
                    String called = method.getName().contentEquals("<init>") ? owner : owner + "." + method.getName();
                    String types = method.getParameters().stream()
                            .map(parameter -> erased(parameter.getType().toString(), method))
                            .collect(Collectors.joining(", ", "(", ")"));
                    names.put(called + types, method.getParameters().stream()
                            .map(parameter -> parameter.getName().toString()).toList());
                    return super.visitMethod(method, owner);
                }
            }.scan(unit, "");
        }
        return names;
    }

    /** {@return the simple name of a type's class: {@code List<float[][]>} is a {@code List}, a variable its bound} */
    private static String erased(String type, MethodTree method) {
        return method.getTypeParameters().stream()
                .filter(variable -> variable.getName().contentEquals(type))
                .map(variable -> variable.getBounds().isEmpty() ? "Object" : variable.getBounds().get(0).toString())
                .findAny().orElse(type).replaceAll("<.*>", "").replace("...", "[]").replaceAll("^.*\\.", "");
    }
}
