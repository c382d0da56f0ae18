"""The bars of the serving benchmark, the books of its load generator, and the reckoning of its soak."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from benchmarks.bars import Bar
from benchmarks.results import keep_part
from benchmarks.serving.bare import calls
from benchmarks.serving.bulk import at_its_best
from benchmarks.serving.judged import RULES, bars, ways_of_litserve
from benchmarks.serving.overload import brief, on_cores
from benchmarks.serving.plan import BARE, LITSERVE, PARTS, PIPELINE, TUNEWHEEL, Timing, part
from benchmarks.serving.session import Session
from benchmarks.serving.soak import explained, within
from benchmarks.serving.tables import tables
from benchmarks.serving.tally import Tally, percentile, pooled
from benchmarks.serving.traffic import INVALID, outcome
from benchmarks.serving.wire import Reply, reply_of, request

ONE, TWO, *_ = LITSERVE


def run(rate: float, p50: float, p99: float, **faults: Any) -> dict[str, Any]:
    return {"rate": rate, "p50": p50, "p99": p99, "wrong": 0, "dropped": 0, "others": {}, **faults}


def load(*, alone: dict[str, Any] | None = None, many: dict[str, Any] | None = None) -> dict[str, Any]:
    """Tunewheel with what is given, the rivals with fixed figures."""
    ours = {"1": alone or run(300, 3.0, 5.0), "8": run(600, 13.0, 20.0), "64": many or run(650, 90.0, 120.0)}
    by = {
        TUNEWHEEL: ours,
        PIPELINE: {"1": run(50, 20, 25), "8": run(80, 90, 150), "64": run(100, 600, 900)},
        ONE: {"1": run(200, 5.0, 8.0), "8": run(300, 26, 40), "64": run(300, 200, 300)},
        TWO: {"1": run(190, 6.0, 9.0), "8": run(500, 16, 30), "64": run(640, 95, 130)},
    }
    systems = {name: {"clients": clients, "said": []} for name, clients in by.items()}
    told = {"in_turn": in_turn(3.0, 3.0), BARE: {"p50": 2.5, "p99": 4.0, "rate": 700}, "total_seconds": 60}
    return {"systems": systems, **told}


def in_turn(*ours: float | None, other: float = 2.0, **faults: int) -> dict[str, Any]:
    """Ours beside two ways of LitServe, whose turns take longer and longer; one takes `other` times as long."""
    theirs = [5.0 + number for number in range(len(ours))]
    ms = {TUNEWHEEL: list(ours), ONE: theirs, TWO: [other * one for one in theirs]}
    return {"ms": ms, "wrong": 0, "dropped": 0, **faults}


def bulk(**known: Any) -> dict[str, Any]:
    rates = {TUNEWHEEL: 900.0, PIPELINE: 140.0, BARE: 1000.0}
    systems = {name: {"rate": rate, "rates": [rate], "wrong": 0, "dropped": 0} for name, rate in rates.items()}
    told = {"rows": 1000, "same": 990, "rival_rows": 320, "rival_same": 320, "total_seconds": 60}
    return {"systems": systems, **told, **known}


def overload(**flood: Any) -> dict[str, Any]:
    quiet = {"wrong": 0, "dropped": 0, "unanswered": 0, "unsent": 0, "hasty": 0}
    figures = {"offered": 4000.0, "goodput": 380.0, "refused": {"p50": 5.0, "p99": 30.0}, "counts": {"200": 5700}}
    memory = {"before": 300.0, "at_the_end": 310.0, "settled": 305.0}
    told = {"capacity": run(400, 1, 1), "memory_mb": memory, "processes": 1, "total_seconds": 60}
    once = {"flood": {**quiet, **figures, **flood}, **told}
    return {**once, "apart": once}


def soak(counts: dict[str, int] | None = None, **known: Any) -> dict[str, Any]:
    faults = ("killed worker", "full disk", "broken version", "reload in flight")
    told = {"drops": 2, "unexplained": 0, "injected": dict.fromkeys(faults, True), "total_seconds": 300}
    return {"counts": counts or {"correct": 9000}, "memory_mb": {"early": 300.0, "late": 310.0}, **told, **known}


def found(name: str, **parts: dict[str, Any]) -> Bar:
    return next(bar for bar in bars({part(of): one for of, one in parts.items()}) if bar.name == name)


def test_every_bar_is_listed_and_open_when_nothing_was_measured():
    listed = bars({})
    assert len(listed) == len(RULES) + 1 == 17
    assert {bar.holds for bar in listed} == {None}
    assert all(bar.note for bar in listed)


def test_a_part_that_failed_holds_no_bar_of_it():
    judged = bars({part(name): {"failed": "no"} for name in PARTS})
    assert {bar.holds for bar in judged[:-1]} == {False}


def test_all_bars_can_hold():
    parts = {"load": load(), "bulk": bulk(), "overload": overload(), "soak": soak()}
    judged = bars({part(of): one for of, one in parts.items()})
    assert {bar.name: bar.holds for bar in judged} == dict.fromkeys((bar.name for bar in judged), True)


def test_the_ratio_to_the_pipeline_app_decides():
    assert found("8 clients, pipeline app", load=load()).value == pytest.approx(7.5)
    slow = found("64 clients, pipeline app", load=load(many=run(599, 90, 120)))
    assert (slow.value, slow.holds) == (pytest.approx(5.99), False)


def test_wrong_answers_hold_no_bar_however_fast_they_are():
    for fault in ({"wrong": 1}, {"dropped": 2}, {"others": {"503": 3}}):
        bar = found("64 clients, LitServe", load=load(many=run(9000, 1, 2, **fault)))
        assert bar.holds is False and "ours:" in bar.note


def test_litserve_is_taken_at_its_best_for_each_number_of_clients():
    assert list(ways_of_litserve(load(), 1).items()) == [(ONE, run(200, 5.0, 8.0)), (TWO, run(190, 6.0, 9.0))]
    assert list(ways_of_litserve(load(), 64)) == [TWO, ONE]


def test_one_client_is_judged_by_turns_of_both_that_follow_each_other():
    def bar(*turns: float | None, **told: Any):
        return found("1 client, p50, LitServe", load={**load(), "in_turn": in_turn(*turns, **told)})

    slowing = [0.7 * (5.0 + number) for number in range(5)]
    assert (bar(*slowing).value, bar(*slowing).holds) == (0.7, True), "whatever the machine does meanwhile"
    assert bar(*(1.1 * one for one in slowing)).holds is False
    assert bar(*slowing, wrong=1).holds is False and "1 wrong" in bar(*slowing, wrong=1).note
    beside_the_other = bar(*slowing, other=0.9)
    assert (beside_the_other.value, beside_the_other.holds) == (0.78, False), "the faster of the two decides"
    assert bar(None, *slowing).holds is False and "without an answer: 1 of 6" in bar(None, *slowing).note
    without = {name: one for name, one in load().items() if name != "in_turn"}
    assert found("1 client, p50, LitServe", load=without).holds is None


def test_without_litserve_its_bars_are_open():
    part_of = load()
    part_of["systems"] = {name: one for name, one in part_of["systems"].items() if name not in LITSERVE}
    bar = found("64 clients, LitServe", load={**part_of, "unavailable": "no network"})
    assert (bar.holds, bar.note) == (None, "no network")


def test_the_call_alone_is_compared_by_its_99th_percentile():
    bar = found("1 client, p99, bare call", load=load(alone=run(300, 2.6, 6.1)))
    assert bar.holds is False and "p50 2.6 and 2.5 ms" in bar.note


def test_bulk_must_give_the_evaluated_answers():
    assert found("bulk, same answers", bulk=bulk(same=980)).holds is True
    assert found("bulk, same answers", bulk=bulk(same=979)).holds is False


def test_bulk_is_judged_by_turns_that_follow_each_other():
    systems = bulk()["systems"]
    systems[TUNEWHEEL] |= {"rate": 900.0, "rates": [900.0, 450.0, 1000.0]}
    systems[BARE] |= {"rate": 1000.0, "rates": [1000.0, 500.0, 900.0]}
    bar = found("bulk, bare engine sorted", bulk=bulk(systems=systems))
    assert (bar.value, bar.holds) == (0.9, True) and "by turn 0.90, 0.90, 1.11" in bar.note
    systems[TUNEWHEEL]["dropped"] = 1
    assert found("bulk, bare engine sorted", bulk=bulk(systems=systems)).holds is False


def test_the_bare_engine_has_the_size_that_is_best_over_all_turns():
    turns = [
        {"rates": {"256": 10.0, "512": 11.0}},
        {"rates": {"256": 30.0, "512": 12.0}},
        {"rates": {"256": 9.0, "512": 11.5}},
    ]
    best = at_its_best(turns)
    assert (best["tokens"], best["rate"], best["rates"]) == (512, 11.5, [11.0, 12.0, 11.5])


def test_a_goodput_that_holds_shows_enough_only_when_all_was_offered():
    assert found("overload, goodput", overload=overload(offered=2000.0)).holds is None
    assert found("overload, goodput", overload=overload(goodput=350.0, offered=2000.0)).holds is False
    assert found("overload, goodput", overload=overload(wrong=1)).holds is False
    assert found("overload, goodput", overload=overload(dropped=1)).holds is False


def test_a_generator_on_the_servers_cores_and_one_apart_have_bars_of_their_own():
    both = {**overload(goodput=200.0), "apart": overload(goodput=370.0)}
    assert found("overload, goodput", overload=both).holds is False
    bar = found("overload, goodput, generator apart", overload=both)
    assert (bar.value, bar.holds) == (0.925, True)
    del both["apart"]
    assert found("overload, goodput, generator apart", overload=both).holds is None


def test_what_is_started_on_some_cores_has_these_alone():
    (one, *_) = before = os.sched_getaffinity(0)
    with on_cores({one}):
        told = subprocess.run(
            [sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"], capture_output=True, text=True
        )
    assert told.stdout.strip() == str({one}) and os.sched_getaffinity(0) == before


def test_refusals_are_timed_and_none_at_all_leaves_the_bar_open():
    assert found("overload, refusals, p99 ms", overload=overload(refused={"p50": 5.0, "p99": 50.0})).holds is False
    assert found("overload, refusals, p99 ms", overload=overload(refused={"p50": None, "p99": None})).holds is None
    lost = found("overload, refusals, p99 ms", overload=overload(dropped=2, unanswered=1))
    assert lost.holds is False and "3 were neither answered nor refused" in lost.note


def test_memory_that_grows_does_not_hold():
    grown = overload()
    grown["memory_mb"]["at_the_end"] = 331.0
    assert found("overload, memory", overload=grown).holds is False
    assert found("soak, memory", soak=soak(memory_mb={"early": 300.0, "late": 331.0})).holds is False
    assert found("soak, memory", soak=soak(memory_mb={"early": None, "late": 331.0})).holds is None


def test_a_soak_with_a_wrong_or_lost_answer_does_not_hold():
    assert found("soak, wrong answers", soak=soak({"correct": 1, "wrong": 1})).holds is False
    assert found("soak, lost answers", soak=soak({"correct": 1, "wrong": 1})).holds is True
    assert found("soak, lost answers", soak=soak({"correct": 1, "lost": 1})).holds is False
    dropped = found("soak, lost answers", soak=soak(unexplained=1))
    assert (dropped.value, dropped.holds) == (1, False)


def test_a_soak_that_answers_little_is_not_wrong_and_does_not_hold() -> None:
    assert found("soak, right answers", soak=soak({"correct": 950, "retried": 50, "rejected": 400})).holds is True
    assert found("soak, right answers", soak=soak({"correct": 10, "retried": 50})).holds is False
    assert found("soak, right answers", soak=soak({"rejected": 10})).holds is False


def test_a_soak_without_one_of_its_faults_shows_too_little():
    injected = {**soak()["injected"], "killed worker": False}
    bar = found("soak, wrong answers", soak=soak(injected=injected))
    assert bar.holds is None and "did not take place: killed worker" in bar.note


def test_the_whole_time_is_told_when_all_parts_are_there():
    parts = {"load": load(), "bulk": bulk(), "overload": overload(), "soak": soak()}
    assert found("whole benchmark, minutes", **parts).value == 8.0
    parts["soak"]["total_seconds"] = 2400
    assert found("whole benchmark, minutes", **parts).holds is False
    del parts["soak"]
    assert found("whole benchmark, minutes", **parts).holds is None


def test_a_reply_is_whole_when_its_body_is():
    head = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    assert reply_of(head[:-3]) is None and reply_of(head + b"bod") is None
    assert reply_of(head + b"body") == Reply(503, b"body", again=True, closes=True)


def test_labels_are_read_from_the_answer_of_every_system():
    ours = Reply(
        200, b'{"version":"v0002","predictions":[{"id":"1","label":"a","confidence":1},{"label":"b"}]}', False, False
    )
    assert (ours.labels, ours.version) == (("a", "b"), "v0002")
    assert Reply(200, b'[{"label": "a", "score": 0.9}]', False, False).labels == ("a",)
    assert Reply(200, b'{"label":"a"}', False, False).version == ""


def test_percentiles_are_values_that_were_measured():
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values[:1], 0.99)) == (50.0, 99.0, 1.0)
    assert percentile([], 0.5) is None


def test_a_tally_counts_what_is_wrong_dropped_and_refused():
    tally, asked = Tally(), request(1, b"{}", ("a",))
    for body in (b'{"label":"a"}', b'{"label":"b"}'):
        tally.note(asked, Reply(200, body, False, False), 0.002)
    tally.note(asked, Reply(503, b"", False, True), 0.001)
    tally.note(asked, None, 0.001)
    told = tally.to_json(2.0)
    assert (told["wrong"], told["dropped"], told["hasty"]) == (1, 1, 1)
    both = pooled([told, told])
    assert (both["rate"], both["wrong"], both["others"], both["p50"]) == (1.0, 2, {"503": 2}, 2.0)


def test_a_flood_is_told_in_counts():
    quiet = dict.fromkeys(("seconds", "offered", "unsent", "unanswered", "goodput", "wrong", "dropped", "hasty"), 0)
    told = brief({**quiet, "generator_cores": 0.1, "taken": {"200": [9.0], "503": [1.0, 2.0], "429": [3.0]}})
    assert told["counts"] == {"200": 1, "503": 2, "429": 1}
    assert told["refused"] == {"p50": 2.0, "p99": 3.0}


def test_an_answer_must_be_that_of_the_version_it_names():
    def reply(status: int, body: bytes = b"") -> Reply:
        return Reply(status, body, False, False)

    expected = {"v0001": ("a",), "v0002": ("b",)}
    assert outcome("single", expected, reply(200, b'{"version":"v0002","predictions":[{"label":"b"}]}')) == "correct"
    assert outcome("single", expected, reply(200, b'{"version":"v0001","predictions":[{"label":"b"}]}')) == "wrong"
    assert outcome("single", expected, reply(200, b'{"version":"v0003","predictions":[{"label":"a"}]}')) == "wrong"
    assert outcome("single", expected, reply(503)) == "refused"
    assert outcome("single", expected, reply(500)) == outcome("single", expected, reply(422)) == "wrong"
    assert outcome(INVALID, {}, reply(422)) == "rejected"
    assert outcome(INVALID, {}, reply(200)) == outcome(INVALID, {}, reply(500)) == "wrong"


def test_a_drop_is_explained_by_a_kill_just_before_it():
    assert explained(105.0, [100.0]) and not explained(99.0, [100.0]) and not explained(111.0, [100.0])
    assert within([(0.1, 5.0), (0.2, 7.0), (0.3, 9.0)], 0.15, 0.3) == 8.0
    assert within([], 0.0, 1.0) is None


def test_bare_calls_are_sorted_and_stay_within_their_size():
    rows = [[0] * length for length in (9, 3, 5, 3, 30)]
    found_calls = list(calls(rows, 10))
    assert [[len(row) for row in call] for call in found_calls] == [[3, 3], [5], [9], [30]]


def test_a_session_keeps_parts_and_measures_again_what_failed(tmp_path):
    session = Session(tmp_path, Timing(), fresh=False)
    assert session.remaining(PARTS) == list(PARTS)
    for name, one in {"load": load(), "bulk": {"failed": "no"}}.items():
        keep_part(tmp_path, part(name), one)
    assert session.remaining(PARTS) == ["bulk", "overload", "soak"]
    assert Session(tmp_path, Timing(), fresh=True).remaining(PARTS) == list(PARTS)
    assert '"holds"' in session.write().read_text("utf-8")


def test_a_table_says_what_was_not_right():
    (shown,) = tables({part("load"): load(many=run(650, 90.0, 120.0, wrong=3))})
    assert "64: 3 wrong" in shown and "plain onnxruntime in a loop" in shown


def test_a_trial_has_shorter_turns():
    assert Timing.of(None, None) == Timing()
    assert Timing.of(1.0, None) == Timing(1.0, 1.0, 1.0, 10.0, turns=4, bulk_turns=2)
    assert Timing.of(None, 60.0).soak == 60.0 and Timing.of(None, 60.0).measured == Timing().measured
