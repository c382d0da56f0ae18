"""The audit: exact probabilities, fixed size, and what each share is for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tunewheel.feedback.audit import SHARES, allocation, draw

RANDOM = np.random.default_rng(3)
CONFIDENCES = np.round(RANDOM.beta(4, 1.2, 60), 2)
APART = RANDOM.random(60) < 0.2
FAR = np.clip(RANDOM.normal(size=60) - 0.7, 0, None)
TAKEN = RANDOM.random(60) < 0.15


def frequencies(count: int, times: int, **given: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How often each row was drawn, and with which probability it said to be (0 for rows never drawn)."""
    often, said = np.zeros(60), np.zeros(60)
    for seed in range(times):
        for one in draw(count, CONFIDENCES, seed=seed, **given):
            often[one.position] += 1
            assert said[one.position] in (0.0, one.probability)
            said[one.position] = one.probability
    return often / times, said


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"disagree": APART},
        {"drifted": FAR},
        {"disagree": APART, "drifted": FAR, "taken": TAKEN},
        {"drifted": np.where(np.arange(60) == 5, 1e9, FAR)},
    ],
)
def test_rows_are_drawn_as_often_as_their_probability_says(given: dict[str, Any]) -> None:
    often, said = frequencies(12, 1000, **given)
    # Five standard deviations of a share seen in 1,000 drawings.
    assert np.all(np.abs(often - said) <= 5 * np.sqrt(said * (1 - said) / 1000) + 1e-12)
    assert said.sum() == pytest.approx(12)
    assert np.all(said[TAKEN] == 0) if "taken" in given else np.all(said > 0)


def test_a_drawing_has_its_size_and_no_row_twice() -> None:
    for count in (1, 7, 59):
        for seed in range(50):
            drawn = draw(count, CONFIDENCES, disagree=APART, drifted=FAR, seed=seed)
            assert len({one.position for one in drawn}) == len(drawn) == count


def test_fewer_rows_than_asked_for_are_all_drawn_for_certain() -> None:
    drawn = draw(500, CONFIDENCES, taken=TAKEN)
    assert sorted(one.position for one in drawn) == np.flatnonzero(~TAKEN).tolist()
    assert {one.probability for one in drawn} == {1.0}


def test_nothing_is_drawn_from_nothing() -> None:
    assert draw(10, []) == []
    assert draw(0, CONFIDENCES) == []
    assert draw(10, CONFIDENCES, taken=np.ones(60, bool)) == []


def test_the_same_seed_draws_the_same_rows() -> None:
    assert draw(12, CONFIDENCES, drifted=FAR, seed=4) == draw(12, CONFIDENCES, drifted=FAR, seed=4)
    assert draw(12, CONFIDENCES, drifted=FAR, seed=4) != draw(12, CONFIDENCES, drifted=FAR, seed=5)


def test_uncertain_rows_are_drawn_more_often_and_no_weight_explodes() -> None:
    confidences = np.concatenate([np.full(1900, 1.0), np.full(100, 0.5)])
    drawn = draw(100, confidences)
    sure, unsure = (next(d.probability for d in drawn if confidences[d.position] == c) for c in (1.0, 0.5))
    assert unsure > 5 * sure
    assert sure >= SHARES["random"] * 100 / 2000


def test_rows_of_disagreement_are_alike_and_most_of_a_small_stratum_is_drawn() -> None:
    random = np.random.default_rng(0)
    confidences, apart = random.beta(4, 1, 2000), random.random(2000) < 0.06
    drawn = draw(200, confidences, disagree=apart, drifted=random.random(2000))
    chances = {one.probability for one in drawn if apart[one.position]}
    assert len(chances) == 1
    assert chances.pop() > 0.6
    assert sum(one.why == "disagreement" for one in drawn) > 50


def test_no_disagreement_and_no_drift_leave_their_shares_to_the_others() -> None:
    plain = draw(20, CONFIDENCES, seed=1)
    empty = draw(20, CONFIDENCES, disagree=np.zeros(60, bool), drifted=np.zeros(60), seed=1)
    assert plain == empty
    assert {one.why for one in plain} == {"random", "uncertain"}


def test_a_sample_is_spread_over_the_confidences() -> None:
    """In every drawing, not only on the average: the weighted mean of the confidences is that of all rows."""
    confidences = np.random.default_rng(1).beta(4, 1, 2000)
    for seed in range(20):
        drawn = draw(100, confidences, seed=seed)
        weights = np.array([1 / one.probability for one in drawn])
        found = np.array([confidences[one.position] for one in drawn])
        assert weights @ found / weights.sum() == pytest.approx(confidences.mean(), abs=0.01)


def test_allocation_is_what_drawings_hold() -> None:
    given: dict[str, Any] = {"disagree": APART, "drifted": FAR, "taken": TAKEN}
    expected = allocation(20, CONFIDENCES, **given)
    seen = dict.fromkeys(expected, 0.0)
    for seed in range(400):
        for one in draw(20, CONFIDENCES, seed=seed, **given):
            seen[one.why] += 1 / 400
    assert sum(expected.values()) == pytest.approx(20)
    assert seen == {why: pytest.approx(count, abs=0.5) for why, count in expected.items()}


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="drifted has 3 values for 60 rows"):
        draw(5, CONFIDENCES, drifted=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="disagree has 2 values for 60 rows"):
        draw(5, CONFIDENCES, disagree=[True, False])
    with pytest.raises(ValueError, match="drifted must be finite and not below 0"):
        draw(5, CONFIDENCES, drifted=np.full(60, -1.0))
