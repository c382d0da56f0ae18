"""A candidate beside the live version: unseen, or for a share of the requests; in no case at the cost of a client."""

import threading
import time
from concurrent.futures import Future

import pytest
from keyword_task import predictor, slow, softmax
from memory_journal import MemoryJournal

from tunewheel.errors import Overloaded, RequestInvalid
from tunewheel.feedback.limits import GuardLimits
from tunewheel.feedback.options import JournalOptions
from tunewheel.serving import Beside, Canary, Keeper, Service, Shadow, Switch, Tally
from tunewheel.serving.trial import is_chosen


def other(batch):
    """An engine that is sure of the last label."""
    return {"probabilities": softmax(batch)["probabilities"][:, ::-1]}


def broken(_batch):
    raise RuntimeError("no memory")


@pytest.fixture
def journal():
    return MemoryJournal()


@pytest.fixture
def keeper(journal):
    made = Keeper(journal, JournalOptions())
    yield made
    made.close(5)


@pytest.fixture
def live(keeper):
    return Service(predictor(), keeper=keeper)


def candidate(keeper, engine=softmax):
    return Service(predictor(engine, version="v0002"), keeper=keeper)


def wait_for(what):
    latest = time.monotonic() + 20
    while not (found := what()):
        assert time.monotonic() < latest, "it did not happen"
        time.sleep(0.005)
    return found


def kept(journal, keeper, role):
    keeper.flush(5)
    return list(journal.asked(role=role))


@pytest.fixture
def beside_of():
    """Makes an asker beside, and ends it."""
    made = []

    def make(idle=lambda: True):
        made.append(Beside(idle))
        return made[-1]

    yield make
    for one in made:
        one.close()


class TestShadow:
    def test_the_live_version_answers_and_the_candidate_is_noted_under_the_same_id(
        self, live, keeper, journal, beside_of
    ):
        switch, beside = Switch(live), beside_of()
        switch.try_out(Shadow(candidate(keeper, other), beside))
        pending = switch.ask([{"text": "card"}, {"text": "refund"}], 5)
        answers = pending.answers.result(5)
        assert pending.version == "v0001"
        wait_for(lambda: beside.ends["agreed"] + beside.ends["differed"] == 2)
        shadows = kept(journal, keeper, "shadow")
        assert {one.id for one in shadows} == {answer["id"] for answer in answers}
        assert {one.version for one in shadows} == {"v0002"}
        assert journal.find([answers[0]["id"]])[answers[0]["id"]].answer == "cards"
        assert switch.beside == {"agreed": 0, "differed": 2, "failed": 0, "dropped": 0}
        assert switch.stop(5)

    def test_who_opts_out_is_asked_no_second_time(self, live, keeper, journal, beside_of):
        beside = beside_of()
        shadow = Shadow(candidate(keeper), beside)
        for keep in (False, True):
            shadow.ask(live, [{"text": "card"}], 5, alone=False, keep=keep, key="").answers.result(5)
        wait_for(lambda: beside.ends["agreed"] == 1)
        assert len(kept(journal, keeper, "shadow")) == 1

    def test_only_a_share_is_asked(self, live, keeper, beside_of):
        beside = beside_of(lambda: False)
        shadow = Shadow(candidate(keeper), beside, share=0.25)
        shadow.ask(live, [{"text": "card"}] * 200, 5, alone=False, keep=True, key="").answers.result(5)
        assert 25 <= wait_for(lambda: len(beside._waiting)) <= 75

    def test_a_candidate_that_fails_harms_nobody(self, live, keeper, beside_of, caplog):
        beside = beside_of()
        shadow = Shadow(candidate(keeper, broken), beside)
        for _ in range(3):
            answers = shadow.ask(live, [{"text": "card"}], 5, alone=False, keep=True, key="").answers
            assert answers.result(5)[0]["label"] == "cards"
        wait_for(lambda: beside.ends["failed"] == 3)
        assert caplog.text.count("no memory") == 1

    def test_nothing_is_asked_while_somebody_is_answered_and_what_is_too_much_is_dropped(
        self, live, keeper, beside_of, monkeypatch
    ):
        monkeypatch.setattr("tunewheel.serving.beside.WAITING_ROWS", 50)
        busy = threading.Event()
        beside = beside_of(lambda: not busy.is_set())
        busy.set()
        shadow = Shadow(candidate(keeper), beside)
        for _ in range(7):
            shadow.ask(live, [{"text": "card"}] * 10, 5, alone=False, keep=True, key="").answers.result(5)
        assert beside.ends["agreed"] == 0 and beside.ends["dropped"] in (10, 20)  # one may be in hand
        busy.clear()
        wait_for(lambda: sum(beside.ends.values()) == 70)

    def test_what_nobody_reads_of_a_row_is_not_kept(self, live, keeper, beside_of):
        beside = beside_of(lambda: False)
        shadow = Shadow(candidate(keeper), beside)
        row = {"text": "card", "note": {"deep": ["x" * 1_000_000]}, "image": "y" * 1_000_000}
        shadow.ask(live, [row], 5, alone=False, keep=True, key="").answers.result(5)
        shadow.ask(live, [row], 5, alone=False, keep=True, key="").answers.result(5)
        (waiting, *_) = wait_for(lambda: list(beside._waiting))
        assert waiting.row == {"text": "card"}

    def test_a_live_version_at_work_for_nobody_keeps_nobody_waiting(self, live, keeper):
        with live.predictor._turn:
            assert live.think({"text": "card"}, "an-id")["label"] == "cards"

    def test_nothing_that_is_large_piles_up(self, live, keeper, beside_of):
        beside = beside_of(lambda: False)
        for _ in range(6):
            beside.offer(live, [{"text": "x" * 5_000_000}], [{"id": "a", "label": "cards"}])
        assert beside.ends["dropped"] in (2, 3)  # one may be in hand


class TestCanary:
    @pytest.fixture
    def canary_of(self, keeper, beside_of):
        def make(engine=softmax, share=0.5, **options):
            return Canary(candidate(keeper, engine), beside_of(), share, Tally(GuardLimits(**options)))

        return make

    @staticmethod
    def ask(canary, live, key, text="card"):
        pending = canary.ask(live, [{"text": text}], 5, alone=False, keep=True, key=key)
        return pending, pending.answers.result(5)

    def test_each_key_meets_one_version_and_the_answer_says_which(self, canary_of, live, keeper, journal):
        canary = canary_of()
        met = {key: {self.ask(canary, live, key)[0].version for _ in range(3)} for key in map(str, range(40))}
        assert {len(versions) for versions in met.values()} == {1}
        chosen = [key for key, versions in met.items() if versions == {"v0002"}]
        assert 10 <= len(chosen) <= 30
        assert len(kept(journal, keeper, "canary")) == 3 * len(chosen)
        assert {one.version for one in kept(journal, keeper, "canary")} == {"v0002"}

    def test_without_a_key_the_content_decides(self, canary_of, live):
        canary = canary_of()
        for text in ("card one", "card two", "card three", "card four"):
            assert len({self.ask(canary, live, "", text)[0].version for _ in range(3)}) == 1

    def test_a_share_that_grows_keeps_whom_it_had(self):
        keys = [str(number) for number in range(4000)]
        few, many = ([key for key in keys if is_chosen(key, share, "v0002")] for share in (0.1, 0.4))
        assert set(few) < set(many)
        assert (300 < len(few) < 500) and (1450 < len(many) < 1750)
        assert set(few) != {key for key in keys if is_chosen(key, 0.1, "v0003")}

    def test_the_live_version_is_asked_about_the_canarys_rows_too(self, canary_of, live, keeper, journal):
        canary = canary_of(other, share=0.999)
        _, (answer,) = self.ask(canary, live, "a")
        assert answer["label"] == "refunds"
        wait_for(lambda: canary.beside.ends["differed"] == 1)
        (shadow,) = kept(journal, keeper, "shadow")
        assert (shadow.version, shadow.answer, shadow.id) == ("v0001", "cards", answer["id"])
        assert canary.beside.take() == (1, 1) and canary.beside.take() == (0, 0)

    @pytest.mark.parametrize("alone", [False, True])
    def test_what_the_candidate_cannot_answer_the_live_version_does(self, canary_of, live, alone):
        canary = canary_of(broken, share=0.999)
        canary.candidate._queue.learn(0.001, canary.candidate.read([{"text": "card"}]).examples)
        for _ in range(6):
            pending = canary.ask(live, [{"text": "card"}], 5, alone=alone, keep=True, key="a")
            assert pending.answers.result(5)[0]["label"] == "cards"
            assert pending.version == "v0001"
        assert canary.tally._counts["failed", "new"] == 6
        assert canary.tally._counts["asked", "old"] == 0  # who stepped in was not asked by chance

    def test_a_candidate_that_was_stopped_meanwhile_loses_no_request(self, canary_of, live):
        canary = canary_of(share=0.999)
        assert canary.candidate.stop(5)
        pending, (answer,) = self.ask(canary, live, "a")
        assert (pending.version, answer["label"]) == ("v0001", "cards")

    def test_where_nobody_can_answer_the_client_is_told_so(self, canary_of, live):
        canary = canary_of(broken, share=0.999)
        assert live.stop(5)
        pending = canary.ask(live, [{"text": "card"}], 5, alone=False, keep=True, key="a")
        with pytest.raises(Overloaded):
            pending.answers.result(5)

    def test_a_clients_mistake_is_no_mark_against_the_candidate(self, canary_of, live):
        canary = canary_of(share=0.999)
        with pytest.raises(RequestInvalid):
            canary.ask(live, [{"text": 1}], 5, alone=False, keep=True, key="a")
        assert not canary.tally._counts

    def test_requests_under_way_are_answered_by_whom_they_were_asked_when_the_canary_ends(
        self, keeper, live, beside_of
    ):
        switch = Switch(live)
        canary = Canary(candidate(keeper, slow(0.1)), beside_of(), 0.999, Tally(GuardLimits()))
        switch.try_out(canary)
        pending = [switch.ask([{"text": "card"}], 5, key="a") for _ in range(4)]
        switch.try_out(None)
        assert switch.ask([{"text": "card"}], 5, key="a").version == "v0001"
        assert [one.answers.result(5)[0]["label"] for one in pending] == ["cards"] * 4
        assert {one.version for one in pending} == {"v0002"}

    def test_a_future_that_fails_in_flight_is_answered_too(self, canary_of, live):
        canary = canary_of(share=0.999)
        failing = Future()
        canary.candidate.submit = lambda *_, **__: failing
        pending = canary.ask(live, [{"text": "fee"}], 5, alone=False, keep=True, key="a")
        failing.set_exception(TimeoutError("too late"))
        assert pending.answers.result(5)[0]["label"] == "fees"
        assert canary.tally._counts["refused", "new"] == 1


class TestTally:
    def test_a_look_needs_some_requests_of_both(self):
        tally = Tally(GuardLimits())
        for _ in range(50):
            tally.answered("old", 0.01)
        assert tally.take() == {}
        for _ in range(5):
            tally.failed("new", RuntimeError())
        looked = tally.take()
        assert (looked["errors"].new, looked["errors"].new_bad, looked["errors"].old) == (5, 5, 50)
        assert looked["refusals"].new_bad == 0
        assert tally.take() == {}

    def test_long_is_what_is_long_for_each(self):
        tally = Tally(GuardLimits(slower=2.0))
        for _ in range(200):
            tally.answered("old", 0.1)
        for _ in range(5):
            tally.answered("new", 0.1)
        assert tally.take()["latency"].new == 0  # what is long was not known yet
        for seconds in (0.19, 0.20, 0.21, 0.3, 0.4):
            tally.answered("new", seconds)
            tally.answered("old", seconds - 0.1)
        looked = tally.take()["latency"]
        assert (looked.new, looked.new_bad, looked.old, looked.old_bad) == (5, 3, 5, 3)
