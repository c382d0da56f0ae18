"""Graphs whose large weights lie beside them."""

import stat
from pathlib import Path

import numpy as np
import pytest
from small_texts import intents

from tunewheel.models.backbone import load_backbone
from tunewheel.models.heads import TextHead
from tunewheel.models.onnx import mapped
from tunewheel.models.onnx.graphs import view_of, write_graph
from tunewheel.models.onnx.mapped import copy_graph, weights_of, write_mapped
from tunewheel.models.processors import load_processor
from tunewheel.serving.onnx import OnnxEngine


@pytest.fixture
def plain(tiny_folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "plain.onnx"
    write_graph(view_of(TextHead(load_backbone(tiny_folder), 3), "text"), "text", path)
    return path


def test_it_answers_alike_and_so_does_a_copy(plain: Path, tmp_path: Path, tiny_folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(mapped, "LARGE", 1_000)
    graph, folder = tmp_path / "model.onnx", tmp_path / "copy"
    write_mapped(plain, graph)
    folder.mkdir()
    copy_graph(graph, folder, graph.name)
    graph_bytes, weights_bytes = graph.stat().st_size, weights_of(graph).stat().st_size
    assert weights_bytes > graph_bytes and graph_bytes + weights_bytes < 1.5 * plain.stat().st_size
    batch = load_processor(tiny_folder).encode([row["text"] for row in intents(5)])
    expected = OnnxEngine(plain, "text")(batch)["logits"]
    for path in (graph, folder / graph.name):
        np.testing.assert_array_equal(OnnxEngine(path, "text")(batch)["logits"], expected)
    weights_of(graph).unlink()
    with pytest.raises(Exception, match="model.onnx.data"):
        OnnxEngine(graph, "text")


def test_whoever_may_read_the_graph_may_read_its_weights(plain: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(mapped, "LARGE", 1_000)
    graph = tmp_path / "model.onnx"
    write_mapped(plain, graph)
    assert stat.S_IMODE(weights_of(graph).stat().st_mode) == stat.S_IMODE(graph.stat().st_mode)


def test_a_small_graph_is_one_file(plain: Path, tmp_path: Path) -> None:
    write_mapped(plain, tmp_path / "model.onnx")
    assert not weights_of(tmp_path / "model.onnx").exists()
