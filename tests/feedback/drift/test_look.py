"""Looks at traffic: quiet where nothing changed, and each kind of change found, named and answered with advice."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from traffic import CLASSES, Version, answer, rows, version

from tunewheel.feedback.audit import draw
from tunewheel.feedback.drift import Drift, Profile, look, profile


@pytest.fixture(scope="module")
def english() -> Version:
    return version()


@pytest.fixture(scope="module")
def chinese() -> Version:
    return version(chinese=True)


def alarms(drift: Drift) -> set[str]:
    return {change.name for change in drift.changes if change.alarm}


@pytest.mark.parametrize("size", [30, 100, 400])
def test_traffic_like_the_reference_raises_no_alarm(english: Version, size: int) -> None:
    looks = [english.look(rows(size, 5_000 + seed)) for seed in range(40)]
    assert [drift.sentence for drift in looks if drift.alarm] == []
    assert {drift.decision for drift in looks} == {"nothing"}


def test_chinese_traffic_like_the_reference_raises_no_alarm(chinese: Version) -> None:
    looks = [chinese.look(rows(100, 5_000 + seed, chinese=True)) for seed in range(40)]
    assert [drift.sentence for drift in looks if drift.alarm] == []


def test_many_versions_stay_quiet_on_their_own_traffic() -> None:
    # The reference is a sample, too: what one profile happens to be like must not become an alarm.
    found = [version(seed=seed).look(rows(300, 7_000 + seed)).alarm for seed in range(8)]
    assert sum(found) == 0


def test_another_mix_of_the_same_classes_is_label_shift(english: Version) -> None:
    drift = english.look(rows(300, 1, shares=(0.1, 0.1, 0.7, 0.1)))
    assert "labels" in alarms(drift)
    assert drift.cause == "label shift"
    assert drift.decision == "re-tune"
    assert "the share of 'refund' rose from 2" in drift.sentence
    assert "to 7" in drift.sentence or "to 6" in drift.sentence


def test_a_small_shift_of_the_mix_needs_nothing(english: Version) -> None:
    drift = english.look(rows(1_000, 1, shares=(0.2, 0.2, 0.4, 0.2)))
    assert (drift.cause, drift.decision) == ("label shift", "nothing")


def test_a_new_topic_is_found_and_named_by_its_words(english: Version) -> None:
    drift = english.look(rows(240, 1) + rows(60, 2, classes=["loan"]))
    assert drift.cause == "new topics"
    assert drift.decision == "add a class"
    assert "unlike anything learnt from" in drift.sentence
    words = {word for topic in drift.topics for word in topic.name.split()}
    assert words & {"mortgage", "loan", "interest", "lender", "borrow", "house", "collateral", "debt", "repay"}
    assert all(0 <= row < 300 for topic in drift.topics for row in topic.rows)
    of_loans = [row >= 240 for topic in drift.topics for row in topic.rows]
    assert np.mean(of_loans) > 0.7


def test_texts_of_another_field_are_other_texts(english: Version) -> None:
    drift = english.look(rows(200, 1, elsewhere=True))
    assert drift.cause == "other texts"
    assert {"text", "vocabulary", "confidence"} <= alarms(drift)
    assert drift.decision == "re-tune"


def test_texts_in_another_language_are_told_by_it(english: Version) -> None:
    drift = english.look(rows(180, 1) + rows(20, 2, chinese=True))
    assert "language" in alarms(drift)
    said = next(change.sentence for change in drift.changes if change.name == "language")
    assert said == "texts in a language not seen before are 10 % of all, where they were 0 %"


def test_longer_texts_are_an_alarm_of_length(english: Version) -> None:
    window = rows(200, 1)
    drift = english.look(type(window)([f"{text} {text} {text}" for text in window.texts], window.labels))
    assert "length" in alarms(drift)


def test_confidence_alone_asks_for_labels(english: Version) -> None:
    window = rows(200, 1)
    answers, confidences = answer(english.model, window.texts)
    drift = look(english.profile, window.texts, answers, confidences * 0.95)
    assert drift.cause == "confidence"
    assert drift.decision == "label"
    assert "the mean confidence fell from" in drift.sentence


def less_sure(english: Version, seed: int, by: float) -> tuple[list[str], list[str], np.ndarray]:
    """Usual rows whose mean confidence lies so much below the reference's."""
    window = rows(400, seed)
    answers, confidences = answer(english.model, window.texts)
    above = next(one.effect for one in english.look(window).changes if one.name == "confidence")
    return window.texts, answers, confidences - above - by


def test_what_is_only_likely_is_an_alarm_when_the_look_before_found_it_too(english: Version) -> None:
    first = look(english.profile, *less_sure(english, 1, 0.028))
    assert (first.alarm, first.likely, first.decision) == (False, True, "nothing")
    assert first.sentence == "how sure the version is may have changed in 400 rows: a look at later ones will tell"
    second = look(english.profile, *less_sure(english, 2, 0.028), before=first)
    assert (alarms(second), second.likely, second.cause) == ({"confidence"}, False, "confidence")
    assert json.loads(json.dumps(first.to_json()))["likely"] is True


def test_a_look_that_found_nothing_or_the_opposite_confirms_nothing(english: Version) -> None:
    quiet, lower = english.look(rows(400, 5_001)), less_sure(english, 1, 0.028)
    assert not look(english.profile, *lower, before=quiet).alarm
    higher = look(english.profile, *less_sure(english, 2, -0.028))
    assert [change.name for change in higher.changes if change.likely] == ["confidence"]
    assert not look(english.profile, *lower, before=higher).alarm


def test_what_is_far_beyond_chance_needs_no_second_look(english: Version) -> None:
    quiet = english.look(rows(300, 5_000))
    window = rows(300, 1, shares=(0.1, 0.1, 0.7, 0.1))
    drift = look(english.profile, window.texts, *answer(english.model, window.texts), before=quiet)
    assert drift.alarm and not drift.likely


def test_chinese_changes_are_found(chinese: Version) -> None:
    shifted = chinese.look(rows(300, 1, shares=(0.1, 0.1, 0.7, 0.1), chinese=True))
    assert shifted.cause == "label shift"
    new = chinese.look(rows(240, 1, chinese=True) + rows(80, 2, classes=["loan"], chinese=True))
    assert new.cause == "new topics"
    names = "".join(topic.name for topic in new.topics)
    assert set(names) & set("房贷利息借款抵押债务")


def test_few_rows_decide_nothing_and_say_so(english: Version) -> None:
    drift = english.look(rows(19, 1, elsewhere=True))
    assert (drift.decision, drift.cause, drift.changes) == ("nothing", "too few rows", ())
    assert drift.sentence == "too few rows to tell: 19, and 20 are needed"
    assert drift.region.shape == (19,)


def test_no_rows_are_too_few(english: Version) -> None:
    drift = look(english.profile, [], [], [])
    assert (drift.rows, drift.decision, drift.region.shape) == (0, "nothing", (0,))


def test_texts_without_words_can_be_looked_at(english: Version) -> None:
    drift = look(english.profile, ["", " ", "?!"] * 20, ["card"] * 60, np.full(60, 0.4))
    assert drift.alarm
    assert np.isfinite([change.effect for change in drift.changes]).all()


def test_what_does_not_fit_is_refused(english: Version) -> None:
    with pytest.raises(ValueError, match="2 texts, 1 answers and 2 confidences"):
        look(english.profile, ["a", "b"], ["card"], [0.5, 0.5])


def test_the_region_sends_the_audit_to_the_new_rows(english: Version) -> None:
    window = rows(240, 1) + rows(60, 2, classes=["loan"])
    drift = english.look(window)
    assert drift.region.shape == (300,)
    assert drift.region.min() == 0
    assert drift.region[240:].mean() > 4 * drift.region[:240].mean()
    drawn = draw(40, np.full(300, 0.7), drifted=drift.region, seed=1)
    assert sum(one.position >= 240 for one in drawn) > 8


def test_a_look_is_repeated_exactly_and_is_plain_json(english: Version) -> None:
    window = rows(240, 1) + rows(60, 2, classes=["loan"])
    first, second = english.look(window), english.look(window)
    assert json.loads(json.dumps(first.to_json())) == json.loads(json.dumps(second.to_json()))
    assert first.to_json()["alarm"] is True


@pytest.mark.parametrize("shape", ["labels", "spans"])
def test_answers_of_several_labels_or_spans_are_compared_by_label(shape: str) -> None:
    def several(labels: list[str], shift: bool) -> list[object]:
        more = ["fee" if shift and i % 2 else label for i, label in enumerate(labels)]
        if shape == "labels":
            return [tuple(sorted({*pair})) for pair in zip(labels, more, strict=True)]
        return [tuple((0, 4, name) for name in pair) for pair in zip(labels, more, strict=True)]

    held, quiet, sure = rows(400, 1), rows(200, 2), np.random.default_rng(0).uniform(0.5, 1, 400)
    learnt = profile(held.texts, several(held.labels, False), several(held.labels, False), sure, classes=CLASSES)
    assert not look(learnt, quiet.texts, several(quiet.labels, False), sure[:200]).alarm
    drift = look(learnt, quiet.texts, several(quiet.labels, True), sure[:200])
    assert alarms(drift) == {"labels"}
    assert "the share of 'fee' rose from" in drift.sentence


def test_embeddings_of_the_caller_are_looked_at(english: Version) -> None:
    chance = np.random.default_rng(0)
    held = rows(300, 3)
    answers, confidences = answer(english.model, held.texts)
    vectors = chance.normal(size=(300, 16))
    learnt = profile(held.texts, held.labels, answers, confidences, classes=CLASSES, vectors=vectors)
    window = rows(100, 4)
    said, sure = answer(english.model, window.texts)
    quiet = look(learnt, window.texts, said, sure, vectors=chance.normal(size=(100, 16)))
    moved = look(learnt, window.texts, said, sure, vectors=chance.normal(size=(100, 16)) + 0.5)
    assert alarms(quiet) == set()
    assert alarms(moved) == {"vectors"}


def test_out_of_scope_requests_of_clinc150_are_found_within_two_days(shared_data: Path) -> None:
    with (shared_data / "intent/clinc150_oos_en/test.csv").open(newline="") as file:
        every = list(csv.DictReader(file))
    chance = np.random.default_rng(0)
    known = [row for row in every if row["label"] in sorted({row["label"] for row in every})[:60]]
    known = [known[i] for i in chance.permutation(len(known)) if known[i]["domain"] != "oos"]
    strange = [row for row in every if "oos" in row["label"] or row["domain"] == "oos"]
    train, held, traffic = known[:900], known[900:1_300], known[1_300:]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=300))
    model.fit([row["text"] for row in train], [row["label"] for row in train])
    answers, confidences = answer(model, [row["text"] for row in held])
    learnt = profile(
        [row["text"] for row in held], [row["label"] for row in held], answers, confidences,
        classes=sorted({row["label"] for row in known}), trained=[row["text"] for row in train],
        trained_labels=[row["label"] for row in train],
    )  # fmt: skip

    def at(part: list[dict[str, str]]) -> Drift:
        texts = [row["text"] for row in part]
        return look(learnt, texts, *answer(model, texts))

    assert not at(traffic[:200]).alarm
    found = at(traffic[:320] + strange[:80])  # two days of 200 requests, a fifth of them out of scope
    assert found.cause == "new topics"


def test_a_version_that_is_surer_than_its_twin_was_has_not_drifted(english: Version) -> None:
    of_twin = replace(english.profile, twin=True)
    surer, lower = less_sure(english, 1, -0.06), less_sure(english, 1, 0.06)
    assert alarms(look(english.profile, *surer)) == {"confidence"}
    assert alarms(look(of_twin, *surer)) == set()
    assert alarms(look(of_twin, *lower)) == {"confidence"}
    assert Profile.from_json(of_twin.to_json()).twin
