"""The gate on right-or-wrong rows, weighted rows and entities."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tunewheel.evaluation.permutation import flipped
from tunewheel.feedback.gate import KEPT, Decision, Evidence, Guard, bar, decide
from tunewheel.records import Ratio


def pair(mended: int, broken: int, alike: int = 100) -> tuple[Ratio, Ratio]:
    """A candidate and a live version that differ in so many rows; both are right on the rest."""
    new = np.array([1] * mended + [0] * broken + [1] * alike, float)
    old = np.array([0] * mended + [1] * broken + [1] * alike, float)
    return Ratio(new, np.ones(len(new))), Ratio(old, np.ones(len(old)))


def test_what_is_proved_better_is_promoted_and_the_sentence_says_by_how_much() -> None:
    decision = decide([Evidence("frozen", *pair(20, 3))])
    assert decision.promote
    assert "better on 123 frozen test rows: 13.8 points [" in decision.sentence
    assert "20 mended, 3 broken, p = 0.000" in decision.sentence


def test_what_is_not_proved_is_held_and_told_how_much_could_be_seen() -> None:
    decision = decide([Evidence("frozen", *pair(6, 4))])
    assert not decision.promote
    assert "not proved better" in decision.sentence
    assert "can be expected to see a gain of" in decision.sentence


def test_fresh_rows_promote_where_the_frozen_ones_are_level() -> None:
    decision = decide([Evidence("audited", *pair(18, 2), weights=np.full(120, 4.0)), Evidence("frozen", *pair(5, 5))])
    assert decision.promote
    assert decision.sentence.startswith("better on 120 audited rows")


def test_two_looks_share_the_level() -> None:
    close = pair(12, 4)  # p = 0.038
    assert decide([Evidence("frozen", *close)]).promote
    assert not decide([Evidence("frozen", *close), Evidence("audited", *pair(0, 0))]).promote
    assert decide([Evidence("audited", *close), Evidence("frozen", *pair(0, 0))]).promote  # 0.04 of 0.05 is theirs


def test_rows_that_show_it_worse_outweigh_rows_that_show_it_better() -> None:
    decision = decide([Evidence("audited", *pair(20, 2)), Evidence("frozen", *pair(3, 30))])
    assert not decision.promote
    assert decision.sentence.startswith("worse on 133 frozen test rows")


def test_a_broken_guard_holds_back_what_is_better() -> None:
    guard = Guard("latency", False, "it takes 9 ms a row, and the live version 3")
    decision = decide([Evidence("frozen", *pair(20, 3))], [Guard("slices", True, "no slice is worse"), guard])
    assert not decision.promote
    assert decision.sentence.startswith("it takes 9 ms a row")


def test_weights_decide_whose_wins_count() -> None:
    new, old = pair(12, 8, alike=0)
    heavy_losses = np.array([1.0] * 12 + [10.0] * 8)
    look = decide([Evidence("audited", new, old, weights=heavy_losses)]).looks[0]
    assert look.value < 0 < look.mended - look.broken
    assert not look.better


def test_a_handful_of_audited_rows_proves_nothing() -> None:
    assert not decide([Evidence("audited", *pair(4, 0), weights=np.ones(104))], level=0.2).promote


def test_what_one_turn_cannot_prove_several_can() -> None:
    close = Evidence("audited", *pair(8, 4))
    assert not decide([close]).promote
    decision = decide([replace(close, earlier=((5, 1), (12, 5)))])
    assert decision.promote
    assert "8 mended, 4 broken (17 and 6 by the candidates before it), p = 0.0" in decision.sentence
    assert not decide([replace(close, earlier=((5, 4), (12, 13)))]).promote
    assert not decide([replace(close, earlier=((0, 0),)), Evidence("frozen", *pair(2, 2))]).promote


def test_what_earlier_candidates_mended_does_not_promote_one_that_breaks_more() -> None:
    assert not decide([Evidence("audited", *pair(2, 3), earlier=((30, 2),))]).promote


def test_what_candidates_showed_long_ago_counts_less() -> None:
    close = Evidence("audited", *pair(3, 1))
    long_ago, lately = ((9, 2), *[(0, 0)] * 20), (*[(0, 0)] * 20, (9, 2))
    apart = [decide([replace(close, earlier=earlier)]).looks[0].p_better for earlier in (long_ago, lately)]
    assert apart[1] < 0.02 < 0.05 < apart[0]


def test_a_turn_promotes_what_gains_nothing_no_more_often_than_its_level_however_many_came_before() -> None:
    generator = np.random.default_rng(1)
    fooled, years = 0, 60
    for _ in range(years):
        earlier: list[tuple[float, int, int]] = []
        for _ in range(26):
            won = int(generator.binomial(8, 0.5))
            p_value = flipped(np.ones(won), np.ones(8 - won), earlier, draws=2_000)
            earlier = [(KEPT * weight, *counts) for weight, *counts in earlier] + [(KEPT, won, 8 - won)]
            if p_value < 0.04 and won > 4:
                fooled, earlier = fooled + 1, []
    assert 0 < fooled <= 0.5 * years  # 0.04 a turn would be one a year


def test_frozen_rows_that_judged_before_need_more_each_time() -> None:
    assert [bar(looks, 0, 0.05) for looks in (1, 2, 5)] == [40, 120, 600]
    assert bar(5, 2, 0.05) == pytest.approx(200)
    again = [decide([Evidence("frozen", *pair(30, 12), looks=looks)]).promote for looks in (0, 1, 20)]
    assert again == [True, False, False]
    assert decide([Evidence("frozen", *pair(60, 10), looks=20)]).promote


def test_under_no_gain_a_year_of_looks_at_the_same_rows_seldom_promotes() -> None:
    generator = np.random.default_rng(0)
    fooled = 0
    for _ in range(60):
        old = (generator.random(400) < 0.8).astype(float)
        for looks in range(13):
            new = np.where(generator.random(400) < 0.1, 1 - old, old) if looks % 2 else old
            new = np.where(generator.random(400) < 0.05, generator.random(400) < 0.5, new).astype(float)
            ones = np.ones(400)
            fooled += decide([Evidence("frozen", Ratio(new, ones), Ratio(old, ones), looks=looks)]).promote
    assert fooled <= 3


def test_entities_are_judged_by_their_ratio() -> None:
    generator = np.random.default_rng(0)
    bottom = generator.integers(2, 6, 200).astype(float)
    top = np.minimum(bottom, 2 * generator.integers(0, 3, 200)).astype(float)
    better = np.where(generator.random(200) < 0.3, bottom, top)
    decision = decide([Evidence("frozen", Ratio(better, bottom), Ratio(top, bottom))])
    assert decision.promote
    assert decision.looks[0].broken == 0


@pytest.mark.parametrize("evidence", [[], [Evidence("frozen", *pair(0, 0, alike=0))]])
def test_without_rows_nothing_is_promoted(evidence: list[Evidence]) -> None:
    assert not decide(evidence).promote


def test_a_decision_is_plain_json() -> None:
    decision: Decision = decide([Evidence("frozen", *pair(20, 3))], [Guard("size", True, "as large")])
    kept = json.loads(json.dumps(decision.to_json()))
    assert kept["looks"][0]["mended"] == 20
    assert kept["guards"][0]["name"] == "size"
