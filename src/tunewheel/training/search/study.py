"""Study: an Optuna study (TPE, pruned by successive halving) that survives the process in a file of plain lines."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import SuccessiveHalvingPruner
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from ..options import TrainingOptions
from . import space

RUNGS = 4  # a training is compared with others at a quarter, half and the whole of its schedule
REDUCTION = 2
STARTUP = 4  # so many are drawn at random before the sampler trusts what it has seen


@dataclass
class Suggestion:
    """Options to try, and the settings by which they differ."""

    trial: optuna.Trial = field(repr=False)
    options: TrainingOptions
    settings: space.Settings
    reports: dict[int, float] = field(default_factory=dict)

    def report(self, share: float, score: float) -> bool:
        """Tell the score at a `share` (0 to 1) of the schedule; True where it is not worth going on."""
        rung = int(share * RUNGS)
        if rung < 1 or rung in self.reports:
            return False
        self.reports[rung] = score
        self.trial.report(score, rung)
        return share < 1 and self.trial.should_prune()


class Study:
    """Asks for options near `around`, and learns from the scores that they bring. `file` keeps what was tried.

    Settings that are `fixed` stay as they are. A study that goes on needs another `seed`: it must not draw at random
    what it drew before.
    """

    def __init__(
        self, around: TrainingOptions, layers: int, seed: int, file: Path, fixed: Collection[str] = frozenset()
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.around, self.layers, self.file, self.fixed = around, layers, file, fixed
        self.tried = _lines(file)
        self._study = optuna.create_study(
            direction="maximize",
            sampler=TPESampler(seed=seed, n_startup_trials=STARTUP),
            pruner=SuccessiveHalvingPruner(min_resource=1, reduction_factor=REDUCTION),
        )
        for line in self.tried:
            self._learn(line)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search: every setting is fixed."""
        return not space.settings_of(self.around, self.layers, self.fixed)

    def add(
        self, options: TrainingOptions, score: float, reports: Mapping[int, float], *, keep: bool = False
    ) -> None:  # fmt: skip
        """Learn from a training that was not asked for here, such as that with the suggested settings; with `keep` it
        is written down: an earlier start had asked for it."""
        settings = space.settings_of(options, self.layers, self.fixed)
        line = {"settings": settings, "score": score, "reports": dict(reports), "pruned": False}
        self._learn(line)
        if keep:
            self._write(line)

    def ask(self) -> Suggestion:
        """The next options to try."""
        trial = self._study.ask()
        options = space.suggest(trial, self.around, self.layers, self.fixed)
        return Suggestion(trial, options, dict(trial.params))

    def tell(self, suggestion: Suggestion, trained: TrainingOptions, score: float, *, pruned: bool) -> None:
        """What came of it: the best score on the validation rows, `trained` with these options. Where there was time
        for fewer passes than were suggested, that is what is learnt from, if it is inside the space at all."""
        settings = space.settings_of(trained, self.layers, self.fixed)
        line = {"settings": settings, "score": score, "reports": suggestion.reports, "pruned": pruned}
        if trained.epochs == suggestion.options.epochs:
            state = TrialState.PRUNED if pruned else TrialState.COMPLETE
            self._study.tell(suggestion.trial, None if pruned else score, state)
            return self._write(line)
        self.drop(suggestion)
        if "epochs" not in self.fixed and trained.epochs >= space.fewest_epochs(self.around):
            self._learn(line)
            self._write(line)
        return None

    def drop(self, suggestion: Suggestion) -> None:
        """Nothing is learnt from these options: there was no time for them, or too little."""
        self._study.tell(suggestion.trial, state=TrialState.FAIL)

    def _learn(self, line: Mapping[str, Any]) -> None:
        usual = space.settings_of(self.around, self.layers, self.fixed)  # of settings that lines of before did not have
        line = {**line, "settings": {**usual, **line["settings"]}}
        self._study.add_trial(_frozen(line, self._distributions(line["settings"])))

    def _distributions(self, settings: Mapping[str, Any]) -> dict[str, BaseDistribution]:
        """Where each of the settings may lie."""
        trial = optuna.trial.FixedTrial(dict(settings))
        space.suggest(trial, self.around, self.layers, self.fixed)
        found: dict[str, BaseDistribution] = trial.distributions
        return found

    def _write(self, line: dict[str, Any]) -> None:
        self.tried.append(line)
        with self.file.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(line) + "\n")  # a line that a crash cut off before stays alone


def rungs_of(scores: Iterable[tuple[float, float]]) -> dict[int, float]:
    """What a training would have reported: of (share of the schedule, score) the first at or beyond each rung."""
    found: dict[int, float] = {}
    for share, score in scores:
        if share * RUNGS >= 1:
            found.setdefault(int(share * RUNGS), score)
    return found


def _frozen(line: Mapping[str, Any], distributions: dict[str, BaseDistribution]) -> FrozenTrial:
    reports = {int(rung): score for rung, score in line["reports"].items()}
    return create_trial(
        state=TrialState.PRUNED if line["pruned"] else TrialState.COMPLETE,
        value=None if line["pruned"] else line["score"],
        params=dict(line["settings"]),
        distributions=distributions,
        intermediate_values=reports,
        system_attrs=_completed(reports),
    )


def _completed(reports: Mapping[int, float]) -> dict[str, float]:
    """How the pruner knows how far a training came and how good it was there: Optuna's SuccessiveHalvingPruner notes it
    with each trial when it asks whether to prune it, and compares with nothing else."""
    reached = {
        number: [rung for rung in sorted(reports) if REDUCTION**number <= rung < RUNGS] for number in range(RUNGS)
    }
    return {f"completed_rung_{number}": reports[rungs[0]] for number, rungs in reached.items() if rungs}


def _lines(file: Path) -> list[dict[str, Any]]:
    """What was written before; a line that a crash cut off is left out."""
    if not file.exists():
        return []
    lines = []
    for text in file.read_text("utf-8").split("\n"):
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines
