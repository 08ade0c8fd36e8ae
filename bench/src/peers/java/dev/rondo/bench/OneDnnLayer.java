package dev.rondo.bench;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.rondo.bench.golden.GoldenCase;
import dev.rondo.bench.golden.GoldenCell;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.lbr_gru_backward;
import org.bytedeco.dnnl.lbr_gru_forward;
import org.bytedeco.dnnl.lstm_backward;
import org.bytedeco.dnnl.lstm_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.dnnl.memory.format_tag;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.rnn_primitive_desc_base;
import org.bytedeco.dnnl.stream;
import org.bytedeco.dnnl.vanilla_rnn_backward;
import org.bytedeco.dnnl.vanilla_rnn_forward;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * One layer by oneDNN's primitives, with weights in the formats that they ask for: packed once in inference; packed in
 * each step of training, as the weights have changed, and their gradients brought back. Gates are in oneDNN's order
 * (GRU: z r n); the GRU with reset after the product is "linear before reset" and has four biases, z r n and n of h.
 */
final class OneDnnLayer {
    private static final int LEFT_TO_RIGHT = dnnl_unidirectional_left2right;

    private final GoldenCase given;
    private final boolean training;
    private final boolean packs;
    private final boolean lstm;
    private final engine cpu;
    private final stream stream;
    private final List<Object> kept = new ArrayList<>(); // what the primitives point to
    private final List<Runnable> work = new ArrayList<>();
    private final Map<Integer, memory> arguments = new TreeMap<>(); // of forward, then of backward too
    private final String implementation;

    private final memory.desc input;
    private final memory.desc state;
    private final memory.desc output;
    private final memory.desc bias;
    private final memory.desc anyIh;
    private final memory.desc anyHh;
    private final memory.desc plainIh;
    private final memory.desc plainHh;
    private final memory plainHhGradient;

    /**
     * The work of one layer.
     *
     * @param below whose output is its input; null = it has the case's input
     * @param packs whether a training step packs its weights, as it must
     */
    OneDnnLayer(GoldenCase given, OneDnnLayer below, boolean training, boolean packs) {
        if (!given.cell.inOnnxRuntime()) {
            throw new UnsupportedOperationException("oneDNN has no " + given.cell.text);
        }
        this.cpu = below == null ? new engine(dnnl_cpu, 0) : below.cpu;
        this.stream = below == null ? new stream(cpu) : below.stream;
        this.given = given;
        this.training = training;
        this.packs = packs;
        this.lstm = given.cell == GoldenCell.LSTM;
        long b = given.batchSize;
        long i = given.inputSize;
        long g = given.cell.gates;
        long h = given.hiddenSize;
        this.input = desc(format_tag.tnc, given.timeSteps, b, i);
        this.state = desc(format_tag.ldnc, 1, 1, b, h);
        this.output = desc(format_tag.tnc, given.timeSteps, b, h);
        this.bias = desc(format_tag.ldgo, 1, 1, biases().length / h, h);
        this.anyIh = desc(format_tag.any, 1, 1, i, g, h);
        this.anyHh = desc(format_tag.any, 1, 1, h, g, h);
        this.plainIh = desc(format_tag.ldgoi, 1, 1, i, g, h); // as [G*H, I]
        this.plainHh = desc(format_tag.ldgoi, 1, 1, h, g, h);
        this.plainHhGradient = memory(plainHh);
        rnn_primitive_desc_base forward = forward(training ? dnnl_forward_training : dnnl_forward_inference);
        this.implementation = forward.impl_info_str().getString();
        memory weightIh = filled(plainIh, gates(given.weightIh));
        memory weightHh = filled(plainHh, gates(given.weightHh));
        pack(forward, weightIh, weightHh);
        addForward(forward, below == null ? filled(input, given.input) : below.output());
        work.add(run(forward, arguments));
        if (training) {
            addBackward(forward, weightIh, weightHh);
        }
    }

    private rnn_primitive_desc_base forward(int kind) {
        if (given.cell.hasLstmOptions()) {
            throw new UnsupportedOperationException("oneDNN's " + given.cell.text + " is not compared");
        }
        var attributes = keep(new primitive_attr());
        return keep(switch (given.cell) {
            case LSTM -> new lstm_forward.primitive_desc(cpu, kind, LEFT_TO_RIGHT,
                    input, state, state, anyIh, anyHh, bias, output, state, state, attributes, false);
            case GRU_RESET_AFTER -> new lbr_gru_forward.primitive_desc(cpu, kind, LEFT_TO_RIGHT,
                    input, state, anyIh, anyHh, bias, output, state, attributes, false);
            case GRU_RESET_BEFORE -> throw new UnsupportedOperationException("oneDNN's gru is not compared");
            default -> new vanilla_rnn_forward.primitive_desc(cpu, kind, activation(), LEFT_TO_RIGHT,
                    input, state, anyIh, anyHh, bias, output, state, 0f, attributes, false);
        });
    }

    private rnn_primitive_desc_base backward(rnn_primitive_desc_base forward) {
        var attributes = keep(new primitive_attr());
        int kind = dnnl_backward;
        return keep(switch (forward) {
            case lstm_forward.primitive_desc of -> new lstm_backward.primitive_desc(cpu, kind, LEFT_TO_RIGHT,
                    input, state, state, anyIh, anyHh, bias, output, state, state,
                    input, state, state, anyIh, anyHh, bias, output, state, state, of, attributes, false);
            case lbr_gru_forward.primitive_desc of -> new lbr_gru_backward.primitive_desc(cpu, kind, LEFT_TO_RIGHT,
                    input, state, anyIh, anyHh, bias, output, state,
                    input, state, anyIh, anyHh, bias, output, state, of, attributes, false);
            case vanilla_rnn_forward.primitive_desc of -> new vanilla_rnn_backward.primitive_desc(
                    cpu, kind, activation(), LEFT_TO_RIGHT, input, state, anyIh, anyHh, bias, output, state,
                    input, state, anyIh, anyHh, bias, output, state, 0f, of, attributes, false);
            default -> throw new AssertionError(forward);
        });
    }

    private int activation() {
        return switch (given.cell) {
            case ELMAN_TANH -> dnnl_eltwise_tanh;
            case ELMAN_RELU -> dnnl_eltwise_relu;
            default -> dnnl_eltwise_logistic;
        };
    }

    /** Brings the weights into the formats of a primitive, now or at each call, and makes them its arguments. */
    private void pack(rnn_primitive_desc_base primitive, memory weightIh, memory weightHh) {
        arguments.put(DNNL_ARG_WEIGHTS_LAYER, memory(wanted(primitive, DNNL_ARG_WEIGHTS_LAYER)));
        arguments.put(DNNL_ARG_WEIGHTS_ITER, memory(wanted(primitive, DNNL_ARG_WEIGHTS_ITER)));
        List<Runnable> packing = List.of(reorder(weightIh, arguments.get(DNNL_ARG_WEIGHTS_LAYER)),
                reorder(weightHh, arguments.get(DNNL_ARG_WEIGHTS_ITER)));
        if (training && packs) {
            work.addAll(packing);
        } else {
            packing.forEach(Runnable::run);
        }
    }

    private void addForward(rnn_primitive_desc_base forward, memory source) {
        arguments.put(DNNL_ARG_SRC_LAYER, source);
        arguments.put(DNNL_ARG_SRC_ITER, filled(state, given.initial[0]));
        arguments.put(DNNL_ARG_BIAS, filled(bias, biases()));
        arguments.put(DNNL_ARG_DST_LAYER, memory(output));
        arguments.put(DNNL_ARG_DST_ITER, memory(state));
        if (lstm) {
            arguments.put(DNNL_ARG_SRC_ITER_C, filled(state, given.initial[1]));
            arguments.put(DNNL_ARG_DST_ITER_C, memory(state));
        }
        if (training) {
            arguments.put(DNNL_ARG_WORKSPACE, memory(wanted(forward, DNNL_ARG_WORKSPACE)));
        }
    }

    private void addBackward(rnn_primitive_desc_base forward, memory weightIh, memory weightHh) {
        rnn_primitive_desc_base backward = backward(forward);
        pack(backward, weightIh, weightHh);
        memory gradientIh = memory(wanted(backward, DNNL_ARG_DIFF_WEIGHTS_LAYER));
        memory gradientHh = memory(wanted(backward, DNNL_ARG_DIFF_WEIGHTS_ITER));
        memory gradientOfBias = memory(bias);
        arguments.put(DNNL_ARG_DIFF_SRC_LAYER, memory(input));
        arguments.put(DNNL_ARG_DIFF_SRC_ITER, memory(state));
        arguments.put(DNNL_ARG_DIFF_WEIGHTS_LAYER, gradientIh);
        arguments.put(DNNL_ARG_DIFF_WEIGHTS_ITER, gradientHh);
        arguments.put(DNNL_ARG_DIFF_BIAS, gradientOfBias);
        arguments.put(DNNL_ARG_DIFF_DST_LAYER, filled(output, given.outputGradient));
        arguments.put(DNNL_ARG_DIFF_DST_ITER, memory(state));
        if (lstm) {
            arguments.put(DNNL_ARG_DIFF_SRC_ITER_C, memory(state));
            arguments.put(DNNL_ARG_DIFF_DST_ITER_C, memory(state));
        }
        // Backward adds to these.
        List.of(gradientIh, gradientHh, gradientOfBias).forEach(gradient -> {
            Pointer values = keep(gradient.get_data_handle());
            long bytes = gradient.get_desc().get_size();
            work.add(() -> Pointer.memset(values, 0, bytes));
        });
        work.add(run(backward, arguments));
        work.add(reorder(gradientIh, memory(plainIh)));
        work.add(reorder(gradientHh, plainHhGradient));
    }

    /** Blocks of H rows in oneDNN's order. */
    private double[] gates(double[] values) {
        if (given.cell.gates != 3) {
            return values;
        }
        int block = values.length / 3;
        var ordered = values.clone();
        System.arraycopy(values, 0, ordered, block, block);
        System.arraycopy(values, block, ordered, 0, block);
        return ordered;
    }

    private double[] biases() {
        double[] sum = gates(given.bias());
        double[] apart = given.biasHn();
        var all = new double[sum.length + apart.length];
        System.arraycopy(sum, 0, all, 0, sum.length);
        System.arraycopy(apart, 0, all, sum.length, apart.length);
        return all;
    }

    private <T> T keep(T object) {
        kept.add(object);
        return object;
    }

    private memory.desc desc(format_tag format, long... dimensions) {
        return keep(new memory.desc(dimensions, data_type.f32, format));
    }

    private memory.desc wanted(primitive_desc_base primitive, int argument) {
        return keep(primitive.query_md(query.exec_arg_md, argument));
    }

    private memory memory(memory.desc desc) {
        memory memory = keep(new memory(desc, cpu));
        Pointer.memset(memory.get_data_handle(), 0, desc.get_size());
        return memory;
    }

    private memory filled(memory.desc plain, double[] values) {
        memory memory = memory(plain);
        var pointer = new FloatPointer(memory.get_data_handle());
        for (int i = 0; i < values.length; i++) {
            pointer.put(i, (float) values[i]);
        }
        return memory;
    }

    private Runnable reorder(memory from, memory to) {
        return run(new reorder.primitive_desc(from, to), Map.of(DNNL_ARG_SRC, from, DNNL_ARG_DST, to));
    }

    private Runnable run(primitive_desc_base desc, Map<Integer, memory> arguments) {
        primitive primitive = keep(desc instanceof primitive_desc d ? new primitive(d) : new primitive(desc.get()));
        keep(desc);
        int count = arguments.size();
        dnnl_exec_arg_t list = keep(new dnnl_exec_arg_t(count));
        int place = 0;
        for (var argument : arguments.entrySet()) {
            list.getPointer(place++).arg(argument.getKey()).memory(argument.getValue().get());
        }
        return () -> {
            int status = dnnl_primitive_execute(primitive.get(), stream.get(), count, list);
            if (status != dnnl_success) {
                throw new IllegalStateException("dnnl_primitive_execute: expected success, got status " + status);
            }
        };
    }

    private memory output() {
        return arguments.get(DNNL_ARG_DST_LAYER);
    }

    /** Does its work, or hands it to oneDNN's threads. */
    void run() {
        work.forEach(Runnable::run);
    }

    /** Waits until it is done. */
    void await() {
        stream._wait();
    }

    /** {@return {@link Peer#check} of this layer} */
    double check() {
        double[] factors = training ? gates(given.weightHh) : given.outputGradient;
        memory result = training ? plainHhGradient : output();
        var values = new FloatPointer(result.get_data_handle());
        double sum = 0;
        for (int i = 0; i < factors.length; i++) {
            sum += factors[i] * values.get(i);
        }
        return sum;
    }

    /** {@return version, and which of its implementations it took} */
    String system() {
        var version = dnnl_version();
        return "oneDNN " + version.major() + "." + version.minor() + "." + version.patch() + " " + implementation;
    }
}
