"""Words and pictures from a labelled file to a folder that answers without Tunewheel, as the version is served."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_texts import names

from tunewheel.models.tiny import tiny_image
from tunewheel.workflows.export import Tolerance, export
from tunewheel.workflows.load import load
from tunewheel.workflows.tune import tune
from tunewheel.workspace import Workspace

SETTINGS = ("training.epochs=2", "training.precision=fp32")


def words(home: Path) -> Path:
    path = home / "names.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in names(160)), "utf-8")
    return path


def pictures(home: Path) -> Path:
    random = np.random.default_rng(1)
    for number in range(80):
        label = ("dark", "light")[number % 2]
        pixels = random.integers(0, 130, (20, 20)) + (0, 120)[number % 2]
        (home / "pictures" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(home / "pictures" / label / f"{number}.png")
    return home / "pictures"


def fine_tuned(data: Path, home: Path, model: Path) -> str:
    tune(data, workspace=home / "team", model=str(model), sets=SETTINGS)
    with Workspace.open(home / "team") as workspace:
        return next(v.id for v in workspace.versions.list() if v.kind == "module" and v.status == "ready")


def exported(home: Path, version: str) -> Any:
    with Workspace.open(home / "team") as workspace:
        made = export(workspace, version=version, output=home / "out", tolerance=Tolerance(same=0.5, lost=1.0))
        return made, load(workspace, version, made.chosen)


def answered(folder: Path, inputs: list[str]) -> list[Any]:
    code = "import json, sys, answer; print(json.dumps([answer.answer(i) for i in sys.argv[1:]]))"
    asked = [sys.executable, "-c", code, *inputs]
    return list(json.loads(subprocess.run(asked, capture_output=True, text=True, check=True, cwd=folder).stdout))


def test_words(tmp_path: Path, tiny_folder: Path) -> None:
    made, served = exported(tmp_path, fine_tuned(words(tmp_path), tmp_path, tiny_folder))
    assert [one.name for one in made.variants] == ["onnx-fp32", "onnx-int8", "onnx-int8-static"]
    assert made.variants[1].temperature is not None
    settings = json.loads((tmp_path / "out" / "settings.json").read_text("utf-8"))
    assert settings["temperature"] == served.task.facts["temperature"]
    texts = ["Nr3 says Anna Smith lives in New York.", "王芳 lives in 上海."]
    answers = served.predict([{"text": text} for text in texts])
    for found, answer in zip(answered(tmp_path / "out", texts), answers, strict=True):
        assert [(s["start"], s["end"], s["label"]) for s in found] == [(s.start, s.end, s.label) for s in answer.value]
        assert [s["confidence"] for s in found] == pytest.approx([s.confidence for s in answer.value], abs=2e-2)


def test_pictures(tmp_path: Path) -> None:
    made, served = exported(tmp_path, fine_tuned(pictures(tmp_path), tmp_path, tiny_image(tmp_path / "tiny")))
    plain, small = made.variants
    assert plain.name == "onnx-fp32" and plain.temperature is None and plain.same == plain.rows
    assert small.name == "onnx-int8-static" and small.temperature is not None and small.share >= 0.9
    assert small.size_bytes < plain.size_bytes
    files = sorted((tmp_path / "pictures").rglob("*.png"))[::16]
    answers = served.predict([{"image": file.read_bytes()} for file in files])
    for (label, share), answer in zip(answered(tmp_path / "out", list(map(str, files))), answers, strict=True):
        assert label == answer.value and share == pytest.approx(answer.confidence, abs=1e-3)
