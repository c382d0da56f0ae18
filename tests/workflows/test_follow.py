"""Going on from the version that is live."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tunewheel.models.backbone import load_backbone
from tunewheel.models.heads import Headed, TextHead
from tunewheel.records import Example
from tunewheel.training.options import TrainingOptions
from tunewheel.workflows.rows.sets import Sets
from tunewheel.workflows.tuning.follow import Following, _aligned, followed
from tunewheel.workflows.tuning.kept import Kept as Record
from tunewheel.workflows.tuning.kept import Training
from tunewheel.workflows.tuning.offering import Best, Offering
from tunewheel.workflows.tuning.trainings import CONTINUED
from tunewheel.workflows.tuning.trial import Trial

ROWS = [Example(f"row {number}", "x") for number in range(3_200)]
SETS = Sets(ROWS[:3_000], ROWS[3_000:], [], "sealed", fingerprints={"a.csv": "f"}, carved=True)
DATA: dict[str, Any] = {
    "rows": {"train": 3_000, "validation": 200, "test": 9}, "files": {"a.csv": "f"}, "frozen test": "sealed", "seed": 7,
}  # fmt: skip


class Kept:
    """A bundle as far as it is asked."""

    def __init__(self, data: dict[str, Any], *files: str) -> None:
        self.texts = {"data.json": json.dumps(data), **dict.fromkeys(files, "{}")}

    def __contains__(self, name: str) -> bool:
        return name in self.texts

    def json(self, name: str) -> Any:
        return json.loads(self.texts[name])


def kept(**changes: Any) -> Any:
    return Kept({**DATA, **changes}, "backbone.json")


def test_a_fine_tuned_version_of_the_same_rows_divided_in_the_same_way_is_followed() -> None:
    assert followed(kept(), SETS, 7)


@pytest.mark.parametrize(
    "changes",
    [{"files": {"a.csv": "g"}}, {"frozen test": "another"}, {"seed": 8},
     {"rows": {"train": 900, "validation": 90, "test": 9}}, {"learnt from": "training and validation rows"}],
    ids=["other rows", "another test", "another division", "few rows, all of them learnt from", "all rows learnt from"],
)  # fmt: skip
def test_one_that_may_have_learnt_from_the_validation_rows_is_not(changes: dict[str, Any]) -> None:
    assert not followed(kept(**changes), SETS, 7)


def test_a_floor_is_not_followed_nor_anything_where_rows_are_few_now() -> None:
    assert not followed(Kept(DATA), SETS, 7)  # type: ignore[arg-type]
    assert not followed(kept(), Sets(ROWS[:100], ROWS[100:120], [], "sealed", carved=True), 7)


@pytest.fixture
def modules(tiny_folder: Path) -> tuple[Headed, Headed]:
    """A module of two answers that was trained, and a fresh one of three."""
    old, fresh = TextHead(load_backbone(tiny_folder), 2), TextHead(load_backbone(tiny_folder), 3)
    with torch.no_grad():
        for parameter in old.parameters():
            parameter.add_(1.0)
    return old, fresh


def test_the_head_is_taken_over_by_label_and_new_labels_begin_fresh(modules: tuple[Headed, Headed]) -> None:
    old, fresh = modules
    weights = _aligned(fresh, old, ["cards", "fees"], ["fees", "songs", "cards"])
    torch.testing.assert_close(weights["head.weight"][[2, 0]], old.head.weight)
    torch.testing.assert_close(weights["head.bias"][1], fresh.head.bias[1])
    body = {name: tensor for name, tensor in old.state_dict().items() if name.startswith("backbone.")}
    assert body and all(torch.equal(weights[name], tensor) for name, tensor in body.items())
    fresh.load_state_dict(weights)


def test_the_best_of_a_few_mixes_of_old_and_new_weights_is_offered(tiny_folder: Path) -> None:
    old, new = TextHead(load_backbone(tiny_folder), 2), TextHead(load_backbone(tiny_folder), 2)
    with torch.no_grad():
        old.head.bias.fill_(0.0)
        new.head.bias.fill_(1.0)
    told: list[tuple[float, dict[str, Any]]] = []
    learner = SimpleNamespace(
        seed=0, sets=SETS, task=SimpleNamespace(facts={"labels": ["cards", "fees"]}), tuned=lambda trial: trial,
        fresh_module=lambda seed: TextHead(load_backbone(tiny_folder), 2),
        score=lambda module, half: 1 - abs(module.head.bias[0].item() - 0.25),
    )  # fmt: skip

    def offer(mixed: Trial, idea: str, began: float, settings: dict[str, Any]) -> None:
        told.append((mixed.module.head.bias[0].item(), settings))

    anytime = SimpleNamespace(offer=offer)
    offering = Offering(learner, anytime, None, Record(0.0), on_trial=False)  # type: ignore[arg-type]
    trial = Trial(new, TrainingOptions(), 0, 0.1, 1.0, [], [], "finished")
    training = Training(1, "Suggested settings", TrainingOptions(), 0)
    offering.best = Best(training, trial, trial)  # type: ignore[arg-type]
    trainings = SimpleNamespace(learner=learner, anytime=anytime, offering=offering)
    Following(trainings, old, ["cards", "fees"])._between(offering.best)  # type: ignore[arg-type]
    assert told == [(pytest.approx(0.25), {"share": 0.25})]


@pytest.mark.parametrize(("steps", "of_them"), [(None, None), (10, 3), (1, 1)])
def test_going_on_takes_a_third_of_the_passes_and_begins_with_the_old_weights(
    tiny_folder: Path, steps: int | None, of_them: int | None
) -> None:
    old = TextHead(load_backbone(tiny_folder), 2)
    begun: list[tuple[Training, dict[str, Any]]] = []
    tried: list[Any] = []
    learner = SimpleNamespace(
        seed=0, task=SimpleNamespace(facts={"labels": ["cards", "fees"]}), seed_for=lambda options: 5,
        fresh_module=lambda seed: TextHead(load_backbone(tiny_folder), 2),
    )  # fmt: skip
    trainings = SimpleNamespace(
        learner=learner, best=None, kept=Record(0.0), left=lambda: 60.0, anytime=SimpleNamespace(tried=tried),
        train=lambda training, start: begun.append((training, start)),
    )  # fmt: skip
    Following(trainings, old, ["cards", "fees"]).follow(TrainingOptions(epochs=7, steps=steps))  # type: ignore[arg-type]
    ((training, start),) = begun
    assert (training.options.epochs, training.options.steps, training.options.warm_head) == (2, of_them, False)
    assert (training.number, training.idea, training.seed) == (1, CONTINUED, 5)
    assert all(torch.equal(start[name], tensor) for name, tensor in old.state_dict().items())
    tried.append(SimpleNamespace(idea=CONTINUED))
    Following(trainings, old, ["cards", "fees"]).follow(TrainingOptions())  # type: ignore[arg-type]
    assert len(begun) == 1, "an earlier start of the run has done it"


def test_nothing_is_gone_on_with_when_time_is_up(tiny_folder: Path) -> None:
    learner = SimpleNamespace(
        seed=0, task=SimpleNamespace(facts={"labels": ["cards", "fees"]}),
        fresh_module=lambda seed: TextHead(load_backbone(tiny_folder), 2),
    )  # fmt: skip
    nothing = SimpleNamespace(tried=[])
    trainings = SimpleNamespace(learner=learner, best=None, left=lambda: 0.0, anytime=nothing)  # it has no `train`
    old = TextHead(load_backbone(tiny_folder), 2)
    Following(trainings, old, ["cards", "fees"]).follow(TrainingOptions())  # type: ignore[arg-type]
