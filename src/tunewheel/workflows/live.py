"""live: a workspace's version in a Python program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..serving import Predictor, present
from ..workspace import Workspace
from .load import load as load_predictor


class Live:
    """A version ready to answer: `Live.predict(["text", ...])` or rows as dictionaries."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self.version = predictor.version
        self.task = predictor.task.name

    def predict(self, inputs: Sequence[str | Mapping[str, Any]]) -> list[dict[str, Any]]:
        """One answer an input, in order: `label` and `probabilities`, `labels`, or `entities`.

        Raises `RequestInvalid` that names every input that cannot be read.
        """
        column = getattr(self._predictor.task.options, "text", "text")
        rows = [{column: each} if isinstance(each, str) else each for each in inputs]
        examples = self._predictor.parse(rows)
        answers = self._predictor.predict_examples(examples)
        return [present(answer, example) for answer, example in zip(answers, examples, strict=True)]


def load(workspace: str | Path = "tunewheel-workspace", version: str = "live") -> Live:
    """The version with this id or alias. Raises `WorkspaceError` or `VersionMissing`."""
    with Workspace.open(workspace, create=False) as opened:
        return Live(load_predictor(opened, version))
