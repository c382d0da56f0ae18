"""Small reports to look at: real shapes, invented answers."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tunewheel.evaluation.build import build
from tunewheel.evaluation.calibration import calibration
from tunewheel.evaluation.metrics import classification_scores
from tunewheel.evaluation.metrics_entities import entities, entity_scores
from tunewheel.evaluation.report import Contender, Report, Role
from tunewheel.evaluation.search import Search, Tried
from tunewheel.records import Example, Picture, Prediction, Scores, Source, Span, Step, Words

EVIL = '<script>alert("x")</script>'


def png(colour: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (32, 24), colour).save(written, "PNG")
    return written.getvalue()


def contend(
    name: str, role: Role, answers: Sequence[str], examples: Sequence[Example], confidence: float = 0.9
) -> Contender:
    scores = classification_scores(answers, [e.target for e in examples], sorted({e.target for e in examples}))
    predictions = [Prediction(answer, confidence) for answer in answers]
    return Contender(name, role, predictions, scores, train_seconds=75, predict_seconds=0.4, size_bytes=91_000_000)


def with_mistakes(examples: Sequence[Example], wrong: Sequence[int], other: str) -> list[str]:
    return [other if i in set(wrong) else example.target for i, example in enumerate(examples)]


@pytest.fixture(scope="session")
def answered() -> Callable[..., list[str]]:
    """Right answers, except for some rows."""
    return with_mistakes


@pytest.fixture(scope="session")
def contender() -> Callable[..., Contender]:
    """Makes a contender from its answers."""
    return contend


@pytest.fixture(scope="session")
def examples() -> list[Example]:
    """200 rows, two labels; column "shop" has two values; rows of shop "south" are written in Chinese."""
    rows = []
    for i in range(200):
        text = f"第{i}件很好，我很喜欢" if i % 4 == 0 else f"row {i} " + "x" * (i % 50)
        columns = {"shop": "south" if i % 4 == 0 else "north", "id": i}
        rows.append(Example(text, "good" if i % 2 else "bad", Source("test.csv", i + 2), columns))
    return rows


@pytest.fixture(scope="session")
def report(examples: list[Example]) -> Report:
    """The fine-tuned model is better than the floor and wrong on half of the rows of shop "south"."""
    after = contend("Fine-tuned", "after", with_mistakes(examples, range(0, 200, 8), "good"), examples)
    floor = contend("TF-IDF + linear", "floor", with_mistakes(examples, range(0, 200, 2), "good"), examples)
    before = contend("Frozen", "before", with_mistakes(examples, range(0, 200, 4), "good"), examples)
    right = np.array([p.value == e.target for p, e in zip(after.predictions, examples, strict=True)])
    curve = [Step(i, 20, 0, 2.0 / i, 1e-4, i * 100, float(i)) for i in range(1, 20)]
    last = Step(20, 20, 1, 0.1, 0.0, 2000, 20.0, validation=Scores({"accuracy": 0.9}), best=True)
    return build(
        title="reviews.csv",
        task="text_classification",
        task_summary="One label for each text",
        best_by="accuracy",
        labels=["bad", "good"],
        examples=examples,
        contenders=[floor, before, after],
        curve=[*curve, last],
        calibration=calibration(np.full(200, 0.99), np.full(200, 0.9), right, 1.7),
        leak=[1, 3],
        findings=["2 test rows are also in training."],
        data={"rows": {"train": 1000, "test": 200}},
        model={"backbone": "tiny"},
        environment={"python": "3.11"},
        recipe_yaml="task: text_classification\n",
    )


@pytest.fixture(scope="session")
def evil_report() -> Report:
    """Every string that comes from data tries to be HTML."""
    rows = [
        Example(f"{EVIL} {i}", EVIL if i % 2 else "ok", Source(EVIL, i + 1), {EVIL: f"{EVIL}{i % 2}"})
        for i in range(60)
    ]
    contenders = [
        contend(f"floor {EVIL}", "floor", with_mistakes(rows, range(40), "ok"), rows),
        contend(f"after {EVIL}", "after", with_mistakes(rows, range(20), EVIL), rows),
    ]
    return build(
        title=EVIL, task=EVIL, task_summary=EVIL, best_by="accuracy", labels=["ok", EVIL], examples=rows,
        contenders=contenders, leak=[0], findings=[EVIL], data={EVIL: EVIL}, model={"a": [EVIL]},
        environment={"b": {EVIL: EVIL}}, recipe_yaml=f"x: '{EVIL}'\n",
    )  # fmt: skip


@pytest.fixture(scope="session")
def entity_report() -> Report:
    """Two sentences, one with a wrong type and one with a missed entity; targets are tags."""
    text = "Ada lives in Paris & 北京"
    words = Words(text, ((0, 3), (4, 9), (10, 12), (13, 18), (19, 20), (21, 23)))
    gold = [["B-PER", "O", "O", "B-LOC", "O", "B-LOC"]] * 2
    said = [["B-PER", "O", "O", "B-ORG", "O", "B-LOC"], ["B-PER", "O", "O", "B-LOC", "O", "O"]]
    rows = [Example(words, tuple(tags), Source("test.conll", i + 1)) for i, tags in enumerate(gold)]
    predictions = [
        Prediction(tuple(Span(words.bounds[e.first][0], words.bounds[e.last][1], e.type) for e in entities(tags)), 0.8)
        for tags in said
    ]
    after = Contender("Fine-tuned", "after", predictions, entity_scores(said, gold))
    return build(
        title="news", task="token_classification", task_summary="Entities", best_by="entity_f1",
        labels=["LOC", "ORG", "PER"], examples=rows, contenders=[after],
    )  # fmt: skip


@pytest.fixture(scope="session")
def picture_report() -> Report:
    rows = [Example(Picture(png(), f"{i}.png"), "red", Source("test.parquet", i + 1)) for i in range(3)]
    rows.append(Example(Picture(b"not a picture", "broken.png"), "red", Source("test.parquet", 4)))
    return build(
        title="shapes", task="image_classification", task_summary="One label for each picture", best_by="accuracy",
        labels=["blue", "red"], examples=rows, contenders=[contend("CNN", "after", ["blue"] * 4, rows)],
    )  # fmt: skip


def searching(name: str = "learning_rate", word: str = "mean") -> Search:
    """Two floors, the defaults, seven searched trainings (of which two pruned and one failed), and an average."""
    floor, encoder, default, search = "TF-IDF", "Frozen encoder", "Default settings", "Search"
    tried = [
        Tried(1, floor, {"C": 1.0}, 2.0, 1.0, 0.84, "finished", True),
        Tried(2, encoder, {"C": 1.0}, 4.0, 14.0, 0.86, "finished", True),
        Tried(3, default, {name: 5e-5, "epochs": 3, "pooling": word}, 20.0, 60.0, 0.90, "finished", True),
        Tried(4, search, {name: 1e-3, "epochs": 3, "pooling": "first"}, 80.0, 10.0, 0.30, "pruned", False),
        Tried(5, search, {name: 1e-4, "epochs": 2, "pooling": word}, 90.0, 60.0, 0.91, "finished", True),
        Tried(6, search, {name: 2e-4, "epochs": 1, "pooling": word}, 150.0, 5.0, None, "failed", False),
        Tried(7, search, {name: 3e-4, "epochs": 5}, 155.0, 25.0, 0.86, "pruned", False),
        Tried(8, search, {name: 1e-4, "epochs": 5, "pooling": "first"}, 180.0, 90.0, 0.92, "finished", True),
        Tried(9, default, {name: 5e-5, "epochs": 3, "pooling": word}, 270.0, 60.0, 0.90, "time was up", False),
        Tried(10, "Average of weights", {}, 330.0, 2.0, 0.921, "finished", True),
    ]
    moments = [(3.0, 0.84), (18.0, 0.86), (50.0, 0.88), (80.0, 0.90), (150.0, 0.91), (270.0, 0.92), (332.0, 0.921)]
    return Search(360.0, "accuracy", 500, tried, moments, "It was the best on validation.", "More brings little.")


@pytest.fixture(scope="session")
def search() -> Search:
    return searching()


@pytest.fixture(scope="session")
def searched_report(report: Report) -> Report:
    return replace(report, search=searching())


@pytest.fixture(scope="session")
def evil_searched_report(evil_report: Report) -> Report:
    """The names and values of settings, the ideas and the sentences try to be HTML, too."""
    evil = searching(EVIL, EVIL)
    tried = [replace(one, idea=f"{one.idea} {EVIL}") for one in evil.tried]
    return replace(evil_report, search=replace(evil, metric=EVIL, tried=tried, why=EVIL, forecast=EVIL))
