package dev.rondo.train;

import dev.rondo.kernel.SymmetricBlocks;
import dev.rondo.network.Network;
import java.util.Arrays;
import java.util.HashMap;
import java.util.stream.IntStream;

/**
 * The parameters of a network that are trained, group by group: columns of derivatives are in this order.
 *
 * @param order place in the slab of each column, [W]; in the order of the slab within a group
 * @param first the first column of each group, and W at the end
 * @param all how many numbers the slab has, those of fixed layers among them
 */
record KalmanGroups(int[] order, int[] first, int all) {
    static KalmanGroups of(ParameterGroups groups, Network network) {
        int[] groupOf = groups.of(network);
        long count = network.parameters().count();
        if (groupOf == null || groupOf.length != count) {
            throw new IllegalArgumentException("groups: expected " + count + " numbers, one per parameter, got "
                    + (groupOf == null ? "null" : groupOf.length));
        }
        int[] trained = trained(network);
        if (trained.length == 0) {
            throw new IllegalArgumentException("network: expected parameters that are trained, got fixed ones alone");
        }
        var numbers = new HashMap<Integer, Integer>();
        int[] number = Arrays.stream(trained)
                .map(place -> numbers.computeIfAbsent(groupOf[place], _ -> numbers.size())).toArray();
        var first = new int[numbers.size() + 1];
        for (int group : number) {
            first[group + 1]++;
        }
        Arrays.parallelPrefix(first, Integer::sum);
        int[] next = first.clone();
        var order = new int[trained.length];
        for (int i = 0; i < order.length; i++) {
            order[next[number[i]]++] = trained[i];
        }
        return new KalmanGroups(order, first, groupOf.length);
    }

    /** {@return the places of all parameters but those of fixed layers} */
    private static int[] trained(Network network) {
        return network.parameters().layout().tensors().stream()
                .filter(tensor -> !network.description().isFixed(tensor))
                .flatMapToInt(tensor -> IntStream.range(0, (int) tensor.count()).map(i -> (int) tensor.offset() + i))
                .toArray();
    }

    int count() {
        return first.length - 1;
    }

    /** {@return W} */
    int parameters() {
        return order.length;
    }

    /** {@return W_g} */
    int size(int group) {
        return first[group + 1] - first[group];
    }

    /** {@return the greatest W_g} */
    int largest() {
        return Arrays.stream(sizes()).max().orElseThrow();
    }

    /** {@return W_g of all groups} */
    int[] sizes() {
        return IntStream.range(0, count()).map(this::size).toArray();
    }

    /** {@return numbers that are kept of all covariance matrices, a half of each} */
    long covariances() {
        long sum = 0;
        for (int group = 0; group < count(); group++) {
            sum = Math.addExact(sum, SymmetricBlocks.elements(size(group)));
        }
        return sum;
    }

    long covarianceBytes() {
        return Math.multiplyExact(covariances(), (long) Double.BYTES);
    }

    /** {@return a text that tells groups apart, for checkpoints} */
    String text() {
        return count() + " groups of " + parameters() + " parameters, "
                + Integer.toHexString(31 * Arrays.hashCode(order) + Arrays.hashCode(first));
    }
}
