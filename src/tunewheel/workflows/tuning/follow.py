"""Follow: the version that is live, gone on with on all rows, and mixed with what was trained anew.

Going on from what is there costs less than beginning again; weights between old and new keep what the old ones knew
(Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", arXiv 2109.01903). Which of all that is best the
validation rows say: the live version has learnt from none of them, or it is not followed (see `followed`).
"""

from __future__ import annotations

import time
from typing import Any

from ...models.heads import Headed
from ...registry import Bundle
from ...registry.packing import BACKBONE
from ...training.options import TrainingOptions
from ...training.suggest import FEW_ROWS
from ..rows.sets import Sets
from .kept import Training
from .offering import Best
from .papers import DATA, LEARNT
from .trainings import CONTINUED, Trainings

BETWEEN = "Between the live version and the new one"
# What has learnt already needs fewer passes.
PASSES = 1 / 3


def followed(live: Bundle, sets: Sets, seed: int) -> bool:
    """Whether a live version can be followed: a fine-tuned one that learnt from the same files, divided in the same
    way, and from no validation row (few rows are all learnt from, and all are by the frozen encoder)."""
    if BACKBONE not in live or DATA not in live or sets.few:
        return False
    data = live.json(DATA)
    if LEARNT in data:
        return False
    rows = data["rows"]["train"] + data["rows"]["validation"]
    same = data["files"] == sets.fingerprints and data["frozen test"] == sets.test_sha256 and data["seed"] == seed
    return bool(same and rows >= FEW_ROWS)


class Following:
    """The module of the live version, its answers in the order of the new task's labels."""

    def __init__(self, trainings: Trainings, old: Headed, labels: list[str]) -> None:
        self.trainings, self.learner = trainings, trainings.learner
        self.start = _aligned(self.learner.fresh_module(self.learner.seed), old, labels, self._labels())

    def _labels(self) -> list[str]:
        return [str(label) for label in self.learner.task.facts["labels"]]

    def follow(self, options: TrainingOptions) -> None:
        """Weights between old and new, then a shorter training from the old ones, for as long as there is time; what an
        earlier start of the run has done is not done again."""
        trainings, best = self.trainings, self.trainings.best
        done = {one.idea for one in trainings.anytime.tried}
        whole = best is not None and best.share == 1.0 and BETWEEN not in done
        if best is not None and whole and trainings.left() > trainings.offering.going_back:
            self._between(best)
        if CONTINUED not in done and trainings.left() > 0:
            self._go_on(options)

    def _go_on(self, options: TrainingOptions) -> None:
        passes = max(1, round(PASSES * options.epochs))
        steps = options.steps and max(1, round(PASSES * options.steps))
        shorter = options.model_copy(update={"epochs": passes, "steps": steps, "warm_head": False})
        self.trainings.kept.count += 1
        seed = self.learner.seed_for(shorter)
        training = Training(self.trainings.kept.count, CONTINUED, shorter, seed, {"epochs": passes})
        self.trainings.train(training, start=self.start)

    def _between(self, best: Best) -> None:
        """The best of a few shares of the way from the old weights to the new ones."""
        began = time.perf_counter()
        mixed, share = self.trainings.offering.best_share(best.trial, self.start)
        self.trainings.anytime.offer(self.learner.tuned(mixed), BETWEEN, began, settings={"share": share})


def _aligned(fresh: Headed, old: Headed, known: list[str], wanted: list[str]) -> dict[str, Any]:
    """All tensors of the old module, its head's rows by label; rows of labels that it did not know are fresh ones."""
    state, there = dict(fresh.state_dict()), dict(old.state_dict())
    place = {label: number for number, label in enumerate(known)}
    for name, tensor in state.items():
        if not name.startswith("head."):
            state[name] = there[name].to(tensor.device, tensor.dtype)
            continue
        rows = [(number, place[label]) for number, label in enumerate(wanted) if label in place]
        mixed = tensor.detach().clone()
        for new, before in rows:
            mixed[new] = there[name][before].to(tensor.device, tensor.dtype)
        state[name] = mixed
    return state
