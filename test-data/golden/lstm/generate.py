"""Makes onnxruntime.txt: the LSTM of ONNX Runtime, both directions, ragged lengths, random distinct numbers.

    pip install onnx onnxruntime && python generate.py > onnxruntime.txt

ONNX has the gates in the order i o f c, Rondo in i f g o; ONNX has two biases, Rondo their sum. Numbers are multiples of
1/1024, so that they and the sum are exact in float32.
"""
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

T, B, I, H = 5, 3, 4, 6
LENGTHS = np.array([5, 3, 1], np.int32)  # no 0: there ONNX Runtime drops the initial state, Rondo keeps it
SHAPES = {"X": [T, B, I], "W": [2, 4 * H, I], "R": [2, 4 * H, H], "B": [2, 8 * H], "h0": [2, B, H], "c0": [2, B, H]}

random = np.random.default_rng(1)
given = {name: (random.integers(-1023, 1024, shape) / 1024).astype(np.float32) for name, shape in SHAPES.items()}
node = helper.make_node("LSTM", ["X", "W", "R", "B", "lengths", "h0", "c0"], ["Y", "hn", "cn"], hidden_size=H,
                        direction="bidirectional")
inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in SHAPES.items()]
inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, [B]))
outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("Y", "hn", "cn")]
model = helper.make_model(helper.make_graph([node], "lstm", inputs, outputs), opset_imports=[helper.make_opsetid("", 14)],
                          ir_version=8)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
Y, hn, cn = session.run(None, {**given, "lengths": LENGTHS})


def put(name, values):
    print(name, *values.shape)
    print(*(np.format_float_positional(v, unique=True, trim="-") for v in values.ravel()))


def canonical(gates):
    i, o, f, c = np.split(gates, 4)
    return np.concatenate([i, f, c, o])


print("# Made by generate.py with ONNX Runtime", onnxruntime.__version__)
print("# Each tensor: name and extents, then its numbers, row-major.")
put("lengths", LENGTHS)
put("input", given["X"])
for d, direction in enumerate(("forward", "reversed")):
    put(direction + ".weightIh", canonical(given["W"][d]))
    put(direction + ".weightHh", canonical(given["R"][d]))
    put(direction + ".bias", canonical(given["B"][d][: 4 * H] + given["B"][d][4 * H :]))
    put(direction + ".initial[0]", given["h0"][d])
    put(direction + ".initial[1]", given["c0"][d])
    put(direction + ".output", Y[:, d])
    put(direction + ".last[0]", hn[d])
    put(direction + ".last[1]", cn[d])
