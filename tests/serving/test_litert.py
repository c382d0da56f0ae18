"""LiteRT: the folder answers as the module does, in an environment of its own. Needs `pip install tunewheel[litert]`.

`TUNEWHEEL_LITERT_PYTHON` may name an interpreter that has ai-edge-litert, tokenizers and pillow and nothing else of
ours; else this one asks the script.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tunewheel.errors import ServingError
from tunewheel.models import litert
from tunewheel.models.backbone import load_backbone
from tunewheel.models.litert import lengths, write_litert
from tunewheel.models.onnx.graphs import view_of
from tunewheel.models.processors import load_processor
from tunewheel.models.tiny import tiny_image
from tunewheel.records import Source
from tunewheel.serving import Predictor
from tunewheel.serving.litert import LiteRtEngine
from tunewheel.serving.portable import write_portable
from tunewheel.serving.variant import LITERT, Variant
from tunewheel.task import Task
from tunewheel.tasks.image_classification import ImageClassification
from tunewheel.tasks.text_classification import TextClassification
from tunewheel.tasks.token_classification import TokenClassification
from tunewheel.training.reading import ModuleEngine

TEXTS = ["Anna Smith lives in São Paulo.", "王芳去了上海。", "card", " ".join(["an extra charge came twice"] * 60)]
NEEDED = ("litert_torch", "ai_edge_litert")


def installed() -> bool:
    from importlib.util import find_spec

    return all(find_spec(name) for name in NEEDED)


needs_litert = pytest.mark.skipif(not installed(), reason="litert-torch is not installed")


def test_the_lengths_end_with_the_longest_window() -> None:
    assert lengths(256) == [16, 64, 256] and lengths(128) == [16, 64, 128]
    assert lengths(10) == [10] and lengths(512) == [16, 64, 256, 512]


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "litert_torch", None)
    with pytest.raises(ServingError, match=r"tunewheel\[litert\]"):
        write_litert(torch.nn.Identity(), "text", tmp_path / "a.tflite", longest=16)
    assert litert.SHORTEST == 16


def written(task: Task, body: Path, folder: Path, pixels: tuple[int, ...] = ()) -> tuple[Predictor, Predictor]:
    """The portable folder of a module whose head was drawn by lot; the module at work, and the file at work."""
    torch.manual_seed(1)
    module: Any = task.adapt(load_backbone(body)).eval()
    with torch.no_grad():
        module.head.weight.normal_(0, 2.0)
    path = folder.parent / "model.tflite"
    longest = getattr(task.processor, "max_tokens", 0)
    write_litert(view_of(module, task.reads), task.reads, path, longest=longest, pixels=pixels)
    variant = Variant(LITERT, task.reads, task.best_by, 1, 1, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1)
    write_portable(folder, path, variant, task, "v0001", pixels)
    engines = ModuleEngine(module), LiteRtEngine(path, task.reads)
    one, other = (Predictor(task, task.encode, engine, "v0001") for engine in engines)
    return one, other


def answered(folder: Path, inputs: list[str]) -> list[Any]:
    code = f"import json, sys; sys.path[:0] = [{str(folder)!r}]; import answer; " + (
        "print(json.dumps([[answer.answer(i) for i in json.loads(sys.argv[1])], list(sys.modules)]))"
    )
    python = os.environ.get("TUNEWHEEL_LITERT_PYTHON", sys.executable)
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    asked = [python, "-c", code, json.dumps(inputs)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env=alone)
    found, loaded = json.loads(done.stdout.splitlines()[-1])
    assert not {"tunewheel", "torch", "tensorflow", "onnxruntime", "litert_torch"} & set(loaded)
    return list(found)


@needs_litert
def test_texts(tiny_folder: Path, tmp_path: Path) -> None:
    facts = {"labels": ["fee", "card", "transfer"], "soft": False, "temperature": 1.3}
    task = TextClassification(TextClassification.Options(), facts, load_processor(tiny_folder))
    trained, made = written(task, tiny_folder, tmp_path / "out")
    rows = [{"text": text} for text in TEXTS]
    for one, other, (label, share) in zip(
        trained.predict(rows), made.predict(rows), answered(tmp_path / "out", TEXTS), strict=True
    ):
        assert one.value == other.value == label
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4) == pytest.approx(share, abs=1e-4)


@needs_litert
def test_words(tiny_folder: Path, tmp_path: Path) -> None:
    facts = {"labels": ["O", "B-LOC", "I-LOC"], "temperature": 1.3}
    task = TokenClassification(TokenClassification.Options(), facts, load_processor(tiny_folder))
    trained, made = written(task, tiny_folder, tmp_path / "out")
    rows = [{"text": text} for text in [*TEXTS, " "]]
    found = answered(tmp_path / "out", [*TEXTS, " "])
    for one, other, spans in zip(trained.predict(rows), made.predict(rows), found, strict=True):
        expected = [(span.start, span.end, span.label) for span in one.value]
        assert one.tags == other.tags and [(s["start"], s["end"], s["label"]) for s in spans] == expected
        for span, told in zip(one.value, spans, strict=True):
            assert told["confidence"] == pytest.approx(span.confidence, abs=1e-3)


@needs_litert
def test_pictures(tmp_path: Path) -> None:
    body = tiny_image(tmp_path / "tiny")
    facts = {"labels": ["a", "b", "c"], "side": 16, "grey": False}
    task = ImageClassification(ImageClassification.Options(), facts, load_processor(body))
    ramp = np.arange(21 * 21 * 3).reshape(21, 21, 3) % 251
    Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / "a.png")
    row = {"image": (tmp_path / "a.png").read_bytes()}
    pixels = task.encode([task.parse(row, Source())])["pixels"].shape[1:]
    trained, made = written(task, body, tmp_path / "out", pixels)
    (one,), (other,) = trained.predict([row]), made.predict([row])
    ((label, share),) = answered(tmp_path / "out", [str(tmp_path / "a.png")])
    assert one.value == other.value == label and share == pytest.approx(one.confidence, abs=1e-4)
