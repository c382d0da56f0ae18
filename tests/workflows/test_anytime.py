"""The best so far is registered the moment it exists, and what was tried is told as it was."""

import json
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from listening import Listening

from tunewheel.training.options import TrainingOptions
from tunewheel.workflows.tuning.anytime import Anytime
from tunewheel.workflows.tuning.kept import NAME, Kept, Training, load


class Registry:
    """Gives ids to whatever is registered."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.status = "draft"

    def __call__(self, candidate: Any) -> Any:
        self.names.append(candidate.name)
        return SimpleNamespace(id=f"v{len(self.names):04d}", status=self.status)


def candidate(name: str, score: float, role: str = "floor", body: str = "") -> Any:
    named = SimpleNamespace(name=body) if body else None
    task, made = SimpleNamespace(best_by="accuracy"), SimpleNamespace(role=role, body=named)
    return SimpleNamespace(name=name, score=score, task=task, made=made)


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def anytime(registry: Registry) -> Anytime:
    return Anytime(registry, 500, time.perf_counter(), 60.0, Listening())


def test_what_beats_the_first_one_is_registered_and_what_does_not_is_not(anytime: Anytime, registry: Registry) -> None:
    for name, score in (("majority", 0.3), ("linear", 0.9), ("frozen", 0.8), ("tuned", 0.95)):
        anytime.offer(candidate(name, score, "after" if name == "tuned" else "floor"), name, time.perf_counter())
    assert registry.names == ["linear", "tuned"]
    assert [one.best for one in anytime.tried] == [True, True, False, True]
    assert [score for _, score in anytime.moments] == [0.3, 0.9, 0.95]


def test_only_the_best_fine_tuned_one_is_held_and_of_equals_the_first(anytime: Anytime) -> None:
    tuned = [candidate(name, score, "after") for name, score in (("a", 0.8), ("b", 0.9), ("c", 0.9))]
    for each in tuned:
        anytime.offer(each, each.name, time.perf_counter(), settings={"name": each.name})
    assert anytime.candidates == [tuned[1]]
    anytime.settle(tuned[0], "learnt anew", time.perf_counter())
    assert anytime.candidates == [tuned[0]]


@pytest.mark.parametrize(("rest", "registered"), [(0.0, 4), (1000.0, 1)])
def test_a_training_that_gets_better_and_better_is_registered_now_and_then(
    anytime: Anytime, registry: Registry, monkeypatch: pytest.MonkeyPatch, rest: float, registered: int
) -> None:
    monkeypatch.setattr("tunewheel.workflows.tuning.anytime.REST_SHARE", 0.0)
    anytime.rising(lambda: candidate("first", 0.4, "after"), 0.4)
    monkeypatch.setattr("tunewheel.workflows.tuning.anytime.REST_SECONDS", rest)
    for score in (0.5, 0.6, 0.3, 0.7):
        anytime.rising(partial(candidate, f"at {score}", score, "after"), score)
    assert len(registry.names) == registered and "at 0.3" not in registry.names


def test_moments_inside_a_training_are_part_of_the_curve(anytime: Anytime) -> None:
    now = time.perf_counter()
    inside = [(now + 1, 0.5), (now + 2, 0.7)]
    anytime.passed("Search", now, 0.7, settings={"epochs": 2}, moments=inside)
    assert [score for _, score in anytime.moments] == [0.5, 0.7]
    assert anytime.tried[0].ended == "pruned" and anytime.tried[0].settings == {"epochs": 2}


def test_what_was_trained_beside_and_is_told_later_joins_the_curve_where_it_was(anytime: Anytime) -> None:
    now = time.perf_counter()
    anytime.passed("Search", now, 0.8, settings={"epochs": 2}, moments=[(now + 1, 0.6), (now + 5, 0.8)], end=now + 5)
    anytime.passed("Search", now, 0.75, settings={"epochs": 3}, moments=[(now + 2, 0.5), (now + 3, 0.75)], end=now + 4)
    anytime.passed("Search", now, 0.8, settings={"epochs": 4}, moments=[(now + 4, 0.8)], end=now + 4)
    assert [score for _, score in anytime.moments] == [0.6, 0.75, 0.8]
    assert [one.best for one in anytime.tried] == [True, False, False]
    assert [one.seconds for one in anytime.tried] == [5.0, 4.0, 4.0]


def test_runs_of_before_knew_one_training_under_way(tmp_path: Path) -> None:
    kept = Kept(60.0, under_way=[Training(3, "Search", TrainingOptions(), 0)])
    kept.save(tmp_path)
    written = json.loads((tmp_path / NAME).read_text())
    for before, now in ((written["under_way"][0], kept.under_way), (None, [])):
        (tmp_path / NAME).write_text(json.dumps({**written, "under_way": before}))
        found = load(tmp_path)
        assert found is not None and found.under_way == now


def test_the_record_says_why_and_what_more_time_would_bring(anytime: Anytime) -> None:
    anytime.offer(candidate("linear", 0.9), "linear", time.perf_counter())
    record = anytime.record("accuracy", "it was the best")
    assert (record.budget, record.rows, record.why) == (60.0, 500, "it was the best") and record.forecast


def test_what_an_earlier_start_noted_is_not_noted_again(anytime: Anytime, registry: Registry) -> None:
    anytime.offer(candidate("majority", 0.3), "majority", time.perf_counter())
    anytime.offer(candidate("linear", 0.9), "linear", time.perf_counter())
    kept = Kept(60.0, tried=anytime.tried, moments=anytime.moments, drafted=anytime.drafted)
    later = Anytime(registry, 500, time.perf_counter(), 60.0, Listening())
    later.go_on(kept)
    later.offer(candidate("majority", 0.3), "majority", time.perf_counter())
    later.offer(candidate("linear", 0.9), "linear", time.perf_counter())
    assert len(later.tried) == 2 and registry.names == ["linear"]


def test_a_draft_that_answers_otherwise_than_judged_is_not_offered_to_be_served(
    anytime: Anytime, registry: Registry
) -> None:
    registry.status = "refused"
    anytime.offer(candidate("majority", 0.3), "majority", time.perf_counter())
    linear = candidate("linear", 0.9)
    anytime.offer(linear, "linear", time.perf_counter())
    assert isinstance(anytime.say, Listening)
    assert "refused" in anytime.say.said and "can be served" not in anytime.say.said
    assert anytime.draft_of(linear) is None


def test_the_candidates_of_a_run_are_those_of_the_body_that_leads(anytime: Anytime) -> None:
    anytime.lead("small")
    anytime.offer(candidate("linear", 0.5), "linear", time.perf_counter())
    for body, frozen, tuned in (("small", 0.6, 0.7), ("large", 0.65, 0.9)):
        anytime.offer(candidate(f"frozen {body}", frozen, "before", body), "frozen", time.perf_counter())
        anytime.offer(candidate(f"tuned {body}", tuned, "after", body), "tuned", time.perf_counter())
    assert [one.name for one in anytime.candidates] == ["linear", "frozen small", "tuned small"]
    best = anytime.best_of("large")
    assert best is not None and best.name == "tuned large"
    anytime.lead("large")
    assert [one.name for one in anytime.candidates] == ["linear", "frozen large", "tuned large"]
    assert anytime.best_of("small") is None, "a module fills memory"


def test_bodies_are_told_apart_only_where_there_were_several(anytime: Anytime) -> None:
    now = time.perf_counter()
    anytime.passed("Search", now, 0.7, settings={"body": "small", "epochs": 2})
    assert [one.settings for one in anytime.record("accuracy", "").tried] == [{"epochs": 2}]
    anytime.passed("Search", now, 0.8, settings={"body": "large", "epochs": 2})
    assert [one.settings["body"] for one in anytime.record("accuracy", "").tried] == ["small", "large"]
