package dev.rondo.bench.golden;

import dev.rondo.bench.golden.LibtorchCells.Leaves;
import dev.rondo.bench.golden.LibtorchCells.Results;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.PackedSequence;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A pass through libtorch's own LSTM, GRU or RNN on a packed sequence, so that lengths and direction are libtorch's
 * business too: a reversed pass is the second half of a bidirectional layer whose first half has zeroes for parameters.
 * A packed sequence has no room for sequences without steps: these are left out, and their state stays as it is.
 */
final class PackedLayer {
    private PackedLayer() {}

    static Results run(GoldenCase given, Leaves leaves) {
        int[] rows = IntStream.range(0, given.batchSize).filter(b -> given.lengths[b] > 0).toArray();
        int[] lengths = IntStream.of(rows).map(b -> given.lengths[b]).toArray();
        Tensor live = Tensors.of(rows, rows.length);
        PackedSequence packed = torch.pack_padded_sequence(
                leaves.input().index_select(1, live), Tensors.of(lengths, lengths.length), false, false);
        var states = new Tensor[leaves.initial().length];
        Arrays.setAll(states, plane -> bothDirections(given, leaves.initial()[plane].index_select(0, live)
                .index_select(0, packed.sorted_indices()).unsqueeze(0), 0));
        Results results = layer(given, packed, states, parameters(given, leaves));

        var output = new PackedSequence(
                results.output(), packed.batch_sizes(), packed.sorted_indices(), packed.unsorted_indices());
        Tensor padded = torch.pad_packed_sequence(output, false, 0, new LongOptional(given.timeSteps)).get0();
        Tensor[] last = new Tensor[states.length];
        Arrays.setAll(last, plane -> leaves.initial()[plane].index_copy(0, live,
                results.last()[plane].select(0, given.reversed ? 1 : 0).index_select(0, packed.unsorted_indices())));
        Tensor zeroes = Tensors.of(new double[given.outputGradient.length],
                given.timeSteps, given.batchSize, given.outputSize);
        int from = given.reversed ? given.outputSize : 0;
        return new Results(zeroes.index_copy(1, live, padded.narrow(2, from, given.outputSize)), last);
    }

    private static TensorVector parameters(GoldenCase given, Leaves leaves) {
        var all = new ArrayList<>(List.of(leaves.weightIh(), leaves.weightHh(), leaves.biasIh(), leaves.biasHh()));
        all.addAll(leaves.more().values()); // the projection
        Tensor[] own = all.toArray(Tensor[]::new);
        if (!given.reversed) {
            return new TensorVector(own);
        }
        var both = new Tensor[2 * own.length];
        for (int i = 0; i < own.length; i++) {
            both[i] = torch.zeros_like(own[i].detach());
            both[own.length + i] = own[i];
        }
        return new TensorVector(both);
    }

    private static Tensor bothDirections(GoldenCase given, Tensor reverse, int dimension) {
        return given.reversed
                ? torch.cat(new TensorVector(torch.zeros_like(reverse.detach()), reverse), dimension) : reverse;
    }

    private static Results layer(GoldenCase given, PackedSequence packed, Tensor[] states, TensorVector parameters) {
        if (given.cell.isLstm()) {
            T_TensorTensorTensor_T lstm = torch.lstm(packed.data(), packed.batch_sizes(), new TensorVector(states),
                    parameters, true, 1, 0, true, given.reversed);
            return new Results(lstm.get0(), new Tensor[] {lstm.get1(), lstm.get2()});
        }
        T_TensorTensor_T one = switch (given.cell) {
            case GRU_RESET_AFTER -> torch.gru(packed.data(), packed.batch_sizes(), states[0],
                    parameters, true, 1, 0, true, given.reversed);
            case ELMAN_TANH -> torch.rnn_tanh(packed.data(), packed.batch_sizes(), states[0],
                    parameters, true, 1, 0, true, given.reversed);
            case ELMAN_RELU -> torch.rnn_relu(packed.data(), packed.batch_sizes(), states[0],
                    parameters, true, 1, 0, true, given.reversed);
            default -> throw new IllegalArgumentException("cell: expected one of libtorch's, got " + given.cell);
        };
        return new Results(one.get0(), new Tensor[] {one.get1()});
    }
}
