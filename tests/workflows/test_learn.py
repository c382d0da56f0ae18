"""The frozen encoder: what its head has learnt from, and what is said of it."""

from pathlib import Path

import numpy as np
import pytest
from listening import Listening
from small_texts import intents

from tunewheel import tasks
from tunewheel.records import Source
from tunewheel.training.options import TrainingOptions
from tunewheel.workflows.rows import sets as rows_of
from tunewheel.workflows.rows.sets import Sets
from tunewheel.workflows.tuning.body import Body
from tunewheel.workflows.tuning.contend import ROUGHLY, Candidate, contend
from tunewheel.workflows.tuning.learn import FINE_TUNED, Learner
from tunewheel.workflows.tuning.papers import ALL_ROWS, DATA, LEARNT, draft_papers
from tunewheel.workflows.tuning.trial import Trial


@pytest.fixture(autouse=True)
def many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred rows are not few here."""
    monkeypatch.setattr(rows_of, "FEW_ROWS", 100)


def frozen(folder: Path, scratch: Path, *, carved: bool) -> tuple[Learner, Candidate]:
    kind = tasks.find("text_classification")
    task = kind(kind.Options())
    rows = [task.parse(row, Source("rows.csv", i, "")) for i, row in enumerate(intents(260))]
    task.facts = task.learn(rows)
    sets = Sets(rows[:200], rows[200:], [], "", carved=carved)
    assert not sets.few
    learner = Learner(Body.of("tiny", folder, task), sets, 0, Listening(), scratch)
    return learner, learner.before(TrainingOptions())


def test_validation_rows_that_were_taken_from_the_others_are_learnt_from_once_the_penalty_is_chosen(
    tiny_folder: Path, tmp_path: Path
) -> None:
    twin, apart = frozen(tiny_folder, tmp_path, carved=False)
    learner, candidate = frozen(tiny_folder, tmp_path, carved=True)
    for name, tensor in learner.head.items():  # with which trainings begin
        np.testing.assert_array_equal(tensor, twin.head[name])
        assert not np.array_equal(tensor, learner.last_head[name])
    assert candidate.score == apart.score and candidate.task.facts == apart.task.facts
    module = candidate.made.origin.head.state_dict()
    assert all(np.array_equal(module[name], tensor) for name, tensor in learner.last_head.items())
    held = learner.sets.validation
    assert [a.confidence for a in candidate.held_answers(held)] == pytest.approx(
        [a.confidence for a in candidate.answer(held)[0]], abs=1e-5
    )


def test_those_that_were_given_apart_only_steer(tiny_folder: Path, tmp_path: Path) -> None:
    learner, candidate = frozen(tiny_folder, tmp_path, carved=False)
    assert not candidate.made.knows_validation
    assert all(np.array_equal(learner.head[name], tensor) for name, tensor in learner.last_head.items())


@pytest.mark.parametrize(("carved", "told"), [(True, ALL_ROWS), (False, None)])
def test_the_papers_say_what_was_learnt_from(carved: bool, told: str | None, tiny_folder: Path, tmp_path: Path) -> None:
    import json

    from tunewheel.recipe import build

    learner, candidate = frozen(tiny_folder, tmp_path, carved=carved)
    recipe = build({"task": "text_classification", "data": {"path": "rows.csv"}})
    papers = draft_papers(candidate, recipe, learner.sets)
    assert json.loads(papers[DATA]).get(LEARNT) == told


def test_in_a_hurry_the_body_before_answers_in_bf16_and_its_name_says_so(tiny_folder: Path, tmp_path: Path) -> None:
    learner, _ = frozen(tiny_folder, tmp_path, carved=False)
    candidate = learner.before(TrainingOptions(precision="bf16"))
    rows = learner.sets.validation
    exact, rough = contend(candidate, rows), contend(candidate, rows, rough=True)
    assert rough.rough and rough.contender.name == candidate.name + ROUGHLY
    assert not exact.rough and exact.contender.name == candidate.name
    ours, theirs = (np.array([said.confidence for said in one.contender.predictions]) for one in (exact, rough))
    assert not np.array_equal(ours, theirs) and np.allclose(ours, theirs, atol=0.05)


def test_what_was_fine_tuned_in_bf16_may_answer_in_it_too_where_it_is_not_served(
    tiny_folder: Path, tmp_path: Path
) -> None:
    learner, _ = frozen(tiny_folder, tmp_path, carved=False)
    for precision, name in (("bf16", FINE_TUNED + ROUGHLY), ("fp32", FINE_TUNED)):
        options = TrainingOptions(precision=precision)
        trial = Trial(learner.fresh_module(0), options, 0, 0.5, 1.0, [], [], "finished")
        assert contend(learner.tuned(trial), learner.sets.validation, rough=True).contender.name == name


def test_a_body_that_is_read_in_float32_has_no_rougher_answers(tiny_folder: Path, tmp_path: Path) -> None:
    learner, candidate = frozen(tiny_folder, tmp_path, carved=False)
    judged = contend(candidate, learner.sets.validation, rough=True)
    assert not judged.rough and judged.contender.name == candidate.name
