"""The exported graph as an engine: order, several threads, files that are no graph."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import current_thread

import numpy as np
import pytest
from small_texts import intents

from tunewheel.data.words import join_words
from tunewheel.errors import BundleDamaged
from tunewheel.models.backbone import load_backbone
from tunewheel.models.heads import TextHead, WordHead
from tunewheel.models.onnx.graphs import view_of, write_graph
from tunewheel.models.processors import load_processor
from tunewheel.serving import onnx
from tunewheel.serving.alone import KNOWN
from tunewheel.serving.onnx import OnnxEngine
from tunewheel.training.reading import ModuleEngine


@pytest.fixture(autouse=True)
def many_small_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "UNITS", 40)


def test_answers_come_in_the_order_of_the_rows_from_one_thread_or_two(tiny_folder: Path, tmp_path: Path) -> None:
    module, path = TextHead(load_backbone(tiny_folder), 3), tmp_path / "a.onnx"
    write_graph(view_of(module, "text"), "text", path)
    batch = load_processor(tiny_folder).encode([row["text"] * (n % 5 + 1) for n, row in enumerate(intents(40))])
    expected = ModuleEngine(module)(batch)["logits"]
    for threads in (1, 2):
        np.testing.assert_allclose(OnnxEngine(path, "text", threads)(batch)["logits"], expected, atol=1e-4)


def test_answers_by_word_come_in_the_order_of_the_words(tiny_folder: Path, tmp_path: Path) -> None:
    module, path = WordHead(load_backbone(tiny_folder), 4), tmp_path / "a.onnx"
    write_graph(view_of(module, "words"), "words", path)
    batch = load_processor(tiny_folder).encode([join_words(["fee", "card"] * n) for n in (9, 1, 30, 17, 4)])
    expected = ModuleEngine(module)(batch)["logits"]
    np.testing.assert_allclose(OnnxEngine(path, "words", 2)(batch)["logits"], expected, atol=1e-4)


def test_several_callers_at_once_get_their_own_answers(tiny_folder: Path, tmp_path: Path) -> None:
    module, path = TextHead(load_backbone(tiny_folder), 3), tmp_path / "a.onnx"
    write_graph(view_of(module, "text"), "text", path)
    processor, engine = load_processor(tiny_folder), OnnxEngine(path, "text", 2)
    batches = [processor.encode([row["text"]]) for row in intents(30)]
    with ThreadPoolExecutor(6) as callers:
        found = list(callers.map(lambda batch: engine(batch)["logits"], batches))
    for batch, logits in zip(batches, found, strict=True):
        np.testing.assert_allclose(logits, ModuleEngine(module)(batch)["logits"], atol=1e-4)


def test_who_comes_alone_gets_the_same_answers_from_all_cores(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.onnx"
    write_graph(view_of(TextHead(load_backbone(tiny_folder), 3), "text"), "text", path)
    engine, processor = OnnxEngine(path, "text", lone=2), load_processor(tiny_folder)
    used = []
    monkeypatch.setattr(
        engine, "_answer", lambda batch, session: used.append(session) or OnnxEngine._answer(engine, batch, session)
    )
    for row in intents(5):
        batch = processor.encode([row["text"]])
        np.testing.assert_array_equal(engine.alone(batch)["logits"], engine(batch)["logits"])
    assert used == [engine._lone, engine._session] * 5
    with engine._alone.inside():  # somebody else computes
        engine.alone(batch)
    assert used[-1] is engine._session


def test_a_large_batch_takes_one_core_only_while_somebody_else_computes(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.onnx"
    write_graph(view_of(TextHead(load_backbone(tiny_folder), 3), "text"), "text", path)
    batch = load_processor(tiny_folder).encode([row["text"] for row in intents(40)])
    engine, another = OnnxEngine(path, "text", 2), OnnxEngine(path, "text")
    threads = set()
    monkeypatch.setattr(
        engine,
        "_answer",
        lambda batch, session: threads.add(current_thread().name) or OnnxEngine._answer(engine, batch, session),
    )
    expected = engine(batch)["logits"]
    assert all(name.startswith("onnx") for name in threads), "in the threads of the engine"
    threads.clear()
    with another._alone.inside():
        np.testing.assert_array_equal(engine(batch)["logits"], expected)
    assert threads == ({current_thread().name} if KNOWN else threads)


def test_a_file_that_is_no_graph_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"nothing")
    with pytest.raises(BundleDamaged, match="cannot be read"):
        OnnxEngine(tmp_path / "a.onnx", "text")
