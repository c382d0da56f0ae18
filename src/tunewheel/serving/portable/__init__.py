"""Portable: a variant as a folder that answers without Tunewheel."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ...errors import ServingError
from ...models.text.processor import TextProcessor
from ...models.text.words import WordPieces
from ...registry import Bundle
from ...registry.durable import atomic_folder
from ...task import Task
from ..variant import FACTS, GRAPH

SETTINGS, SCRIPT = "settings.json", "answer.py"
_README = """# {name}, version {version}

Made by Tunewheel. `model.onnx` reads {inputs}, and gives `logits`.
`variant.json` says how near its answers are to those that were evaluated.
"""
_INPUTS = {
    "text": "`ids` and `mask` (windows, tokens) and `pool` (texts, windows), as `answer.py` makes them",
    "words": "`ids` and `mask` (windows, tokens) and `first` (words), as `answer.py` makes them",
    "image": "`pixels` (pictures, channels, height, width), bytes, as `answer.py` makes them",
}
_SCRIPTS = {"text": "answer_texts.py", "words": "answer_words.py", "image": "answer_pictures.py"}


def checked_place(folder: Path) -> Path:
    """The folder, if there is nothing yet. Raises `ServingError`."""
    if folder.exists():
        raise ServingError("there is something already.", where=str(folder), mend="Name a new folder.")
    return folder


def write_portable(folder: Path, variant: Bundle, task: Task, version: str) -> Path:
    """Write the graph, its tokenizer or picture settings, the labels, and a script that answers."""
    assert task.processor is not None
    with atomic_folder(folder) as made:
        for name in (GRAPH, FACTS):
            shutil.copyfile(variant.file(name), made / name)
        task.processor.save(made)
        (made / SETTINGS).write_text(json.dumps(_settings(task), ensure_ascii=False, indent=1), "utf-8")
        text = _README.format(name=task.summary, version=version, inputs=_INPUTS[task.reads])
        (made / "README.md").write_text(text, "utf-8")
        shutil.copyfile(Path(__file__).with_name(_SCRIPTS[task.reads]), made / SCRIPT)
    return folder


def _settings(task: Task) -> dict[str, Any]:
    """What turns logits into answers, and texts into tokens."""
    facts: dict[str, Any] = {name: task.facts[name] for name in ("labels", "thresholds") if name in task.facts}
    facts["temperature"] = task.facts.get("temperature", 1.0)
    processor = task.processor
    if not isinstance(processor, TextProcessor):
        return facts
    opening = processor.opening if task.reads == "text" else processor.bare_opening
    room = processor.max_tokens - len(opening) - len(processor.closing)
    facts |= {"opening": opening, "closing": processor.closing, "room": room}
    return facts if task.reads == "text" else {**facts, **_spacing(processor.pieces)}


def _spacing(pieces: WordPieces) -> dict[str, Any]:
    """How the tokenizer tells that a space stands before a word, and what stands for a word that it does not know."""
    spaces = "bytes" if pieces.byte_level else "metaspace" if pieces.metaspace else ""
    return {"spaces": spaces, "mark": pieces.mark, "unknown": pieces.unknown}
