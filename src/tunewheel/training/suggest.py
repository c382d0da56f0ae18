"""Suggest: training settings that suit the number of rows, what is read and how much of it must be learnt."""

from __future__ import annotations

from typing import Any, Literal

from .options import TrainingOptions

Reads = Literal["text", "words", "image"]
# (fewer rows than, epochs): few rows need more passes, not many where the head begins warm; figures in docs/log.md.
TEXT_EPOCHS = ((300, 8), (1_000, 6), (25_000, 5), (60_000, 3))
WORDS_EPOCHS = ((300, 8), (1_000, 6), (25_000, 3))
IMAGE_EPOCHS = ((1_000, 40), (5_000, 25), (20_000, 20), (60_000, 8))
FEWEST_EPOCHS = 2
# Fewer rows are too few to spare any, and to teach a new head and a body at once.
FEW_ROWS = 3_000


def suggest(reads: Reads, rows: int, *, frozen_words: bool = False) -> TrainingOptions:
    """Settings for `rows` training rows.

    `frozen_words` is true for bodies whose word vectors never move: the layers above may then move faster.
    """
    chosen: dict[str, Any] = {"text": _text, "words": _words, "image": _image}[reads](rows)
    if frozen_words and reads == "text":
        # Deeper bodies whose word vectors stand still: figures in docs/log.md.
        chosen |= {"learning_rate": 1e-4, "epochs": max(chosen["epochs"] - 2, FEWEST_EPOCHS)}
    return TrainingOptions(**chosen)


def _text(rows: int) -> dict[str, Any]:
    return {
        "epochs": _epochs(rows, TEXT_EPOCHS),
        "batch_units": 768 if rows > 3_000 else 384,
        "learning_rate": 1.5e-4,
        "head_learning_rate": 1e-3 if rows < FEW_ROWS else 5e-3,
        "label_smoothing": 0.1,
        # Few rows do not teach a new head and a body at once: figures in docs/log.md.
        "warm_head": rows < FEW_ROWS,
    }


def _words(rows: int) -> dict[str, Any]:
    return {
        "epochs": _epochs(rows, WORDS_EPOCHS),
        "batch_units": 768 if rows > 5_000 else 384,
        "learning_rate": 2e-4,
        "head_learning_rate": 1e-3,
        "label_smoothing": 0.0,
        # A new head takes passes that wear out the body: figures in docs/log.md.
        "warm_head": True,
    }


def _image(rows: int) -> dict[str, Any]:
    return {
        "epochs": _epochs(rows, IMAGE_EPOCHS),
        "batch_units": 64,
        "learning_rate": 3e-3,
        "head_learning_rate": 3e-3,
        "label_smoothing": 0.05,
    }


def _epochs(rows: int, steps: tuple[tuple[int, int], ...]) -> int:
    return next((epochs for fewer_than, epochs in steps if rows < fewer_than), FEWEST_EPOCHS)
