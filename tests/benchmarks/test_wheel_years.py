"""A small year of made-up topics: rows are used once, arms spend the same labels, nobody learns what judges it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from benchmarks.wheel import turn as wheel
from benchmarks.wheel.plan import ALARM, ALWAYS, GATED, NEVER, ORACLE, Size
from benchmarks.wheel.pools import Pool, mark_late
from benchmarks.wheel.replay import summary, with_shares
from benchmarks.wheel.streams import Stream, drawn
from benchmarks.wheel.version import Rows, fitted
from benchmarks.wheel.year import Diary, arms, begun, error, worth

SIZE = Size(initial=120, frozen=60, traffic=60, audited=15, corrected=10)
MIXES = [{"old": 1.0}] * 2 + [{"old": 0.5, "new": 0.5}] * 3


def made_up(rows: int = 500, classes: int = 3) -> Pool:
    """Two segments with classes of their own that are easy to tell apart, the words of a text saying which."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, classes, 2 * rows) + classes * np.repeat([0, 1], rows)
    vectors = generator.normal(size=(2 * rows, 12)) + 3 * np.eye(12)[labels]
    texts = [f"w{label} said{label} number {row}" for row, label in enumerate(labels)]
    names = tuple(f"class {number}" for number in range(2 * classes))
    return Pool(texts, labels, names, np.repeat(["old", "new"], rows), vectors.astype(np.float32))


@pytest.fixture(scope="module")
def year() -> Stream:
    return drawn("made up", made_up(), MIXES, SIZE, seed=1)


@pytest.fixture(scope="module")
def diaries(year: Stream) -> dict[str, Diary]:
    return arms(year, seed=1)


def every_row(year: Stream) -> Iterator[int]:
    yield from (*year.initial, *year.frozen)
    for turn in year.turns:
        yield from turn.traffic


def test_no_row_comes_twice_and_held_out_rows_never(year: Stream) -> None:
    used = list(every_row(year))
    assert len(used) == len(set(used)) == 120 + 60 + 5 * 60
    assert not set(used) & {row for turn in year.turns for row in turn.held}


def test_traffic_and_held_out_rows_have_the_shares_of_the_turn(year: Stream) -> None:
    new = year.pool.segments == "new"
    assert [int(new[turn.traffic].sum()) for turn in year.turns] == [0, 0, 30, 30, 30]
    assert [turn.weights[new[turn.held]].sum() for turn in year.turns] == pytest.approx([0, 0, 0.5, 0.5, 0.5])
    assert year.changes == (2,)


def test_wrong_corrections_are_as_many_as_asked_for() -> None:
    spoilt = drawn("made up", made_up(), MIXES, SIZE, seed=1, wrong=0.2)
    wrong = [(turn.said != spoilt.pool.labels[turn.corrected]).sum() for turn in spoilt.turns]
    assert wrong == [2] * 5


def test_too_few_rows_are_an_error() -> None:
    with pytest.raises(ValueError, match="segment old has .* too few"):
        drawn("made up", made_up(rows=100), MIXES, SIZE, seed=1)


def test_the_candidate_has_not_learnt_from_what_judges_it(year: Stream) -> None:
    first = begun(year)
    before, turn = first.rows, year.turns[0]
    turned = wheel.turned(year, turn, wheel.Live.of(year, first), before, seed=0)
    learnt = set(turned.candidate.rows.positions)
    assert learnt == set(before.positions) | set(turn.corrected)
    fresh = set(turned.rows.positions) - learnt
    assert len(fresh) == SIZE.audited
    assert fresh <= set(turn.traffic)
    assert not learnt & (set(year.frozen) | set(turn.held))


def test_arms_that_label_spend_the_same(diaries: dict[str, Diary]) -> None:
    spent = 5 * (SIZE.audited + SIZE.corrected)
    assert {name: diary.labels for name, diary in diaries.items()} == {
        NEVER: 0, ALWAYS: spent, ALARM: spent, GATED: spent, ORACLE: spent,
    }  # fmt: skip


def test_new_topics_are_worth_learning_and_the_oracle_is_never_wrong(diaries: dict[str, Diary]) -> None:
    assert len(diaries[ALWAYS].promotions) == 5
    assert diaries[NEVER].live[-1] < 0.6 < diaries[ORACLE].live[-1]
    assert diaries[GATED].live[-1] > diaries[NEVER].live[-1]
    assert all(gain > 0 for _, gain in diaries[ORACLE].promotions)
    assert len({diary.live[0] for diary in diaries.values()}) == 1


def test_worth_is_weighed_by_the_shares_of_the_turn(year: Stream) -> None:
    known = fitted(year.pool, Rows(year.initial, year.pool.labels[year.initial]))
    assert worth(year, year.turns[0], known) > 0.9
    assert worth(year, year.turns[3], known) == pytest.approx(0.5 * worth(year, year.turns[0], known), abs=1e-6)


def test_a_summary_counts_harm_by_year_and_shares_by_the_oracle() -> None:
    def with_gains(live: float, *gains: float) -> Diary:
        return Diary(live=[live, live], promotions=list(enumerate(gains)))

    gated = summary([with_gains(0.6, 0.1, -0.004), with_gains(0.7, -0.02)])
    assert (gated["promotions"], gated["harmful"], gated["harmful_by_a_point"]) == (1.5, 1.0, 0.5)
    told = with_shares({NEVER: summary([with_gains(0.5)]), GATED: gated, ORACLE: summary([with_gains(0.75)])})
    assert {name: arm["share"] for name, arm in told.items()} == {NEVER: 0.0, GATED: 0.6, ORACLE: 1.0}


def test_errors_are_in_points() -> None:
    estimates = [{"value": 0.7, "low": 0.6, "high": 0.8}, {"value": 0.9, "low": 0.88, "high": 0.92}]
    assert error(estimates, [0.73, 0.86]) == {"rmse": 3.54, "bias": 0.5, "covered": 0.5}


def test_every_second_class_comes_late_but_not_what_is_out_of_scope() -> None:
    labels = ["a"] * 5 + ["NO_NODES_DETECTED"] * 9 + ["b"] * 3 + ["c"]
    late = dict(zip(labels, mark_late(labels, ["bot"] * len(labels)), strict=True))
    assert late == {"a": "bot", "NO_NODES_DETECTED": "bot", "b": "bot/late", "c": "bot"}
