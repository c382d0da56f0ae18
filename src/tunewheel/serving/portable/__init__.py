"""Portable: a variant as a folder that answers without Tunewheel."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import ServingError
from ...models.onnx.mapped import copy_graph, weights_of
from ...models.text.processor import TextProcessor
from ...models.text.words import WordPieces
from ...registry.durable import atomic_folder
from ...task import Task
from ..variant import FACTS, Variant, calibrated

SETTINGS, SCRIPT = "settings.json", "answer.py"
_README = """# Version {version}

Made by Tunewheel. {name}
`{graph}` reads {inputs}, and gives `logits`.{beside}
`variant.json` says how near its answers are to those that were evaluated.
"""
_INPUTS = {
    "text": "`ids` and `mask` (windows, tokens) and `pool` (texts, windows), as `answer.py` makes them",
    "words": "`ids` and `mask` (windows, tokens) and `first` (words), as `answer.py` makes them",
    "image": "`pixels` (pictures, channels, height, width), bytes, as `answer.py` makes them",
}
_INPUTS_OF_LITERT = "`ids` (int32) and `mask` (float32) of one window, a graph a length, as `model.py` asks them"
# The same scripts ask a LiteRT file through `model.py`, which is written beside them.
_FOR_LITERT = {
    "Needs onnxruntime": "Needs ai-edge-litert",
    "import onnxruntime\n": "",
    'SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"))': 'SESSION = Model(HERE / "model.tflite")',
    "\n\nHERE = ": "\nfrom model import Model\n\nHERE = ",
}
_SCRIPTS = {"text": "answer_texts.py", "words": "answer_words.py", "image": "answer_pictures.py"}


def checked_place(folder: Path) -> Path:
    """The folder, if there is nothing yet. Raises `ServingError`."""
    if folder.exists():
        raise ServingError("there is something already.", where=str(folder), mend="Name a new folder.")
    return folder


def write_portable(
    folder: Path, graph: Path, variant: Variant, task: Task, version: str, pixels: Sequence[int] = ()
) -> Path:  # fmt: skip
    """Write the graph (`.onnx` or `.tflite`), its tokenizer or picture settings, the labels, what was measured, and a
    script that answers. `pixels` is the shape of a picture (channels, height, width)."""
    assert task.processor is not None
    name = f"model{graph.suffix}"
    with atomic_folder(folder) as made:
        copy_graph(graph, made, name)
        (made / FACTS).write_text(json.dumps(variant.to_json(), indent=1), "utf-8")
        task.processor.save(made)
        (made / SETTINGS).write_text(
            json.dumps(_settings(calibrated(task, variant.temperature), pixels), ensure_ascii=False, indent=1), "utf-8"
        )
        inputs = _INPUTS_OF_LITERT if graph.suffix == ".tflite" and task.reads != "image" else _INPUTS[task.reads]
        weights = weights_of(made / name)
        beside = f"\nIts large weights lie in `{weights.name}`, which belongs beside it." if weights.exists() else ""
        text = _README.format(name=task.summary, version=version, graph=name, inputs=inputs, beside=beside)
        (made / "README.md").write_text(text, "utf-8")
        _write_script(made, task.reads, graph.suffix)
    return folder


def _write_script(folder: Path, reads: str, suffix: str) -> None:
    here = Path(__file__).parent
    text = (here / _SCRIPTS[reads]).read_text("utf-8")
    if suffix == ".tflite":
        shutil.copyfile(here / "litert_model.py", folder / "model.py")
        for told, instead in _FOR_LITERT.items():
            assert told in text, told
            text = text.replace(told, instead)
    (folder / SCRIPT).write_text(text, "utf-8")


def _settings(task: Task, pixels: Sequence[int]) -> dict[str, Any]:
    """What turns logits into answers, and texts into tokens."""
    facts: dict[str, Any] = {name: task.facts[name] for name in ("labels", "thresholds") if name in task.facts}
    facts["temperature"] = task.facts.get("temperature", 1.0)
    processor = task.processor
    if not isinstance(processor, TextProcessor):
        return {**facts, "pixels": pixels}
    opening = processor.opening if task.reads == "text" else processor.bare_opening
    room = processor.max_tokens - len(opening) - len(processor.closing)
    facts |= {"opening": opening, "closing": processor.closing, "room": room}
    return facts if task.reads == "text" else {**facts, **_spacing(processor.pieces)}


def _spacing(pieces: WordPieces) -> dict[str, Any]:
    """How the tokenizer tells that a space stands before a word, and what stands for a word that it does not know."""
    spaces = "bytes" if pieces.byte_level else "metaspace" if pieces.metaspace else ""
    return {"spaces": spaces, "mark": pieces.mark, "unknown": pieces.unknown}
