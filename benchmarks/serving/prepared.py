"""What is served: one model, tuned and exported once by Tunewheel, and the same model for the rivals; kept in a cache.

It lies beside the environments (`TUNEWHEEL_BENCH_CACHE`); removing the folder makes it anew. Not counted as measuring.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import commands
from ..budget.environments import environments
from ..sets import LabelledSet, csv_rows, evenly, labelled_sets
from .plan import TEXTS

SET, MODEL = "banking77", "minilm-l6"
# The version that is served, and another good one that takes its place while traffic flows.
# Passes and not a budget: what can be fine-tuned in two minutes is nothing on a busy machine.
FIRST_EPOCHS, SECOND_EPOCHS = 3, 2
FACTS = "prepared.json"


@dataclass(frozen=True)
class Prepared:
    """A folder with a workspace of two exported versions, the graph alone, and transformers' form of the first."""

    folder: Path
    data: LabelledSet
    facts: dict[str, Any]

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def engine(self) -> Path:
        return self.folder / "engine"

    @property
    def rival(self) -> Path:
        return self.folder / "rival"

    @property
    def versions(self) -> tuple[str, str]:
        """The ids of both, the one that is live first."""
        return self.facts["first"], self.facts["second"]

    def texts(self, most: int | None = None) -> list[str]:
        """Test texts, all or evenly spread."""
        rows = csv_rows(self.data.test)
        return [rows[place]["text"] for place in evenly(len(rows), most or len(rows))]

    def texts_file(self, folder: Path, most: int | None = None) -> str:
        """The same as a JSON file for another process; gives its path."""
        path = folder / f"texts-{most or 'all'}.json"
        path.write_text(json.dumps(self.texts(most), ensure_ascii=False), "utf-8")
        return str(path)

    def few(self) -> list[str]:
        """The texts that are asked in turn."""
        return self.texts(TEXTS)


def prepared() -> Prepared:
    """What was kept, or made now. Raises `CommandFailed`."""
    folder = environments().parent / "serving"
    data = labelled_sets()[SET]
    if data.absent:
        raise commands.CommandFailed(data.absent)
    if not (folder / FACTS).is_file():
        commands.say(f"preparing what is served, in {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / FACTS).write_text(json.dumps(_made(folder, data), indent=1), "utf-8")
    return Prepared(folder, data, json.loads((folder / FACTS).read_text("utf-8")))


def _made(folder: Path, data: LabelledSet) -> dict[str, Any]:
    workspace = folder / "workspace"
    first = _tuned(data, workspace, FIRST_EPOCHS, seed=0)
    second = _tuned(data, workspace, SECOND_EPOCHS, seed=1)
    run(workspace, "promote", first)
    exported = commands.ask(command(workspace, "export", first, "--output", str(folder / "engine"), "--json"))
    commands.ask(command(workspace, "export", second, "--json"))
    arguments = (str(workspace), first, str(folder / "rival"))
    commands.ask(commands.module("serving.rivals.same_weights", *arguments))
    return {"first": first, "second": second, "set": data.name, "model": MODEL, "exported": exported.value}


def _tuned(data: LabelledSet, workspace: Path, epochs: int, seed: int) -> str:
    passes = f"training.epochs={epochs}"
    flags = ["--test", str(data.test), "--model", MODEL, "--set", passes, "--seed", str(seed)]
    return str(commands.tune(data.train, *data.flags, *flags, workspace=workspace).value["version"])


def command(workspace: Path, *words: str) -> list[str]:
    """A command line of Tunewheel in a workspace."""
    return [*commands.TUNEWHEEL, *words, "--workspace", str(workspace)]


def run(workspace: Path, *words: str) -> str:
    """What a command that prints no JSON says. Raises `CommandFailed`."""
    ended = subprocess.run(
        command(workspace, *words), capture_output=True, text=True, env=commands.environment(), check=False
    )
    if ended.returncode:
        raise commands.CommandFailed(f"tunewheel {' '.join(words)}: {ended.stderr.strip()[-600:]}")
    return ended.stdout.strip()
