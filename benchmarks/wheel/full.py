"""One year of the vader stream with the real thing: `tunewheel turn` on the command line, whole models fine-tuned.

Answers are put into the journal as a server would keep them; everything else is said and done with commands.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunewheel.feedback.journal import Asked
from tunewheel.records import Source, content_key
from tunewheel.serving import Predictor
from tunewheel.workflows.load import load
from tunewheel.workspace import Workspace

from .. import commands
from . import pools, streams
from .plan import FULL_BUDGET, FULL_SEED, FULL_STREAM, GATED, NEVER
from .pools import Ints
from .streams import Stream, Turn

Part = dict[str, Any]
# Held-out rows that are asked to judge a promotion.
JUDGED = 1_500


@dataclass
class Progress:
    """What the judge wrote down: accuracy of the live and of the first version, gains of promotions, seconds."""

    live: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)
    labels: int = 0
    seconds: list[float] = field(default_factory=list)


def measure() -> Part:
    """All turns, one seed."""
    if pools.absent(FULL_STREAM):
        return {"absent": pools.absent(FULL_STREAM)}
    stream = streams.stream(FULL_STREAM, pools.pool(FULL_STREAM), FULL_SEED)
    with commands.temporary_folder() as name:
        return _told(_Replay(stream, Path(name)).year())


def _told(found: Progress) -> Part:
    harmful = sum(gain < 0 for gain in found.gains)
    return {
        "budget": FULL_BUDGET, "turns": len(found.live), "promotions": len(found.gains), "harmful": harmful,
        "gains": [round(gain, 4) for gain in found.gains], "labels": found.labels,
        GATED: round(float(np.mean(found.live)), 4), NEVER: round(float(np.mean(found.first)), 4),
        "curve": [round(value, 4) for value in found.live], "first_curve": [round(value, 4) for value in found.first],
        "turn_seconds": round(float(np.mean(found.seconds)), 1),
    }  # fmt: skip


@dataclass
class _Replay:
    """A workspace in a folder of its own, and the year that it goes through."""

    stream: Stream
    folder: Path

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def year(self) -> Progress:
        """Tune once, then turn after turn: traffic, corrections, labels of the last audit, `turn`."""
        found = Progress()
        first = self._begin()
        for number, turn in enumerate(self.stream.turns):
            live = self._ask(turn, first, found)
            found.labels += self._correct(number, turn) + self._label()
            started = time.perf_counter()
            turned = self._command("turn", "--budget", FULL_BUDGET, "--labels", str(self.stream.size.audited), "--json")
            found.seconds.append(time.perf_counter() - started)
            if turned["live"] != live:
                found.gains.append(self._gain(turn, turned["live"], live))
            commands.say(f"    turn {number + 1}: {found.live[-1]:.3f}, first {found.first[-1]:.3f}, {turned['live']}")
        return found

    def _begin(self) -> str:
        """The first version, from the first file; gives its id."""
        train, test = self.folder / "train.csv", self.folder / "test.csv"
        for path, rows in ((train, self.stream.initial), (test, self.stream.frozen)):
            _write(path, ("text", "label"), zip(self._texts(rows), self._labels(rows), strict=True))
        flags = (
            "--test",
            str(test),
            "--text",
            "text",
            "--label",
            "label",
            "--budget",
            FULL_BUDGET,
            "--model",
            "minilm-l6",
        )
        return str(commands.tune(train, *flags, workspace=self.workspace).value["version"])

    def _ask(self, turn: Turn, first: str, found: Progress) -> str:
        """The traffic is answered and kept; gives the id of the version that answered."""
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        with self._open() as workspace:
            predictor = load(workspace)
            answers = self._answers(predictor, turn.traffic)
            workspace.journal.keep([
                Asked(id=f"r{row}", at=at, version=predictor.version, row={"text": text}, answer=answer.value,
                      key=content_key(text), confidence=float(answer.confidence))
                for row, text, answer in zip(turn.traffic, self._texts(turn.traffic), answers, strict=True)
            ])  # fmt: skip
            found.live.append(float(self._right(predictor, turn.traffic, answers).mean()))
            found.first.append(float(self._right(load(workspace, first), turn.traffic).mean()))
            return predictor.version

    def _correct(self, number: int, turn: Turn) -> int:
        """What users say by themselves; gives how many labels."""
        path = self.folder / f"corrected-{number}.csv"
        said = [self.stream.pool.names[label] for label in turn.said]
        _write(path, ("id", "label"), zip([f"r{row}" for row in turn.corrected], said, strict=True))
        self._command("feedback", "import", str(path), "--who", "users", "--json")
        return len(said)

    def _label(self) -> int:
        """The queue of the last audit is labelled; gives how many labels."""
        queue = self.folder / "queue.csv"
        self._command("audit", "--export", str(queue), "--json")
        with queue.open(encoding="utf-8-sig", newline="") as file:
            ids = [row["id"] for row in csv.DictReader(file)]
        if not ids:
            return 0
        rows = np.array([int(name.removeprefix("r")) for name in ids])
        _write(queue, ("id", "label"), zip(ids, self._labels(rows), strict=True))
        self._command("audit", "--import", str(queue), "--json")
        return len(ids)

    def _gain(self, turn: Turn, new: str, old: str) -> float:
        """What a promotion is truly worth on held-out rows of the turn's distribution."""
        chosen = np.random.default_rng(0).choice(len(turn.held), min(JUDGED, len(turn.held)), False, turn.weights)
        with self._open() as workspace:
            right = [self._right(load(workspace, version), turn.held[chosen]).mean() for version in (new, old)]
        return float(right[0] - right[1])

    def _right(self, predictor: Predictor, rows: Ints, answers: Any = None) -> NDArray[np.bool_]:
        answers = answers or self._answers(predictor, rows)
        return np.array([a.value == label for a, label in zip(answers, self._labels(rows), strict=True)])

    def _answers(self, predictor: Predictor, rows: Ints) -> Any:
        examples = [predictor.task.parse({"text": text}, Source("traffic")) for text in self._texts(rows)]
        return predictor.predict_bulk(examples)

    def _texts(self, rows: Ints) -> list[str]:
        return [self.stream.pool.texts[row] for row in rows]

    def _labels(self, rows: Ints) -> list[str]:
        return [self.stream.pool.names[label] for label in self.stream.pool.labels[rows]]

    @contextmanager
    def _open(self) -> Iterator[Workspace]:
        with Workspace.open(self.workspace, create=False) as workspace:
            yield workspace

    def _command(self, *words: str) -> Any:
        return commands.ask([*commands.TUNEWHEEL, *words, "--workspace", str(self.workspace)]).value


def _write(path: Path, columns: Sequence[str], rows: Any) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
