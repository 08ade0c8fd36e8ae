package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.DamagedPlan;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The checks notice what they are there to notice, and nothing else. Bodies are of float64. */
class FaultsTest {
    private static final NamedShape SHAPE = NamedShape.of("units:three");

    private enum Fault implements DamagedPlan.Fault {
        OUTPUT_IS_OFF {
            @Override
            public void afterForward(CellPass pass) {
                add(pass.output(), 0, 1e-9);
            }
        },
        LAST_STATE_IS_OFF {
            @Override
            public void afterForward(CellPass pass) {
                add(pass.last(1), 0, 1e-9);
            }
        },
        PADDING_IS_NOT_ZERO {
            @Override
            public void afterForward(CellPass pass) {
                int b = pass.shape().batchSize() - 1;
                if (pass.length(b) < pass.shape().timeSteps()) {
                    add(pass.output(), (pass.shape().rows() - 1) * pass.outputStride(), 1e-300);
                }
            }
        },
        WRITES_PAST_THE_END {
            @Override
            public void afterForward(CellPass pass) {
                spoil(pass.output(), pass.output() == null ? 0 : pass.output().byteSize() / Double.BYTES);
            }
        },
        WRITES_BEFORE_THE_START {
            @Override
            public void afterBackward(CellGradients gradients) {
                spoil(gradients.preActivations(), -1);
            }
        },
        WRITES_BETWEEN_ROWS {
            @Override
            public void afterForward(CellPass pass) {
                if (pass.outputStride() > pass.cell().outputSize()) {
                    spoil(pass.output(), pass.cell().outputSize());
                }
            }
        },
        WRITES_TO_ITS_INPUT {
            @Override
            public void afterForward(CellPass pass) {
                if (pass.input() instanceof CellPass.Dense dense) {
                    spoil(dense.values(), 0);
                }
            }
        },
        WRITES_TO_ITS_PARAMETERS {
            @Override
            public void afterBackward(CellGradients gradients) {
                spoil(gradients.pass().params(), 0);
            }
        },
        WRITES_TO_INCOMING_GRADIENTS {
            @Override
            public void afterBackward(CellGradients gradients) {
                spoil(gradients.output(), 0);
            }
        },
        READS_BETWEEN_ROWS {
            @Override
            public void afterForward(CellPass pass) {
                int width = pass.shape().inputSize();
                if (pass.input() instanceof CellPass.Dense(var values, long stride) && stride > width) {
                    add(pass.output(), 0, 0 * values.getAtIndex(ValueLayout.JAVA_DOUBLE, width));
                }
            }
        },
        BACKWARD_READS_THE_INITIAL_STATE {
            @Override
            public void afterBackward(CellGradients gradients) {
                MemorySegment state = gradients.pass().initial(0);
                add(gradients.initial(0), 0, state == null ? 0 : 0 * state.getAtIndex(ValueLayout.JAVA_DOUBLE, 0));
            }
        },
        ASSIGNS_THE_GRADIENT_OF_THE_PARAMETERS {
            @Override
            public void beforeBackward(CellGradients gradients) {
                zero(gradients.params());
            }
        },
        ASSIGNS_THE_GRADIENT_OF_THE_INPUT {
            @Override
            public void beforeBackward(CellGradients gradients) {
                if (gradients.inputAccumulate()) {
                    gradients.input().setAtIndex(ValueLayout.JAVA_DOUBLE, 0, 0);
                }
            }
        },
        ONE_BIAS_HAS_NO_GRADIENT {
            @Override
            public void afterBackward(CellGradients gradients) {
                MemorySegment params = gradients.params();
                if (params != null) {
                    params.setAtIndex(ValueLayout.JAVA_DOUBLE, params.byteSize() / Double.BYTES - 1, 0);
                }
            }
        },
        GRADIENT_OF_ONE_INPUT_IS_OFF {
            @Override
            public void afterBackward(CellGradients gradients) {
                add(gradients.input(), 2, 1e-9);
            }
        },
        EVERY_CALL_DIFFERS {
            private long calls;

            @Override
            public void afterForward(CellPass pass) {
                add(pass.output(), 0, ++calls * 0x1p-52);
            }
        };

        private static void add(MemorySegment segment, long index, double value) {
            if (segment != null) {
                double before = segment.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
                segment.setAtIndex(ValueLayout.JAVA_DOUBLE, index, before + value);
            }
        }

        /** As a kernel that works on raw addresses can. */
        private static void spoil(MemorySegment segment, long index) {
            if (segment != null) {
                MemorySegment.ofAddress(segment.address() + index * Double.BYTES).reinterpret(Double.BYTES)
                        .set(ValueLayout.JAVA_DOUBLE, 0, 0.125);
            }
        }

        private static void zero(MemorySegment segment) {
            if (segment != null) {
                segment.fill((byte) 0);
            }
        }
    }

    private static Deviation worst(DamagedPlan.Fault fault) {
        return Deviation.worst(CellParity.of(DamagedLstm.body(fault)).run(SHAPE));
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void isNoticed(Fault fault) {
        assertFalse(worst(fault).passes(), fault::name);
    }

    @Test
    void aSoundBodyPasses() {
        var none = new DamagedPlan.Fault() {};
        assertTrue(worst(none).passes());
        GradientReport report = CellGradientCheck.of(DamagedLstm.body(none)).run(SHAPE);
        report.assertBelow(CellGradientCheck.TOLERANCE);
    }

    /** A gradient that is off by a millionth. */
    @ParameterizedTest
    @ValueSource(strings = {"weightIh", "weightHh", "bias"})
    void aWrongGradientIsNoticed(String tensor) {
        var fault = new DamagedPlan.Fault() {
            @Override
            public void afterBackward(CellGradients gradients) {
                CellPass pass = gradients.pass();
                var place = pass.cell().layout(pass.shape().inputSize(), pass.inputKind()).get(tensor);
                var slice = gradients.params().asSlice(place.offset() * Double.BYTES, place.count() * Double.BYTES);
                double[] numbers = slice.toArray(ValueLayout.JAVA_DOUBLE);
                Arrays.setAll(numbers, i -> numbers[i] * (1 + 1e-6));
                slice.copyFrom(MemorySegment.ofArray(numbers));
            }
        };
        GradientReport report = CellGradientCheck.of(DamagedLstm.body(fault)).run(SHAPE);
        assertFalse(report.error() < CellGradientCheck.TOLERANCE);
        assertTrue(report.worst().worst().startsWith(tensor + "["), report.worst().worst());
    }
}
