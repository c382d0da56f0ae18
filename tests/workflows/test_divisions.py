"""Means over divisions count only where all divisions know a thing."""

import pytest

from tunewheel.workflows.tuning.divisions import Repeat, mean_of, means

TWICE = [
    Repeat(1, {"majority": 0.25, "words": 0.5, "frozen": 0.75}, {1: 0.5, 4: 1.0}),
    Repeat(2, {"majority": 0.25, "frozen": 0.25}, {1: 0.75, 4: 0.5}),
]


def test_scores_are_averaged_over_all_divisions() -> None:
    found = means(TWICE, 4)
    assert found is not None
    assert (found.divisions, found.tuned, found.plain["frozen"]) == (2, 0.75, 0.5)


def test_what_was_not_on_all_divisions_has_no_mean() -> None:
    found = means(TWICE, 1)
    assert found is not None and set(found.plain) == {"majority", "frozen"}
    assert means(TWICE, 7) is None and means([], 1) is None
    assert mean_of([*TWICE, Repeat(3, {}, {1: 0.5})], 4) is None
    assert mean_of(TWICE, 1) == pytest.approx(0.625)
