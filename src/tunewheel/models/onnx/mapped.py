"""Mapped: a graph whose large weights lie in a file beside it, which all processes on a machine share.

onnxruntime maps such a file instead of reading it: a table of word vectors is in memory once, however many processes
and sessions answer with it, and of it only what was used. Figures in docs/log.md.
"""

from __future__ import annotations

import shutil
from pathlib import Path

# Weights from so many bytes on. Smaller ones are rearranged by onnxruntime for its products, in memory of its own.
LARGE = 1 << 20
SUFFIX = ".data"


def write_mapped(source: Path, target: Path) -> None:
    """Write the graph in `source` once more, its large weights in a file of their own beside `target`."""
    import onnx

    weights, model = weights_of(target), onnx.load(str(source))
    onnx.save_model(model, str(target), save_as_external_data=True, location=weights.name, size_threshold=LARGE)
    if weights.exists():
        shutil.copymode(target, weights)  # the library keeps it from all other users


def weights_of(graph: Path) -> Path:
    """Where the large weights of a graph lie, if there are any."""
    return graph.with_name(graph.name + SUFFIX)


def copy_graph(source: Path, folder: Path, name: str) -> None:
    """Copy a graph, and the weights beside it, into a folder. They find each other by the `name` that both have."""
    shutil.copyfile(source, folder / name)
    if (weights := weights_of(source)).exists():
        shutil.copyfile(weights, folder / weights.name)
