"""What a system has at a mark, and what counts as noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks.budget.contest_file import steering
from benchmarks.budget.contests import CONTESTS
from benchmarks.budget.fewshot import draw, write_few
from benchmarks.budget.marks import cut_before, first_as_good, reading_at
from benchmarks.budget.rivals.contender import Clock, Contender, agreement
from benchmarks.budget.rivals.tfidf import features, shape
from benchmarks.budget.scoring import counted, interval, packed, score, unpacked
from benchmarks.budget.sentences import halves, recombined
from benchmarks.budget.tuned import Moment, seconds_of, worth_reading
from seqeval.metrics import f1_score
from sklearn.metrics import matthews_corrcoef


def reading(seconds: float, **known: Any) -> dict[str, Any]:
    return {"seconds": seconds, "validation": None, "score": 0.5, **known}


def test_there_is_nothing_before_the_first_reading():
    assert reading_at({"readings": [reading(12.0)]}, 10, 300) is None
    assert reading_at({"readings": []}, 10, 300) is None


def test_the_best_on_validation_is_taken_and_the_newest_without_it():
    steered = {"readings": [reading(5, validation=0.8), reading(50, validation=0.7)]}
    assert reading_at(steered, 60, 300) == steered["readings"][0]
    plain = {"readings": [reading(5), reading(50), reading(70)]}
    assert reading_at(plain, 60, 300) == plain["readings"][1]


def test_the_final_version_counts_from_the_end_of_the_process_with_grace_at_the_budget():
    part = {"readings": [reading(40.0), reading(310.0, final=True)]}
    assert reading_at(part, 60, 300)["seconds"] == 40.0
    assert reading_at(part, 300, 300)["seconds"] == 310.0
    part["readings"][1]["seconds"] = 316.0
    assert reading_at(part, 300, 300)["seconds"] == 40.0
    part["readings"][1]["seconds"] = 50.0
    assert reading_at(part, 60, 300)["final"] is True


def test_a_rival_is_given_a_part_of_many_validation_rows():
    few = {"contents": ["a", "b"], "answers": [0, 1]}
    assert steering(few) == few
    many = {"contents": [str(n) for n in range(5000)], "answers": list(range(5000))}
    given = steering(many)
    assert len(given["answers"]) == 1000 and given["contents"] == [str(n) for n in given["answers"]]
    assert max(given["answers"]) > 4000, "from all of the file"


def test_who_was_stopped_is_not_measured_later():
    assert cut_before({"stopped": "at step 3", "ended": 299.0}, 300)
    assert not cut_before({"stopped": "at step 3", "ended": 300.2}, 300)
    assert not cut_before({"ended": 20.0}, 300)


def test_the_first_reading_that_is_as_good_gives_the_time_to_a_score():
    part = {"readings": [reading(10, score=0.6), reading(60, score=0.9), reading(300, score=0.95)]}
    assert first_as_good(part, 0.9) == 60
    assert first_as_good(part, 0.99) is None


def test_each_mark_needs_its_newest_version_only():
    drafts = [Moment("v1", 8.0), Moment("v2", 9.0), Moment("v3", 40.0), Moment("v4", 400.0)]
    assert [moment.version for moment in worth_reading(drafts, (10, 60, 300))] == ["v2", "v3"]
    assert worth_reading([], (10,)) == []


def test_between_the_marks_only_what_may_win_the_race_is_read():
    assert CONTESTS["vader"].between == (30,)
    assert CONTESTS["banking77"].between == (30, 120, 180, 240)
    assert CONTESTS["vader-10"].between == ()


@pytest.mark.parametrize(
    "created", ["2026-11-24T10:00:01.500000+00:00", "2026-11-24T10:00:01.5Z", "2026-11-24T10:00:01.500000"]
)
def test_times_are_read_with_and_without_a_zone(created: str):
    assert seconds_of(created, 1795514400.0) == 1.5
    assert seconds_of("2026-11-24T09:59:59+00:00", 1795514400.0) == 0.0


def test_accuracy_matthews_and_entity_scores_are_those_of_the_usual_packages():
    actual, answers = list("aabbccab"), list("abbbccac")
    assert score("accuracy", counted("accuracy", answers, actual)) == 0.75
    expected = matthews_corrcoef(actual, answers)
    assert score("mcc", counted("mcc", answers, actual)) == pytest.approx(expected)
    tags = [["B-PER", "I-PER", "O"], ["O", "B-LOC", "B-LOC"], ["O"]]
    found = [["B-PER", "O", "O"], ["O", "B-LOC", "B-PER"], ["O"]]
    assert score("entity_f1", counted("entity_f1", found, tags)) == pytest.approx(f1_score(tags, found))


def test_matthews_correlation_of_one_answer_for_all_is_zero():
    assert score("mcc", counted("mcc", list("aaaa"), list("abab"))) == 0.0


def test_rows_are_kept_as_text_and_read_back():
    rows = counted("mcc", list("abca"), list("abbb"))
    assert np.array_equal(unpacked(packed(rows)), rows)


def test_a_clear_difference_is_no_noise_and_a_small_one_is():
    generator = np.random.default_rng(0)
    good, bad = generator.random((1000, 1)) < 0.9, generator.random((1000, 1)) < 0.8
    low, high = interval("accuracy", bad.astype(int), good.astype(int))
    assert -0.15 < low < high < 0
    near = good.copy()
    near[:3] = ~near[:3]
    assert interval("accuracy", near.astype(int), good.astype(int))[1] >= 0
    assert interval("accuracy", bad.astype(int), good.astype(int)) == (low, high)


def test_few_shot_rows_are_so_many_a_class_and_the_same_each_time(tmp_path):
    rows = [
        {"text": f"{label} {n}", "label": label, "more": "x"}
        for label, count in (("a", 30), ("b", 4))
        for n in range(count)
    ]
    drawn = draw(rows, 10, seed=0)
    assert sorted(row["label"] for row in drawn) == ["a"] * 10 + ["b"] * 4
    assert drawn == draw(rows, 10, seed=0) != draw(rows, 10, seed=1)
    source = tmp_path / "train.csv"
    source.write_text("text,label,more\n" + "".join(f"{r['text']},{r['label']},x\n" for r in rows), "utf-8")
    written = write_few(source, tmp_path / "few.csv", 10, seed=0).read_text("utf-8").splitlines()
    assert written[0] == "text,label" and len(written) == 15


def test_a_clock_does_not_count_what_is_off_it(monkeypatch):
    moments = iter([10.0, 15.0, 20.0])
    monkeypatch.setattr("benchmarks.budget.rivals.contender.time.time", lambda: next(moments))
    clock = Clock(started=0.0)
    with clock.off_the_clock():
        pass
    assert clock.seconds == 15.0


class Still(Clock):
    """A clock that stands, until somebody sets it."""

    def __init__(self, now: float) -> None:
        super().__init__(0.0)
        self.now = now

    @property
    def seconds(self) -> float:
        return self.now


def contender(now: float) -> Contender:
    held = {"contents": ["c"], "answers": ["x"]}
    told = {"kind": "text", "marks": [10, 60], "validation": held, "test": ["t"], "train": {}}
    made = Contender(told, 0.0, longest=60.0)
    made.clock = Still(now)
    return made


def test_a_rival_is_due_just_before_a_mark():
    assert contender(9.5).due(1.0) == 10
    assert contender(8.0).due(1.0) is None
    assert contender(10.5).due(1.0) is None
    assert contender(59.5).due(1.0) == 60
    assert contender(60.0).late and not contender(59.0).late


def test_of_each_mark_the_newest_copy_is_read_at_the_second_at_which_it_was_made():
    made = contender(9.0)
    for now, mark, model in ((9.0, 10, "early"), (9.8, 10, "newer"), (59.0, 60, "x")):
        made.clock.now = now
        made.set_aside(mark, lambda model=model: model)
    made.clock.now = 75.0
    made.read_aside(lambda model: lambda texts: [model for _ in texts])
    assert [(r["seconds"], r["answers"], r["validation"]) for r in made.readings] == [
        (9.8, ["newer"], 0.0), (59.0, ["x"], 1.0),
    ]  # fmt: skip


def test_who_is_stopped_at_a_mark_has_been_read_and_who_is_stopped_later_has_not():
    at_mark, later = contender(59.5), contender(59.5)
    for made, now in ((at_mark, 60.2), (later, 95.0)):
        assert not made.was_read_last
        made.set_aside(60, lambda: "weights")
        made.clock.now = now
        made.stop("stopped at step 7 of 9")
    assert at_mark.was_read_last and not later.was_read_last
    assert at_mark.facts == {"stopped": "stopped at step 7 of 9", "ended": 60.2}


def test_the_only_reading_needs_no_validation():
    made = contender(5.0)
    made.read(lambda texts: ["x" for _ in texts], only=True)
    assert made.readings == [{"seconds": 5.0, "validation": None, "answers": ["x"]}]


def test_rivals_choose_by_right_answers_and_by_tagged_words():
    assert agreement(["a", "b"], ["a", "a"]) == 0.5
    assert agreement([["O", "B-X"], ["O"]], [["B-X", "B-X"], ["O"]]) == pytest.approx(2 / 3)


def test_words_have_the_usual_features():
    assert shape("McDonald's") == "XxXx" and shape("24-h") == "dd-x"
    assert {"word=berlin", "before=in", "after=</s>", "suffix3=lin"} < set(features(["in", "Berlin"], 1))


def test_large_files_recombine_the_halves_of_one_label():
    found = halves([("one two three four", "a"), ("five six seven eight", "a"), ("too short", "b")])
    assert dict(found) == {"a": (["one two", "five six"], ["three four", "seven eight"])}
    rows = list(recombined(found, 300, seed=0))
    assert rows == list(recombined(found, 300, seed=0)) and len(rows) == 300
    assert {label for _, label in rows} == {"a"}
    assert {text.removesuffix(" indeed") for text, _ in rows} == {
        "one two three four", "one two seven eight", "five six three four", "five six seven eight",
    }  # fmt: skip


def test_every_contest_is_read_at_its_budget_last():
    for contest in CONTESTS.values():
        assert list(contest.marks) == sorted(contest.marks) and contest.budget == contest.marks[-1]
    assert [name for name, contest in CONTESTS.items() if contest.budget == 1200] == ["banking77", "wnut17"]
    assert CONTESTS["wnut17"].kind == "words" and CONTESTS["hint3-10"].metric == "mcc"
