"""compare: any two versions on the frozen test rows or on any labelled file, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import LabelError, VersionMissing
from ..evaluation.compare import Difference, detectable, difference, points
from ..evaluation.outcomes import plain, spoken
from ..feedback.forgetting import Forgetting, forgetting
from ..records import Example
from ..registry import Version
from ..registry.revive import task_of
from ..serving import Predictor
from ..workspace import Workspace
from .load import load
from .rows.gather import gather, open_table
from .rows.judged import Paired, judged_now, paired
from .wheel.evidence import frozen_pairs
from .wheel.settle import frozen_sets

MOST_SHOWN = 5


@dataclass(frozen=True)
class Broken:
    """A row that the second version answers worse: its text and its right answer."""

    text: str
    right: str


@dataclass(frozen=True)
class Compared:
    """What the second version gains on the first, and what it mends and breaks; `finest` is the smallest gain that so
    many rows can be expected to see, in shares of 1."""

    first: str
    second: str
    rows: int
    where: str
    metric: str
    by_version: dict[str, float]
    difference: Difference
    finest: float
    forgetting: Forgetting
    broken: list[Broken]

    @property
    def sentence(self) -> str:
        """The comparison in words."""
        gain = self.difference
        word = "not proved different from" if not gain.proved else "better than" if gain.value > 0 else "worse than"
        spread = (
            f"{points(gain.value)} points of {self.metric.replace('_', ' ')} [{points(gain.low)}, {points(gain.high)}]"
        )
        told = f"{self.second} is {word} {self.first} on {self.rows:,} {self.where}: {spread}, p = {gain.p_value:.3f}"
        changed = f"{len(self.forgetting.mended)} rows mended, {len(self.forgetting.broken)} broken"
        return f"{told}; {changed}. So many rows can be expected to see {points(self.finest)} points."

    def to_json(self) -> dict[str, Any]:
        """The object of `--json`."""
        return {**asdict(self), "forgetting": self.forgetting.to_json(), "sentence": self.sentence}


def compare(workspace: Workspace, first: str, second: str, data: str | Path | None = None) -> Compared:
    """The second version against the first, on the labelled rows of `data` or on the frozen test rows.

    Raises `VersionMissing` where the two have not the same task, `LabelError` where no row has a label.
    """
    one, other = (workspace.versions.get(reference) for reference in (first, second))
    if one.task != other.task:
        raise VersionMissing(
            f"{one.id} has the task {one.task}, and {other.id} {other.task}.", mend="Name two of one task."
        )
    metric = task_of(workspace.bundle(other.id)).best_by
    if data is None:
        sets = frozen_sets(workspace, one.task)
        pairs = frozen_pairs(workspace, other.id, one.id, sets)
        return _compared(one, other, sets.test, pairs, "frozen test rows", metric)
    answering = [load(workspace, version.id) for version in (one, other)]
    examples = _labelled(Path(data), answering[1])
    judged = [judged_now(predictor, examples, None) for predictor in answering]
    return _compared(one, other, examples, paired(judged[1], judged[0]), f"rows of {Path(data).name}", metric)


def _labelled(path: Path, predictor: Predictor) -> list[Example]:
    found = [example for example in gather(open_table(path), predictor.task).examples if example.target is not None]
    if not found:
        raise LabelError("no row has a label.", where=str(path), mend="The columns must be called as in training.")
    return found


def _compared(
    first: Version, second: Version, examples: Sequence[Example], pairs: Paired, where: str, metric: str
) -> Compared:
    known = {example.key: example for example in examples}
    right = {key: spoken(plain(example.target, example), example.text) for key, example in known.items()}
    changed = forgetting([right.get(key, "") for key in pairs.keys], pairs.new, pairs.old)
    keys = [key for i in changed.broken if (key := pairs.keys[i]) in known][:MOST_SHOWN]
    return Compared(
        first.id, second.id, len(pairs.keys), where, metric, {first.id: pairs.old.value, second.id: pairs.new.value},
        difference(pairs.new, pairs.old, groups=pairs.groups), detectable(pairs.new, pairs.old, groups=pairs.groups),
        changed, [Broken(known[key].text[:200], right[key]) for key in keys],
    )  # fmt: skip
