"""Quantise: the weights of a graph in eight bits with a scale a column, activations in eight bits as they come."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_quantised(source: Path, target: Path) -> None:
    """Write the graph in `source` once more, its products with weights in eight bits.

    The head is a `Gemm` and stays as it is, and so does attention: products of two activations lose more than they
    save.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = onnx.load(str(source)).graph
    weights = {tensor.name for tensor in graph.initializer}
    chosen = [node.name for node in graph.node if node.op_type == "MatMul" and node.input[1] in weights]
    with quiet():
        quantize_dynamic(
            str(source), str(target), per_channel=True, weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"], nodes_to_quantize=chosen, extra_options={"MatMulConstBOnly": True},
        )  # fmt: skip


@contextmanager
def quiet() -> Iterator[None]:
    """The library advises on the root logger to optimise the graph first, which its sessions do by themselves."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(before)
