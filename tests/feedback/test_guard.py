"""The guards of a canary: exact under the null, quick where something is wrong."""

import numpy as np
import pytest
from scipy.stats import nchypergeom_fisher

from tunewheel.feedback.counts import Counts
from tunewheel.feedback.guard import ODDS, Odds, Rate, Watch, log_ratios
from tunewheel.feedback.limits import GuardLimits


def test_the_bets_are_ratios_of_fishers_noncentral_hypergeometric_distribution():
    counts = Counts(new=12, new_bad=4, old=80, old_bad=7)

    def likely(odds):
        return nchypergeom_fisher.logpmf(counts.new_bad, counts.new + counts.old, counts.new, 11, odds)

    wanted = [likely(odds) - likely(1.0) for odds in ODDS[:8]]  # scipy's sums lose digits at larger odds
    np.testing.assert_allclose(log_ratios(counts)[:8], wanted, rtol=1e-6)


@pytest.mark.parametrize(
    "counts", [Counts(), Counts(5, 0, 50, 0), Counts(5, 5, 50, 50), Counts(0, 0, 50, 7), Counts(9, 3, 0, 0)]
)
def test_a_look_that_could_not_have_come_out_otherwise_says_nothing(counts):
    assert not log_ratios(counts).any()


def test_under_the_null_a_look_is_expected_to_change_nothing():
    """The mean of the e-value over every way in which ten bad ones can fall on 12 and 80 requests is exactly 1."""
    ways = nchypergeom_fisher(92, 12, 10, 1.0)
    mean = sum(ways.pmf(k) * np.exp(log_ratios(Counts(12, k, 80, 10 - k))) for k in range(11))
    np.testing.assert_allclose(mean, 1.0, rtol=1e-9)


def looks(random, rate_new, rate_old, many, share=0.1, rows=60):
    """Counts of so many looks; `rates` may change from look to look."""
    for _ in range(many):
        new = random.binomial(rows, share)
        bad_new, bad_old = rate_new(), rate_old()
        yield Counts(new, random.binomial(new, bad_new), rows - new, random.binomial(rows - new, bad_old))


def ever(bar, many, seed, draw):
    """In how many of so many canaries the evidence ever reaches the bar, looked at after every step."""
    random, reached = np.random.default_rng(seed), 0
    for _ in range(many):
        odds = Odds()
        for counts in draw(random):
            odds.see(counts)
            if odds.e_value >= bar:
                reached += 1
                break
    return reached


def test_looking_after_every_second_stops_at_most_its_share_of_good_canaries():
    def shocked(random):  # a bad hour now and then that hits both alike
        shock = iter([0.5 if random.random() < 0.05 else 0.02 for _ in range(150)])
        last = [0.0]

        def now():
            last[0] = next(shock)
            return last[0]

        return looks(random, now, lambda: last[0], 150)

    # 20 is one over 5 %: of 120, 6 are expected at most; 13 is three standard errors above.
    assert ever(20, 120, 7, shocked) <= 13


def test_a_canary_that_fails_ten_times_as_often_is_stopped():
    assert ever(500, 40, 8, lambda random: looks(random, lambda: 0.1, lambda: 0.01, 200)) >= 38


def test_a_share_over_its_bound_is_found_and_one_at_its_bound_is_not():
    random = np.random.default_rng(9)

    def reached(share):
        rate = Rate(0.3)
        for _ in range(400):
            rate.see(5, int(random.binomial(5, share)))
            if rate.e_value >= 20:
                return True
        return False

    assert sum(reached(0.3) for _ in range(100)) <= 11  # 5 % and three standard errors
    assert sum(reached(0.5) for _ in range(20)) == 20


def test_evidence_that_no_float_can_hold_is_still_evidence():
    odds = Odds()
    for _ in range(50):
        odds.see(Counts(100, 100, 900, 0))
    assert odds.e_value > 1e300


class TestWatch:
    """All guards together."""

    def test_nothing_trips_where_nothing_is_wrong(self):
        watch = Watch(GuardLimits())
        for _ in range(100):
            watch.compare("errors", Counts(10, 0, 90, 0))
            watch.pair(10, 1)
        assert watch.trip() is None

    def test_a_candidate_that_always_fails_is_stopped_after_its_first_requests(self):
        watch = Watch(GuardLimits())
        watch.compare("errors", Counts(5, 5, 45, 0))
        trip = watch.trip()
        assert trip and trip.guard == "errors"
        assert trip.sentence == "it failed in 5 of 5 requests, and the live version in 0 of 45"
        assert trip.evidence["bar"] == pytest.approx(500)
        assert trip.evidence["e_values"]["errors"] >= 500
        assert trip.evidence["seen"]["errors"] == {"new": 5, "new_bad": 5, "old": 45, "old_bad": 0}

    def test_a_candidate_that_answers_otherwise_too_often_is_stopped(self):
        watch = Watch(GuardLimits(differ=0.1))
        for _ in range(10):
            watch.pair(10, 4)
        trip = watch.trip()
        assert trip and trip.sentence == "it answers 40 of 100 rows differently, and 10 % may be"

    def test_answers_that_can_be_refused_again_are_not_counted_twice(self):
        watch = Watch(GuardLimits())
        watch.compare("feedback", Counts(100, 2, 900, 5), again=True)
        watch.compare("feedback", Counts(198, 3, 1795, 5), again=True)  # 200 and 1,800 in all by now
        assert watch.seen["feedback"] == Counts(200, 5, 1800, 10)
