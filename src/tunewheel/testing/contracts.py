"""The contract of a task: what every task must do, whatever it reads and whatever it answers.

Inherit `TaskContract` in a test class. Give it `task_class`, `rows()` and a fixture `folder` of class or session
scope with a tiny body (`tunewheel.models.tiny`); pytest then says what your task still owes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from ..models.adapters import choose_moving
from ..models.backbone import load_backbone
from ..models.heads import Headed
from ..models.processors import load_processor
from ..models.tensors import to_tensors
from ..records import Batch, Example, Prediction, Row, Scores, Source
from ..registry import BaseStore, bundle
from ..registry.packing import pack_floor, pack_module
from ..registry.revive import Revived, revive
from ..serving import Predictor, certify
from ..serving.certificate import differing, largest_difference
from ..task import Task
from ..training.floors import FLOORS, Floor, FloorState
from ..training.floors.floor import answer
from ..training.loop import Session, train
from ..training.options import TrainingOptions
from ..training.reading import ModuleEngine

FEW = 10
UNKNOWN = "B-nobody taught this"
# Rows in another company are added up in another order.
NEARLY = 1e-5


@dataclass(frozen=True)
class Overfitted:
    """A task whose module was trained on its first ten rows until it knew them by heart."""

    task: Task
    module: Headed
    few: list[Example]
    best: Scores

    def engine(self) -> ModuleEngine:
        return ModuleEngine(self.module)


class TaskContract:
    """What a task must do. `rows()` are about 30 labelled rows, all their labels among the first ten."""

    task_class: ClassVar[type[Task]]
    settings: ClassVar[Mapping[str, Any]] = {}
    training: ClassVar[Mapping[str, Any]] = {"epochs": 60, "learning_rate": 3e-3, "head_learning_rate": 1e-2}

    @classmethod
    def rows(cls) -> Sequence[Row]:
        """Labelled rows as a reader gives them."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def task(cls, folder: Path) -> Task:
        """The task with what it learnt from the rows and the tiny body's processor."""
        made = cls.task_class(cls.task_class.Options(**cls.settings))
        learnt = made.learn(cls._examples(made))
        return cls.task_class(made.options, learnt, load_processor(folder))

    @pytest.fixture(scope="class")
    @classmethod
    def examples(cls, task: Task) -> list[Example]:
        """The rows as examples."""
        return cls._examples(task)

    @pytest.fixture(scope="class")
    @classmethod
    def overfitted(cls, task: Task, examples: list[Example], folder: Path) -> Overfitted:
        """The real loop on ten rows."""
        options = TrainingOptions(**{"precision": "fp32", "dropout": 0.0, "patience": 1000, **cls.training})
        torch.manual_seed(0)
        module = _module(task, folder)
        few = examples[:FEW]
        batch = task.encode(few)
        session = Session(task, module, options, seed=0)

        def validate() -> Scores:
            return task.score(task.decode(ModuleEngine(module)(batch), batch), few)

        for _ in train(session, batch, validate):
            if session.best_score == 1.0:
                break
        session.restore_best()
        return Overfitted(task, module, few, validate())

    @classmethod
    def _examples(cls, task: Task) -> list[Example]:
        return [task.parse(row, Source("rows", number)) for number, row in enumerate(cls.rows(), start=2)]

    # What it says about itself

    def test_every_option_is_described_and_has_a_default(self) -> None:
        for name, field in self.task_class.Options.model_fields.items():
            assert field.description, f"option '{name}' has no description"
            assert not field.is_required(), f"option '{name}' has no default"

    def test_the_sample_rows_can_be_learnt_from(self) -> None:
        task = self.task_class(self.task_class.Options())
        parsed = [task.parse(row, Source("sample", number)) for number, row in enumerate(task.sample, start=1)]
        assert all(example.target is not None for example in parsed)
        assert str(parsed[0].source) == "sample row 1"
        assert len(task.learn(parsed)["labels"]) >= 2

    # From rows to answers

    def test_what_was_learnt_is_plain_json(self, task: Task) -> None:
        assert json.loads(json.dumps(task.facts)) == task.facts

    def test_rows_go_all_the_way_to_scored_answers(self, task: Task, examples: list[Example], folder: Path) -> None:
        batch = task.encode(examples)
        outputs = ModuleEngine(_module(task, folder))(batch)
        facts = task.calibrate(outputs, batch)
        assert json.loads(json.dumps(facts)) == facts
        calibrated = type(task)(task.options, {**task.facts, **facts}, task.processor)
        answers = calibrated.decode(outputs, batch)
        assert len(batch) == len(answers) == len(examples)
        assert all(0 <= answer.confidence <= 1 for answer in answers)
        assert all(math.isfinite(value) for value in task.score(answers, examples).values.values())

    def test_the_main_score_is_the_ratio_of_its_rows(self, task: Task, examples: list[Example], folder: Path) -> None:
        batch = task.encode(examples)
        scores = task.score(task.decode(ModuleEngine(_module(task, folder))(batch), batch), examples)
        ratio = scores.rows[task.best_by]
        assert ratio.numerator.shape == ratio.denominator.shape == (len(examples),)
        assert scores[task.best_by] == pytest.approx(ratio.value, abs=1e-12)

    def test_no_rows_give_no_answers(self, task: Task, folder: Path) -> None:
        batch = task.encode([])
        assert len(batch) == 0
        assert task.decode(ModuleEngine(_module(task, folder))(batch), batch) == []

    def test_the_answer_to_a_row_does_not_depend_on_its_company(
        self, task: Task, examples: list[Example], folder: Path
    ) -> None:
        order = np.random.default_rng(0).permutation(len(examples))
        batch, engine = task.encode(examples), ModuleEngine(_module(task, folder))
        shuffled = batch.select(order)
        _assert_same(shuffled, task.encode([examples[i] for i in order]))
        together, alone = task.decode(engine(batch), batch), [batch.select([i]) for i in range(len(batch))]
        apart = [task.decode(engine(single), single)[0] for single in alone]
        moved = task.decode(engine(shuffled), shuffled)
        _assert_equal_answers(apart, together)
        _assert_equal_answers(moved, [together[i] for i in order])

    # Labels that are missing or unknown

    def test_an_unknown_label_means_no_targets(self, task: Task, examples: list[Example], folder: Path) -> None:
        labelled = next(example for example in examples if example.target)
        odd = [examples[0], replace(labelled, target=_renamed(labelled.target))]
        assert len(_answers_without_targets(task, odd, folder)) == 2
        assert task.plain(odd).targets is None

    def test_a_missing_label_means_no_targets(self, task: Task, examples: list[Example], folder: Path) -> None:
        unlabelled = [replace(example, target=None) for example in examples[:2]]
        assert len(_answers_without_targets(task, unlabelled, folder)) == 2
        assert task.plain(unlabelled).targets is None

    # Learning

    def test_the_loss_is_finite_and_moves_everything(self, task: Task, examples: list[Example], folder: Path) -> None:
        module = _module(task, folder)
        module.train()
        tensors = to_tensors(task.encode(examples))
        loss = task.loss(module(tensors), tensors, smoothing=0.1)
        assert loss.ndim == 0 and math.isfinite(loss.item())
        loss.backward()  # type: ignore[no-untyped-call]
        for part in (module.head, module.backbone):
            assert any(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in part.parameters())

    def test_ten_rows_are_learnt_by_heart(self, overfitted: Overfitted) -> None:
        assert overfitted.best[overfitted.task.best_by] == 1.0

    # From training to serving

    def test_a_saved_module_answers_exactly_as_before(
        self, overfitted: Overfitted, examples: list[Example], folder: Path, tmp_path: Path
    ) -> None:
        task, revived = overfitted.task, _saved_module(overfitted, folder, tmp_path)
        before, after = overfitted.engine()(task.encode(examples)), revived.engine(revived.encode(examples))
        assert before.keys() == after.keys()
        for name in before:
            np.testing.assert_array_equal(before[name], after[name])
        assert revived.task.facts == task.facts and revived.task.options == task.options

    def test_served_answers_are_the_evaluated_ones(
        self, overfitted: Overfitted, examples: list[Example], folder: Path, tmp_path: Path
    ) -> None:
        task, batch = overfitted.task, overfitted.task.encode(examples)
        evaluated = task.decode(overfitted.engine()(batch), batch)
        _assert_certified(_saved_module(overfitted, folder, tmp_path), examples, evaluated)

    def test_each_floor_learns_and_is_served_as_it_was_judged(
        self, task: Task, examples: list[Example], tmp_path: Path
    ) -> None:
        plain = task.plain(examples)
        for kind in [kind for kind in FLOORS.values() if kind.fits(plain)]:
            floor = kind.learn(plain, task.plain(examples[:FEW]), len(task.facts["labels"]), seed=0)
            np.testing.assert_array_equal(_again(floor).logits(plain), floor.logits(plain))
            evaluated = _answers_of_floor(task, floor, examples)
            _assert_no_worse_than_the_majority(task, evaluated, examples)
            _assert_certified(_saved_floor(task, floor, tmp_path), examples, evaluated)


def _module(task: Task, folder: Path) -> Headed:
    """The tiny body with the task's head, everything moving; always the same weights."""
    torch.manual_seed(0)
    module = task.adapt(load_backbone(folder))
    assert isinstance(module, Headed)
    choose_moving(module, "full")
    return module


def _answers_without_targets(task: Task, examples: Sequence[Example], folder: Path) -> list[Prediction]:
    batch = task.encode(examples)
    assert "targets" not in batch
    outputs = ModuleEngine(_module(task, folder))(batch)
    assert task.calibrate(outputs, batch) == {}
    return task.decode(outputs, batch)


def _renamed(target: Any) -> Any:
    """A target of the same kind that no training row has."""
    if isinstance(target, str):
        return UNKNOWN
    return {UNKNOWN: 1.0} if isinstance(target, Mapping) else tuple(_renamed(part) for part in target)


def _manifest(task: Task, kind: str) -> dict[str, str]:
    return {"name": "contract", "task": task.name, "kind": kind}


def _saved_module(overfitted: Overfitted, folder: Path, place: Path) -> Revived:
    """The module packed, written, read and revived."""
    task, bases = overfitted.task, BaseStore(place / "bases")

    def fill(target: Path) -> None:
        pack_module(target, task, overfitted.module, bases, folder / "model.safetensors")

    bundle.write(place / "bundle", fill, _manifest(task, "module"))
    return revive(bundle.read(place / "bundle"), bases)


def _saved_floor(task: Task, floor: Floor, place: Path) -> Revived:
    """The floor packed, written, read and revived."""
    folder = place / floor.name
    bundle.write(folder, lambda target: pack_floor(target, task, floor), _manifest(task, "floor"))
    return revive(bundle.read(folder), BaseStore(place / "bases"))


def _answers_of_floor(task: Task, floor: Floor, examples: Sequence[Example]) -> list[Prediction]:
    batch = floor.encode(task, examples)
    return task.decode(answer(batch), batch)


def _again(floor: Floor) -> Floor:
    """The floor from its state, the facts by way of JSON."""
    state = floor.state()
    return type(floor).from_state(FloorState(dict(state.arrays), json.loads(json.dumps(state.facts))))


def _assert_certified(revived: Revived, examples: Sequence[Example], evaluated: Sequence[Prediction]) -> None:
    predictor = Predictor(revived.task, revived.encode, revived.engine, "v0001")
    certificate = certify(predictor, examples, evaluated, revived.task.score(evaluated, examples))
    assert certificate.holds, certificate.differing
    assert certificate.same_answers == certificate.alone_same == len(examples)


def _assert_no_worse_than_the_majority(task: Task, answers: Sequence[Prediction], examples: Sequence[Example]) -> None:
    """Whatever has seen the rows is on them as good as the most frequent answer, at least."""
    plain = task.plain(examples)
    majority = FLOORS["majority"].learn(plain, plain, len(task.facts["labels"]), seed=0)
    least = task.score(_answers_of_floor(task, majority, examples), examples)
    assert task.score(answers, examples)[task.best_by] >= least[task.best_by]


def _assert_same(one: Batch, other: Batch) -> None:
    assert one.arrays.keys() == other.arrays.keys() and one.by == other.by
    for name, array in one.arrays.items():
        assert array.dtype == other[name].dtype
        np.testing.assert_array_equal(array, other[name])


def _assert_equal_answers(one: Sequence[Prediction], other: Sequence[Prediction]) -> None:
    """The same answers with probabilities that are nearly the same."""
    assert differing(one, other) == []
    assert largest_difference(one, other) < NEARLY
