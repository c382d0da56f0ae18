from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from small_texts import banking, intents

from tunewheel.errors import ColumnError, DataError, LabelError
from tunewheel.models.processors import load_processor
from tunewheel.records import Prediction, Source
from tunewheel.tasks.text_classification import TextClassification
from tunewheel.testing.contracts import TaskContract

HERE = Source("texts.csv", 3)


class TextContract(TaskContract):
    task_class = TextClassification

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tiny_folder: Path) -> Path:
        return tiny_folder


class TestOneLabel(TextContract):
    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        return intents(30)


class TestChinese(TextContract):
    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        return intents(30, chinese=True)


class TestRealTexts(TextContract):
    """Thirty real questions to a bank."""

    real: ClassVar[list[dict[str, Any]]] = []

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tiny_folder: Path, shared_data: Path) -> Path:
        cls.real = banking(shared_data, 30, labels=3)
        return tiny_folder

    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        return cls.real


class TestBalancedClassWeights(TextContract):
    settings: ClassVar = {"class_weights": "balanced"}

    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        return [row for place, row in enumerate(intents(60)) if row["label"] == "card" or place % 3 == 1 or place < 6][
            :30
        ]


class TestSeveralLabels(TextContract):
    settings: ClassVar = {"multi_label": True}

    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        """One label, two labels and none, in turn."""
        single = intents(60)
        pairs = zip(single[::2], single[1::2], strict=True)
        rows = [_joined(one, other) if place % 3 else one for place, (one, other) in enumerate(pairs)]
        rows[4] = {"text": "Nothing at all, thank you", "label": ""}
        return rows


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {"text": f"{one['text']} and {other['text']}", "label": f"{one['label']} | {other['label']}"}


class TestSharesOfLabels(TextContract):
    settings: ClassVar = {"votes": ("card", "fee", "transfer")}
    # Shares are never matched to the last bit; the label with the most votes is.
    training: ClassVar = {"epochs": 80, "learning_rate": 3e-3, "head_learning_rate": 1e-2}

    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        """Ten raters, most of them of one mind."""
        votes = {"card": 1, "fee": 1, "transfer": 0}
        return [{"text": row["text"], **votes, row["label"]: 8} for row in intents(30)]


def task(**options: Any) -> TextClassification:
    return TextClassification(TextClassification.Options(**options))


def parsed(made: TextClassification, *rows: dict[str, Any]) -> list[Any]:
    return [made.parse(row, HERE) for row in rows]


def test_other_columns_stay_with_the_row() -> None:
    example = task(text="body").parse({"body": "Hi", "label": 1.0, "shop": "north"}, HERE)
    assert (example.content, example.target, example.columns) == ("Hi", "1", {"shop": "north"})


def test_a_missing_text_column_is_named_with_what_there_is() -> None:
    with pytest.raises(ColumnError, match=r"texts.csv row 3: there is no column 'text'.*body, label"):
        task().parse({"body": "Hi", "label": "a"}, HERE)


def test_an_empty_text_is_told_as_an_empty_cell() -> None:
    with pytest.raises(DataError, match=r"texts.csv row 3: column 'text' is empty. Fill it in, or delete the row"):
        task().parse({"text": None, "label": "a"}, HERE)


@pytest.mark.parametrize("label", [None, "", "  ", float("nan")])
def test_an_empty_label_is_no_label(label: Any) -> None:
    assert task().parse({"text": "Hi", "label": label}, HERE).target is None


def test_votes_become_shares_and_no_votes_no_target() -> None:
    made = task(votes=("good", "bad"))
    first, second = parsed(made, {"text": "a", "good": 3, "bad": "1"}, {"text": "b", "good": 0, "bad": None})
    assert first.target == {"good": 0.75, "bad": 0.25}
    assert second.target is None


def test_shares_are_scored_by_the_probabilities_beside_the_largest_share() -> None:
    made = task(votes=("good", "bad", "odd"))
    examples = parsed(made, {"text": "a", "good": 3, "bad": 1, "odd": 0}, {"text": "b", "good": 0, "bad": 1, "odd": 1})
    made.facts = {"labels": ["bad", "good"], "soft": True}  # nobody said "odd" in training
    said = [Prediction("good", 0.75, {"bad": 0.25, "good": 0.75}), Prediction("bad", 0.5, {"bad": 0.5, "good": 0.5})]
    scores = made.score(said, examples)
    assert scores["accuracy"] == 1.0
    assert scores["brier_loss"] == pytest.approx((0 + 0.5**2 + 0.5**2) / 2)
    assert scores["cross_entropy_loss"] > 5  # half of the second row's votes were for what was held impossible
    assert set(scores.rows) == {"accuracy", "brier_loss", "cross_entropy_loss"}
    assert list(scores.values)[:2] == ["accuracy", "macro_f1"]
    hard = parsed(task(), *[{"text": "a", "label": "good"}] * 2)
    assert "brier_loss" not in made.score(said, hard).values


@pytest.mark.parametrize("vote", [-1, "many", float("nan")])
def test_votes_that_are_no_votes_are_named(vote: Any) -> None:
    with pytest.raises(LabelError, match="texts.csv row 3: votes must"):
        task(votes=("good", "bad")).parse({"text": "a", "good": vote, "bad": 2}, HERE)


def test_one_label_only_cannot_be_learnt() -> None:
    made = task()
    with pytest.raises(LabelError, match=r"have 1 \('a'\)"):
        made.learn(parsed(made, {"text": "x", "label": "a"}, {"text": "y", "label": "a"}))


def test_balanced_weights_have_a_mean_of_one_over_the_rows() -> None:
    made = task(class_weights="balanced")
    facts = made.learn(parsed(made, *({"text": str(i), "label": "rare" if i < 2 else "usual"} for i in range(10))))
    assert facts["labels"] == ["rare", "usual"]
    assert facts["class_weights"] == [2.5, 0.625]
    assert np.average(facts["class_weights"], weights=[2, 8]) == 1.0


def test_class_weights_change_the_loss_as_in_torch(tiny_folder: Path) -> None:
    made = task(class_weights="balanced")
    examples = parsed(made, *({"text": str(i), "label": "rare" if i < 2 else "usual"} for i in range(10)))
    made = TextClassification(made.options, made.learn(examples), load_processor(tiny_folder))
    targets = torch.tensor([0, 0, 1, 1, 1])
    logits = torch.randn(5, 2)
    weights = torch.tensor(made.facts["class_weights"])
    expected = torch.nn.CrossEntropyLoss(weight=weights, label_smoothing=0.1)(logits, targets)
    assert made.loss({"logits": logits}, {"targets": targets}, 0.1) == expected


def test_with_several_labels_a_text_may_have_none() -> None:
    made = task(multi_label=True)
    made.facts = {"labels": ["a", "b"]}
    answers = made.decode({"logits": np.array([[3.0, 2.0], [-3.0, -2.0]])}, made_batch(2))
    assert [answer.value for answer in answers] == [("a", "b"), ()]
    assert answers[1].confidence == pytest.approx((1 - 1 / (1 + np.exp(3))) * (1 - 1 / (1 + np.exp(2))))
    assert made.best_by == "micro_f1"


def made_batch(rows: int) -> Any:
    from tunewheel.records import Batch

    return Batch({"rows": np.arange(rows)})
