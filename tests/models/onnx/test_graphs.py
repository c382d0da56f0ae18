"""Exported graphs answer as the modules they come from, in every family and for texts, words and pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from small_texts import intents

from tunewheel.data.words import join_words
from tunewheel.models.backbone import Backbone, load_backbone
from tunewheel.models.heads import Headed, PictureHead, TextHead, WordHead
from tunewheel.models.images.bodies import build_image_body
from tunewheel.models.onnx.feeds import feeds_of
from tunewheel.models.onnx.fused import fused
from tunewheel.models.onnx.graphs import view_of, write_graph
from tunewheel.models.onnx.pictures import write_pictures
from tunewheel.models.onnx.quantise import write_quantised
from tunewheel.models.onnx.smooth import reach_of, smoothed
from tunewheel.models.onnx.static import write_static
from tunewheel.models.processors import load_processor
from tunewheel.models.tensors import to_tensors
from tunewheel.models.text.bodies import build_text_backbone
from tunewheel.records import Batch

NEARLY = 1e-4
SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "vocab_size": 400,
    "max_position_embeddings": 70, "pad_token_id": 1, "embedding_size": 16, "dim": 32, "hidden_dim": 64, "n_layers": 2,
    "n_heads": 4,
}  # fmt: skip
LONG = " ".join(row["text"] for row in intents(30))


def ask(path: Path, batch: Batch, reads: str) -> Any:
    return onnxruntime.InferenceSession(str(path)).run(None, dict(feeds_of(batch, reads)))[0]


def answers(module: Headed, batch: Batch) -> Any:
    with torch.inference_mode():
        return module.eval()(to_tensors(batch))["logits"].numpy()


def random_body(kind: str) -> Backbone:
    body = build_text_backbone({"model_type": kind, **SMALL})
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in body.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return body


@pytest.fixture
def texts(tiny_folder: Path) -> Batch:
    """Short texts, and a long one that is read in windows."""
    short = [row["text"] for row in intents(9)]
    return load_processor(tiny_folder, max_tokens=32).encode([*short[:4], LONG, *short[4:]])


@pytest.mark.parametrize("kind", ["bert", "roberta", "electra", "distilbert", "mpnet"])
def test_texts_are_answered_alike_in_every_family(kind: str, texts: Batch, tmp_path: Path) -> None:
    module = TextHead(random_body(kind), 5)
    texts = Batch({**texts.arrays, "ids": texts["ids"] % 398 + 2}, texts.by)
    write_graph(view_of(module, "text"), "text", tmp_path / "a.onnx")
    np.testing.assert_allclose(ask(tmp_path / "a.onnx", texts, "text"), answers(module, texts), atol=NEARLY)


@pytest.mark.parametrize("smooth", [False, True], ids=["plain", "smooth"])
@pytest.mark.parametrize("kind", ["bert", "roberta", "electra", "distilbert", "mpnet"])
def test_fused_attention_answers_alike_where_the_body_allows_it(
    kind: str, smooth: bool, texts: Batch, tmp_path: Path
) -> None:
    module = TextHead(random_body(kind), 5)
    texts = Batch({**texts.arrays, "ids": texts["ids"] % 398 + 2}, texts.by)
    before, view = answers(module, texts), fused(view_of(module, "text"))
    view = smoothed(view, reach_of(module, "text", texts)) if smooth else view
    write_graph(view, "text", tmp_path / "a.onnx")
    np.testing.assert_allclose(ask(tmp_path / "a.onnx", texts, "text"), before, atol=NEARLY)
    np.testing.assert_array_equal(answers(module, texts), before)  # the module is as it was
    kinds = [node.op_type for node in onnx.load(str(tmp_path / "a.onnx")).graph.node]
    assert kinds.count("MultiHeadAttention") == (0 if kind in ("distilbert", "mpnet") else 2)


def test_words_are_answered_alike(tiny_folder: Path, tmp_path: Path) -> None:
    contents = [join_words(["fee", "card"] * count) for count in (4, 1, 60, 7)]
    batch = load_processor(tiny_folder, max_tokens=32).encode(contents)
    module = WordHead(load_backbone(tiny_folder), 5)
    write_graph(view_of(module, "words"), "words", tmp_path / "a.onnx")
    found = ask(tmp_path / "a.onnx", batch, "words")
    assert found.shape == (144, 5)
    np.testing.assert_allclose(found, answers(module, batch), atol=NEARLY)


def test_pictures_are_answered_alike(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = PictureHead(build_image_body({"model_type": "small-cnn", "channels": [8, 16]}), 4)
    batch = Batch({"pixels": np.random.default_rng(0).integers(0, 255, (5, 1, 16, 16)).astype(np.uint8)})
    write_graph(view_of(module, "image"), "image", tmp_path / "a.onnx", (1, 16, 16))
    np.testing.assert_allclose(ask(tmp_path / "a.onnx", batch, "image"), answers(module, batch), atol=NEARLY)


def test_pictures_are_answered_nearly_alike_in_eight_bits_and_alike_in_any_company(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = PictureHead(build_image_body({"model_type": "small-cnn", "channels": [8, 16]}), 4)
    batch = Batch({"pixels": np.random.default_rng(0).integers(0, 255, (20, 1, 16, 16)).astype(np.uint8)})
    write_graph(view_of(module, "image"), "image", tmp_path / "a.onnx", (1, 16, 16))
    rows = [batch.select([i]) for i in range(len(batch))]
    write_pictures(tmp_path / "a.onnx", tmp_path / "b.onnx", (feeds_of(row, "image") for row in rows))
    expected, together = answers(module, batch), ask(tmp_path / "b.onnx", batch, "image")
    alone = np.concatenate([ask(tmp_path / "b.onnx", row, "image") for row in rows])
    np.testing.assert_allclose(together, alone, atol=NEARLY)
    assert 0 < np.abs(together - expected).mean() < 0.1 * np.abs(expected - expected.mean(0)).mean()
    kinds = [onnx.TensorProto.DataType.Name(t.data_type) for t in onnx.load(str(tmp_path / "b.onnx")).graph.initializer]
    assert kinds.count("INT8") >= 2  # the weights of both convolutions


def test_a_smoothed_view_computes_the_same_and_leaves_the_module_alone(texts: Batch, tiny_folder: Path) -> None:
    module = TextHead(load_backbone(tiny_folder), 5)
    before = answers(module, texts)
    view = smoothed(view_of(module, "text"), reach_of(module, "text", texts))
    with torch.inference_mode():
        feeds = feeds_of(texts, "text")
        found = view(*(torch.from_numpy(feeds[name]) for name in ("ids", "mask", "pool"))).numpy()
    np.testing.assert_allclose(found, before, atol=NEARLY)
    np.testing.assert_array_equal(answers(module, texts), before)


def test_smoothing_brings_eight_bits_nearer_where_a_column_sticks_out(texts: Batch, tmp_path: Path) -> None:
    """As in trained bodies: one column of what a norm gives is far larger, and what reads it weighs less."""
    module = TextHead(random_body("bert"), 5)
    with torch.no_grad():
        for layer in module.backbone.blocks():
            layer.attention.output.LayerNorm.weight[5] = 40.0
            layer.intermediate.dense.weight[:, 5] /= 40.0
    texts = Batch({**texts.arrays, "ids": texts["ids"] % 398 + 2}, texts.by)
    expected, far = answers(module, texts), {}
    view = fused(view_of(module, "text"))
    for name, made in {"plain": view, "smooth": smoothed(view, reach_of(module, "text", texts))}.items():
        write_graph(made, "text", tmp_path / f"{name}.onnx")
        write_quantised(tmp_path / f"{name}.onnx", tmp_path / f"{name}-8.onnx")
        far[name] = float(np.abs(ask(tmp_path / f"{name}-8.onnx", texts, "text") - expected).mean())
    assert 0 < far["smooth"] < 0.7 * far["plain"]


def test_eight_bits_make_the_file_smaller(tiny_folder: Path, tmp_path: Path) -> None:
    write_graph(view_of(TextHead(load_backbone(tiny_folder), 5), "text"), "text", tmp_path / "a.onnx")
    write_quantised(tmp_path / "a.onnx", tmp_path / "b.onnx")
    assert (tmp_path / "b.onnx").stat().st_size < (tmp_path / "a.onnx").stat().st_size


def test_with_fixed_scales_a_row_answers_alike_in_any_company(texts: Batch, tmp_path: Path) -> None:
    module = TextHead(random_body("bert"), 5)
    view = smoothed(fused(view_of(module, "text")), reach_of(module, "text", texts))
    write_graph(view, "text", tmp_path / "plain.onnx")
    write_quantised(tmp_path / "plain.onnx", tmp_path / "small.onnx")
    rows = [texts.select([i]) for i in range(len(texts))]
    write_static(tmp_path / "small.onnx", tmp_path / "fixed.onnx", (feeds_of(row, "text") for row in rows))
    together = ask(tmp_path / "fixed.onnx", texts, "text")
    alone = np.concatenate([ask(tmp_path / "fixed.onnx", row, "text") for row in rows])
    expected = answers(module, texts)
    assert np.abs(together - alone).max() < 1e-5 < np.abs(expected).max()
    assert np.abs(alone - expected).mean() < 0.1 * np.abs(expected).mean()
    kinds = [node.op_type for node in onnx.load(str(tmp_path / "fixed.onnx")).graph.node]
    before = [node.op_type for node in onnx.load(str(tmp_path / "small.onnx")).graph.node]
    assert kinds.count("MatMulIntegerToFloat") == before.count("MatMulInteger") > 0
    assert not {"DynamicQuantizeLinear", "MatMulInteger"} & set(kinds)
