"""The report as data: the verdict, the parts, JSON and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tunewheel.errors import ReadError
from tunewheel.evaluation.build import build
from tunewheel.evaluation.metrics import multi_label_scores
from tunewheel.evaluation.mistakes import excerpt
from tunewheel.evaluation.outcomes import Mark
from tunewheel.evaluation.outcomes import answered as answered_classes
from tunewheel.evaluation.report import Contender, Report, Role, Verdict
from tunewheel.records import Example, Prediction, Scores, Step, Words

Make = Callable[..., Any]


def judged(contender: Make, answered: Make, examples: list[Example], **wrong: range) -> Report:
    """A report on contenders named by role, each wrong on the given rows."""
    roles: dict[str, Role] = {"floor": "floor", "before": "before", "after": "after"}
    made = [contender(name, roles[name], answered(examples, rows, "bad"), examples) for name, rows in wrong.items()]
    return build(
        title="t", task="text_classification", task_summary="s", best_by="accuracy", labels=["bad", "good"],
        examples=examples, contenders=made,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "verdict"),
    [
        ({"floor": range(160), "before": range(120), "after": range(20)}, "better"),
        ({"floor": range(160), "before": range(22), "after": range(20)}, "unproved"),
        ({"floor": range(20), "before": range(120), "after": range(20)}, "floor wins"),
        ({"before": range(20), "after": range(160)}, "worse"),
        ({"floor": range(20)}, "alone"),
    ],
)
def test_the_verdict(
    examples: list[Example], wrong: dict[str, range], verdict: Verdict, contender: Make, answered: Make
) -> None:
    assert judged(contender, answered, examples, **wrong).judgement.verdict == verdict


def test_better_than_the_floor_but_not_than_before_is_said_plainly(
    examples: list[Example], contender: Make, answered: Make
) -> None:
    found = judged(contender, answered, examples, floor=range(160), before=range(22), after=range(20)).judgement
    assert found.headline == "Better than the floor; fine-tuning itself is not proved"


@pytest.mark.parametrize(
    ("floor", "after", "verdict", "headline", "advice"),
    [
        (range(20), range(160), "better", "floor is enough: better than", "Serve it"),
        (range(20), range(21), "unproved", "floor may be enough: as good as the", "whichever is cheaper"),
        (range(160), range(20), "worse", "floor is worse than the fine-tuned model", "Serve the fine-tuned model."),
    ],
)
def test_a_floor_is_judged_beside_the_fine_tuned_model(
    examples: list[Example], floor: range, after: range, verdict: Verdict, headline: str, advice: str,
    contender: Make, answered: Make,
) -> None:  # fmt: skip
    made = [contender(name, name, answered(examples, wrong, "bad"), examples)
            for name, wrong in (("floor", floor), ("after", after))]  # fmt: skip
    report = build(
        title="t", task="t", task_summary="s", best_by="accuracy", labels=["bad", "good"], examples=examples,
        contenders=made, judged="floor",
    )  # fmt: skip
    found = report.judgement
    assert (found.main, found.verdict) == ("floor", verdict) and found.headline.startswith(headline)
    assert advice in found.advice[0] and "the fine-tuned model (after)" in found.comparisons[0].sentence
    assert sum(row.correct for row in report.row_scores) == sum(examples[row].target == "bad" for row in floor) + (
        200 - len(floor)
    )
    assert Report.from_json(report.to_json()) == report


def test_groups_too_few_to_resample_are_told(examples: list[Example], contender: Make, answered: Make) -> None:
    made = [contender("a", "after", answered(examples, range(9), "bad"), examples)]
    settings = {"title": "t", "task": "t", "task_summary": "s", "best_by": "accuracy", "labels": ["bad", "good"]}
    for groups, said in (([1] * 200, "(too few groups to resample: 1)"), ([n // 4 for n in range(200)], "50 groups")):
        judgement = build(**settings, examples=examples, contenders=made, groups=groups).judgement
        assert said in judgement.resampled
        spread = judgement.standings[0].intervals["accuracy"]
        assert spread.low < spread.value < spread.high


def test_the_table_has_every_contender_with_an_interval(report: Report) -> None:
    assert [line.name for line in report.judgement.standings] == ["TF-IDF + linear", "Frozen", "Fine-tuned"]
    for line in report.judgement.standings:
        spread = line.intervals["accuracy"]
        assert spread.low < line.scores["accuracy"] < spread.high
    assert report.standing.name == "Fine-tuned"


def test_the_report_says_how_small_a_gain_it_can_see(report: Report) -> None:
    assert report.judgement.power.startswith("This test set of 200 rows can see a gain of ")


def test_leaked_rows_are_counted_and_scored_without(report: Report) -> None:
    leak = report.judgement.leak
    assert leak is not None
    assert leak.positions == [1, 3]
    assert leak.scores[-1] == ("Fine-tuned", pytest.approx(175 / 200), pytest.approx(173 / 198))
    assert any("without the 2 test rows" in step for step in report.judgement.advice)


def test_the_weak_slice_is_found_and_advised(report: Report) -> None:
    worst = report.weaknesses.slices[0]
    assert worst.name in ("script: Han", "shop: south")
    assert worst.difference.proved
    assert any(worst.name in step for step in report.judgement.advice)


def test_classes_confusions_and_the_matrix_agree(report: Report) -> None:
    weak = report.weaknesses
    assert [(row.label, row.support) for row in weak.classes] == [("bad", 100), ("good", 100)]
    assert weak.matrix == [[75, 25], [0, 100]]
    assert (weak.confusions[0].actual, weak.confusions[0].predicted, weak.confusions[0].count) == ("bad", "good", 25)
    assert weak.confusions[0].positions == [0, 8, 16, 24, 32]


def test_mistakes_are_twenty_at_most_and_name_their_rows(report: Report) -> None:
    assert len(report.weaknesses.mistakes) == 20
    first = report.weaknesses.mistakes[0]
    assert (first.row, first.file, first.actual, first.predicted) == (2, "test.csv", "bad", "good")


def test_the_surest_mistake_comes_first(examples: list[Example], contender: Make) -> None:
    few = examples[:10]
    after = contender("after", "after", ["bad"] * 10, few)
    surer = [replace(p, confidence=i / 10) for i, p in enumerate(after.predictions)]
    made = build(
        title="t", task="t", task_summary="s", best_by="accuracy", labels=["bad", "good"], examples=few,
        contenders=[replace(after, predictions=surer)],
    )  # fmt: skip
    assert [mistake.confidence for mistake in made.weaknesses.mistakes] == [0.9, 0.7, 0.5, 0.3, 0.1]


def test_every_row_is_kept_so_that_versions_can_be_compared_later(report: Report, examples: list[Example]) -> None:
    assert [row.key for row in report.row_scores] == [example.key for example in examples]
    assert report.ratio.value == report.standing.scores["accuracy"]
    assert sum(row.correct for row in report.row_scores) == 175


def test_a_report_survives_json(report: Report, entity_report: Report, picture_report: Report) -> None:
    for one in (report, entity_report, picture_report):
        assert Report.from_json(one.to_json()) == one
    assert json.loads(report.to_json())["format"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a report"),
        ("[]", "not a report"),
        ('{"format": 2}', "format 2"),
        ('{"format": 1, "title": 3}', "damaged"),
    ],
)
def test_a_damaged_report_ends_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ReadError, match=said):
        Report.from_json(text)


def test_a_loss_that_is_not_a_number_does_not_break_the_json(
    examples: list[Example], contender: Make, answered: Make
) -> None:
    made = build(
        title="t", task="t", task_summary="s", best_by="accuracy", labels=["bad", "good"], examples=examples,
        contenders=[contender("a", "after", answered(examples, range(3), "bad"), examples)],
        curve=[Step(1, 2, 0, float("nan"), 1e-4, 10, 1.0)],
    )  # fmt: skip
    assert Report.from_json(made.to_json()).curve[0].loss is None


def test_entities_are_compared_by_place_and_type(entity_report: Report) -> None:
    pairs = {(pair.actual, pair.predicted) for pair in entity_report.weaknesses.confusions}
    assert pairs == {("LOC", "ORG"), ("LOC", "(nothing)")}
    mistake = entity_report.weaknesses.mistakes[0]
    assert mistake.actual == [Mark(0, 3, "PER"), Mark(13, 18, "LOC"), Mark(21, 23, "LOC")]
    assert entity_report.weaknesses.matrix == []


def test_classes_of_word_tags_are_the_types_of_entities(entity_report: Report) -> None:
    tags = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER", "B-self-made", "I-self-made"]
    words = [Example(Words("Ada", ((0, 3),)), ("B-PER",))]
    assert answered_classes(tags, words) == ["LOC", "PER", "self-made"]
    assert answered_classes(["O", "B"], [Example("a blood group", "O")]) == ["O", "B"]
    assert [row.label for row in entity_report.weaknesses.classes] == ["LOC", "ORG", "PER"]


def test_many_labels_a_row_are_missed_or_invented(examples: list[Example]) -> None:
    rows = [Example("a b", ("a", "b")), Example("c", ("c",))]
    scores = multi_label_scores([{"a"}, {"c", "b"}], [{"a", "b"}, {"c"}], ["a", "b", "c"])
    after = Contender("m", "after", [Prediction(("a",)), Prediction(("c", "b"))], scores)
    made = build(
        title="t", task="t", task_summary="s", best_by="micro_f1", labels=["a", "b", "c"], examples=rows,
        contenders=[after],
    )  # fmt: skip
    pairs = {(pair.actual, pair.predicted) for pair in made.weaknesses.confusions}
    assert pairs == {("b", "(nothing)"), ("(nothing)", "b")}
    assert made.row_scores[1].predicted == ["b", "c"]


def test_pictures_have_thumbnails_and_broken_ones_do_not(picture_report: Report) -> None:
    shown = [mistake.picture[:22] for mistake in picture_report.weaknesses.mistakes]
    assert shown == ["data:image/png;base64,"] * 3 + [""]


def test_a_long_text_is_cut_where_the_mistake_is(examples: list[Example]) -> None:
    text = "a" * 1000 + "HERE" + "b" * 1000
    shown, start = excerpt(text, around=1000)
    assert len(shown) == 302
    assert shown[1000 - start : 1004 - start] == "HERE"
    assert excerpt("short") == ("short", 0)


def test_a_metric_that_cannot_be_resampled_is_refused(examples: list[Example]) -> None:
    bare = Contender("x", "after", [Prediction("bad")] * 200, Scores({"accuracy": 0.5}))
    with pytest.raises(ValueError, match="no per-row 'accuracy' in the scores of x"):
        build(
            title="t", task="t", task_summary="s", best_by="accuracy", labels=["bad"], examples=examples,
            contenders=[bare],
        )  # fmt: skip


def test_long_curves_are_thinned_but_keep_every_validation(
    examples: list[Example], contender: Make, answered: Make
) -> None:
    steps = [
        Step(i, 5000, 0, 1.0, 0.1, 1, 1.0, Scores({"accuracy": 0.5}) if i % 999 == 0 else None) for i in range(1, 5001)
    ]
    made = build(
        title="t", task="t", task_summary="s", best_by="accuracy", labels=["bad", "good"], examples=examples,
        contenders=[contender("a", "after", answered(examples, range(3), "bad"), examples)], curve=steps,
    )  # fmt: skip
    assert len(made.curve) < 500
    assert [p.step for p in made.curve if p.validation is not None] == [999, 1998, 2997, 3996, 4995]
    assert np.isfinite([p.loss for p in made.curve if p.loss is not None]).all()
