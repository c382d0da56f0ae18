"""Strange rows and confidences: a profile's own error is as large as the limits of a look say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta, betabinom, binom, norm
from traffic import answer, rows, version

from tunewheel.feedback.drift import Profile, look
from tunewheel.feedback.drift.profile import TWIN_APART
from tunewheel.feedback.drift.rows import beside_others, grid, strangeness
from tunewheel.feedback.drift.shares import Usual, move
from tunewheel.feedback.drift.tails import AGREED, CHANCE, above, likely

CUT = 0.95


@pytest.mark.parametrize(("reference", "size"), [(60, 100), (300, 400)])
def test_rows_above_a_quantile_of_the_reference_are_as_rarely_many_as_is_said(reference: int, size: int) -> None:
    generator = np.random.default_rng(0)
    drawn = generator.random((20_000, reference))
    cut = np.quantile(drawn, CUT, axis=1)
    seen = generator.binomial(size, 1 - cut)
    usual = round((drawn > cut[:, None]).sum(1).mean())
    level = (seen > above(usual, reference, size, 0.01)).mean()
    assert 0.005 < level < 0.012


def test_a_normal_difference_of_shares_would_be_exceeded_far_more_often() -> None:
    strange = np.arange(300) < 15
    normal = 400 * (0.05 + move(Usual.of(strange.astype(float), 300), np.zeros(400), CHANCE).high)
    chances = betabinom(400, 16, 285)
    assert chances.sf(normal) > 4 * CHANCE
    assert 0.3 * CHANCE < chances.sf(above(15, 300, 400, CHANCE)) <= CHANCE


@pytest.mark.parametrize(("reference", "size"), [(100, 400), (300, 400), (300, 1_000)])
def test_two_looks_at_strange_rows_agree_as_rarely_as_is_meant(reference: int, size: int) -> None:
    usual = 0.05 * reference
    limit = above(usual, reference, size, likely(size, reference))
    where = np.linspace(-8, 8, 4_001)
    shares = beta.isf(norm.sf(where), usual + 1, reference - usual)  # of the traffic above the cut, by profile
    both = float((norm.pdf(where) * binom.sf(limit, size, shares) ** 2).sum() * (where[1] - where[0]))
    assert 0.3 * AGREED < both < 1.5 * AGREED


def test_no_row_above_the_cut_still_has_a_limit() -> None:
    assert 0 < above(0.0, 20, 20) <= 20
    assert above(20.0, 20, 50) == 50  # all of the reference are above it


def test_rows_of_the_reference_are_as_strange_as_rows_that_come() -> None:
    generator = np.random.default_rng(1)
    apart, within = [], []
    for _ in range(300):
        values, later = generator.normal(size=(60, 4)), generator.normal(size=(200, 4))
        quantiles = grid(values)
        come = strangeness(quantiles, later).mean()
        apart.append(come - beside_others(values).mean())
        within.append(come - strangeness(quantiles, values).mean())
    noise = np.std(apart) / np.sqrt(300)
    assert abs(np.mean(apart)) < 3 * noise
    assert np.mean(within) > 6 * noise


def test_the_error_of_a_shifted_mean_has_both_parts() -> None:
    usual = Usual(0.8, 0.2, 0.0, 400)
    assert usual.shifted(0.01).rows == pytest.approx(0.2**2 / (0.2**2 / 400 + 0.01**2))
    assert usual.shifted(0.0) == usual
    assert Usual(1.0, 0.0, 0.0, 400).shifted(0.01).rows == 400


def test_a_twin_tells_less_surely_how_sure_the_version_is() -> None:
    english = version()
    of_twin = replace(english.profile, twin=True)
    window = rows(400, 1)
    said, sure = answer(english.model, window.texts)

    def limit(profile: Profile) -> float:
        drift = look(profile, window.texts, said, sure - 0.05)
        return next(change.threshold for change in drift.changes if change.name == "confidence")

    spread = english.profile.usual("confidence").spread
    assert of_twin.usual("confidence").rows < english.profile.usual("confidence").rows
    assert of_twin.reference_rows["confidence"] < (spread / TWIN_APART) ** 2
    assert limit(of_twin) > 1.05 * limit(english.profile)
