"""Portable: a variant as a folder that answers without Tunewheel."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ...errors import ServingError
from ...models.text.processor import TextProcessor
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
    "words": "`ids` and `mask` (windows, tokens) and `first` (words), the place of each word's first piece",
    "image": "`pixels` (pictures, channels, height, width), bytes",
}


def checked_place(folder: Path) -> Path:
    """The folder, if there is nothing yet. Raises `ServingError`."""
    if folder.exists():
        raise ServingError("there is something already.", where=str(folder), mend="Name a new folder.")
    return folder


def write_portable(folder: Path, variant: Bundle, task: Task, version: str) -> Path:
    """Write the graph, its tokenizer or picture settings, the labels and, for texts, a script that answers."""
    assert task.processor is not None
    with atomic_folder(folder) as made:
        for name in (GRAPH, FACTS):
            shutil.copyfile(variant.file(name), made / name)
        task.processor.save(made)
        (made / SETTINGS).write_text(json.dumps(_settings(task), ensure_ascii=False, indent=1), "utf-8")
        text = _README.format(name=task.summary, version=version, inputs=_INPUTS[task.reads])
        (made / "README.md").write_text(text, "utf-8")
        if task.reads == "text":
            shutil.copyfile(Path(__file__).with_name("answer_texts.py"), made / SCRIPT)
    return folder


def _settings(task: Task) -> dict[str, Any]:
    """What turns logits into answers, and texts into tokens."""
    facts: dict[str, Any] = {name: task.facts[name] for name in ("labels", "thresholds") if name in task.facts}
    facts["temperature"] = task.facts.get("temperature", 1.0)
    processor = task.processor
    if not isinstance(processor, TextProcessor):
        return facts
    room = processor.max_tokens - len(processor.opening) - len(processor.closing)
    return {**facts, "opening": processor.opening, "closing": processor.closing, "room": room}
