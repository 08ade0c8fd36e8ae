package dev.rondo;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.kernel.Products;
import dev.rondo.network.Dataset;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import dev.rondo.reservoir.EchoStateNetwork;
import dev.rondo.train.Trainer;
import java.nio.file.Path;
import java.util.List;

/**
 * What examples use without declaring it, as {@link ExamplesTest} gives it to them; a declaration of theirs hides it.
 */
public final class ExampleVariables {
    public static int inputSize;
    public static int timeSteps;
    public static int batchSize;
    public static long count;
    public static int[] ids;
    public static int[] next;
    public static int[] labels;
    public static int[] lengths;
    public static Path path;
    public static List<float[][]> sequences;
    public static List<float[]> source;
    public static Network network;
    public static NetworkPass pass;
    public static NetworkPass encoder;
    public static NetworkPass decoder;
    public static SequenceBatch batch;
    public static List<SequenceBatch> batches;
    public static SequenceBatch sentence;
    public static SequenceBatch translation;
    public static Dataset data;
    public static Dataset training;
    public static Dataset validation;
    public static Dataset test;
    public static Trainer trainer;
    public static EchoStateNetwork model;
    public static double[][] inputs;
    public static double[][] targets;
    public static List<double[]> measured;
    public static List<double[]> wanted;
    public static Backend backend;
    public static Execution execution;
    public static Products.Matrix h;
    public static Products.Matrix weight;
    public static Products.Matrix logits;

    private ExampleVariables() {}
}
