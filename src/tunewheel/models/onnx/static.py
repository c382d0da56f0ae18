"""Static: a graph in eight bits whose activations have fixed scales, learnt from a few rows.

A scale that is found anew for each batch makes a row answer as its company does, a little. With fixed ones each row
answers alike in any company, so that requests that wait may be answered together. Figures in docs/log.md.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .feeds import Feeds

# Of the rows, so many may reach beyond the range that eight bits cover, at either end. 0 to 0.3 did as well.
BEYOND = 0.02
LEVELS = 255
FOUND = "DynamicQuantizeLinear"
CONTRIB = "com.microsoft"


def write_static(source: Path, target: Path, rows: Iterable[Feeds]) -> None:
    """Write the graph of `write_quantised` in `source` once more, the scales of its activations fixed as `rows` have
    them, each fed alone. Raises what onnxruntime raises for a row that does not fit."""
    import onnx

    model = onnx.load(str(source))
    ranges = _ranges(model, rows)
    _fix(model.graph, ranges)
    _fuse(model.graph)
    if all(domain.domain != CONTRIB for domain in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid(CONTRIB, 1))
    onnx.save(model, str(target))


def _ranges(model: Any, rows: Iterable[Feeds]) -> Mapping[str, tuple[float, float]]:
    """From where to where each activation goes on these rows, by the first output of its node."""
    import onnx
    import onnxruntime

    probe = copy.deepcopy(model)
    nodes = [node for node in probe.graph.node if node.op_type == FOUND]
    kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8)
    for node in nodes:
        for name, kind in zip(node.output[1:], kinds, strict=True):
            probe.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, None))
    names = [name for node in nodes for name in node.output[1:]]
    session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    found = np.array([session.run(names, dict(feeds)) for feeds in rows], dtype=np.float64).reshape(-1, len(nodes), 2)
    scales, zeros = found[..., 0], found[..., 1]
    lows = np.quantile(-zeros * scales, BEYOND, axis=0)
    highs = np.quantile((LEVELS - zeros) * scales, 1 - BEYOND, axis=0)
    return {node.output[0]: (low, high) for node, low, high in zip(nodes, lows.tolist(), highs.tolist(), strict=True)}


def _fix(graph: Any, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Scales that were found anew for each batch become constants."""
    from onnx import helper, numpy_helper

    for place, node in enumerate(graph.node):
        if node.op_type != FOUND:
            continue
        low, high = ranges[node.output[0]]
        scale = max(high - low, 1e-9) / LEVELS
        zero = min(max(round(-low / scale), 0), LEVELS)
        for name, value in zip(node.output[1:], (np.float32(scale), np.uint8(zero)), strict=True):
            graph.initializer.append(numpy_helper.from_array(np.array(value), name))
        inputs = [node.input[0], *node.output[1:]]
        graph.node[place].CopyFrom(helper.make_node("QuantizeLinear", inputs, [node.output[0]], name=node.name))


def _fuse(graph: Any) -> None:
    """A product, its scales and its bias in one step of onnxruntime, which it does not find by itself once scales are
    constants."""
    users: dict[str, list[Any]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            users[name].append(node)
    makers = {name: node for node in graph.node for name in node.output}
    constants = {tensor.name for tensor in graph.initializer}
    gone: set[str] = set()
    fused: dict[str, Any] = {}
    for node in graph.node:
        chain = _chain(node, users, makers, constants) if node.op_type == "MatMulInteger" else None
        if chain is not None:
            gone |= {part.output[0] for part in chain.parts}
            fused[chain.parts[-1].output[0]] = chain.joined
    kept = [node for node in graph.node if node.output[0] not in gone or node.output[0] in fused]
    joined = [fused.get(node.output[0], node) for node in kept]  # before the list is emptied
    del graph.node[:]
    graph.node.extend(joined)


class _Chain:
    """What follows a product in eight bits: `parts`, the product first, and the node that does the same `joined`."""

    def __init__(self, parts: Sequence[Any], scales: Any, bias: str) -> None:
        from onnx import helper

        product, last = parts[0], parts[-1]
        self.parts = [scales, *parts]
        left, right, left_zero, right_zero = product.input
        inputs = [left, right, *scales.input, left_zero, right_zero, bias]
        self.joined = helper.make_node(
            "MatMulIntegerToFloat", inputs, [last.output[0]], name=last.name, domain=CONTRIB
        )  # fmt: skip


def _chain(product: Any, users: Mapping[str, Any], makers: Mapping[str, Any], constants: set[str]) -> _Chain | None:
    """Product, cast, scales and, if there is one, bias; None where something else reads what lies between."""
    cast = _only(users[product.output[0]], "Cast")
    scaled = cast and _only(users[cast.output[0]], "Mul")
    if not scaled:
        return None
    scales = makers.get(next(name for name in scaled.input if name != cast.output[0]))
    if scales is None or scales.op_type != "Mul" or len(users[scales.output[0]]) != 1:
        return None
    parts, bias = [product, cast, scaled], ""
    added = _only(users[scaled.output[0]], "Add")
    other = next((name for name in added.input if name != scaled.output[0]), "") if added else ""
    if other in constants:
        parts, bias = [*parts, added], other
    return _Chain(parts, scales, bias)


def _only(nodes: Sequence[Any], kind: str) -> Any:
    return nodes[0] if len(nodes) == 1 and nodes[0].op_type == kind else None
