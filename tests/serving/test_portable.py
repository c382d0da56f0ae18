"""The folder that needs no Tunewheel: its script answers words and pictures as they are served (texts: stories)."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from small_texts import every_text
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from tunewheel.models.backbone import load_backbone
from tunewheel.models.onnx.graphs import view_of, write_graph
from tunewheel.models.processors import load_processor
from tunewheel.models.text.processor import TextProcessor
from tunewheel.models.tiny import tiny_image
from tunewheel.records import Source
from tunewheel.serving import Predictor
from tunewheel.serving.onnx import OnnxEngine
from tunewheel.serving.portable import write_portable
from tunewheel.serving.variant import Variant
from tunewheel.task import Task
from tunewheel.tasks.image_classification import ImageClassification
from tunewheel.tasks.token_classification import TokenClassification

TAGS = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
TEXTS = [
    "Anna Smith lives in São Paulo, says Dr. Obi.",
    "王芳去了上海。 She said: don't!",
    "naïve cafe\u0301 \u200b नमस्ते a\u200db",
    "   ",
    " ".join(f"Nr{number} Anna lives in New York, and 王芳 moved on." for number in range(60)),
]


def written(task: Task, folder: Path, body: Path, pixels: tuple[int, int, int] = (3, 8, 8)) -> Predictor:
    """A module whose head was drawn by lot, as a portable folder and as it is served."""
    torch.manual_seed(1)
    module: Any = task.adapt(load_backbone(body))
    with torch.no_grad():
        module.head.weight.normal_(0, 2.0)
        if task.reads == "words":  # else nearly every word has the same tag
            module.head.bias.copy_(-module.head.weight @ module.features(_some(task)).mean(0))
    graph = folder.parent / "graph.onnx"
    write_graph(view_of(module, task.reads), task.reads, graph, pixels)

    variant = Variant("onnx-fp32", task.reads, task.best_by, 1, 1, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1)
    write_portable(folder, graph, variant, task, "v0001", pixels)
    return Predictor(task, task.encode, OnnxEngine(graph, task.reads), "v0001")


def _some(task: Task) -> Any:
    from tunewheel.models.tensors import to_tensors

    return to_tensors(task.encode([task.parse({"text": text}, Source()) for text in TEXTS[:2]]))


def answered(folder: Path, inputs: list[str]) -> list[Any]:
    """What the script of the folder answers, in an interpreter that has loaded nothing of ours."""
    code = f"import json, sys; sys.path[:0] = [{str(folder)!r}]; import answer; " + (
        "print(json.dumps([[answer.answer(i) for i in json.loads(sys.argv[1])], list(sys.modules)]))"
    )
    asked = [sys.executable, "-c", code, json.dumps(inputs)]
    found, loaded = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    assert not {"tunewheel", "torch", "transformers"} & set(loaded)
    return list(found)


def word_pieces() -> Tokenizer:
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=False)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return trained(made, trainers.WordPieceTrainer, "[UNK]")


def sentence_pieces() -> Tokenizer:
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return trained(made, trainers.UnigramTrainer, "<unk>", unk_token="<unk>")


def byte_pairs() -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return trained(made, trainers.BpeTrainer, "<unk>", initial_alphabet=pre_tokenizers.ByteLevel.alphabet())


def trained(made: Tokenizer, trainer: Callable[..., Any], unknown: str, **settings: Any) -> Tokenizer:
    special = [unknown, "[CLS]", "[SEP]"]
    made.train_from_iterator(
        every_text(), trainer(vocab_size=330, special_tokens=special, show_progress=False, **settings)
    )
    made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 1), ("[SEP]", 2)])
    return made


@pytest.mark.parametrize("make", [word_pieces, sentence_pieces, byte_pairs], ids=lambda make: make.__name__)
def test_names_are_found_as_they_are_served(make: Callable[[], Tokenizer], tiny_folder: Path, tmp_path: Path) -> None:
    processor = TextProcessor(make(), max_tokens=40, prefix="query: ")
    task = TokenClassification(TokenClassification.Options(), {"labels": TAGS, "temperature": 1.3}, processor)
    served = written(task, tmp_path / "out", tiny_folder).predict([{"text": text} for text in TEXTS])
    kinds = set()
    for text, found, expected in zip(TEXTS, answered(tmp_path / "out", TEXTS), served, strict=True):
        spans = [(one.start, one.end, one.label) for one in expected.value]
        kinds |= {len(text[start:end].split()) for start, end, _ in spans}
        assert [(one["start"], one["end"], one["label"]) for one in found] == spans
        assert [one["text"] for one in found] == [text[start:end] for start, end, _ in spans]
        for one, span in zip(found, expected.value, strict=True):
            assert one["confidence"] == pytest.approx(span.confidence, abs=1e-3)
    assert len(kinds) > 1, "names of one word and of several"


def picture(mode: str, side: int = 21) -> bytes:
    """A ramp of colours, the more of them transparent the further down."""
    ramp = np.arange(side * side * 4).reshape(side, side, 4) % 251
    wide = (ramp[..., 0] * 257).astype(np.uint16)
    image = Image.fromarray(wide) if mode == "I;16" else Image.fromarray(ramp.astype(np.uint8), "RGBA").convert(mode)
    stream = io.BytesIO()
    image.save(stream, "JPEG" if mode == "CMYK" else "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("grey", [True, False], ids=["grey", "colour"])
def test_pictures_are_answered_as_they_are_served(grey: bool, tmp_path: Path) -> None:
    body = tiny_image(tmp_path / "tiny")
    facts = {"labels": ["a", "b", "c"], "side": 16, "grey": grey, "temperature": 0.7}
    task = ImageClassification(ImageClassification.Options(), facts, load_processor(body))
    files = {mode: picture(mode) for mode in ("L", "RGB", "RGBA", "P", "1", "I;16", "CMYK")}
    paths = [tmp_path / f"{number}.png" for number in range(len(files))]
    for path, data in zip(paths, files.values(), strict=True):
        path.write_bytes(data)
    example = task.parse({"image": files["L"]}, Source())
    served = written(task, tmp_path / "out", body, task.encode([example])["pixels"].shape[1:])
    expected = served.predict([{"image": data} for data in files.values()])
    for (label, share), answer in zip(answered(tmp_path / "out", list(map(str, paths))), expected, strict=True):
        assert label == answer.value and share == pytest.approx(answer.confidence, abs=1e-4)
    assert len({round(answer.confidence, 3) for answer in expected}) > 2
