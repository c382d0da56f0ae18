"""Answers: a label, several labels, or spans, as the classes that a row was answered with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .features import Floats


def labels_of(answer: Any) -> tuple[str, ...]:
    """The labels in an answer, each once: of a label, labels, or spans (start, end, label)."""
    if answer is None:
        return ()
    if isinstance(answer, list | tuple | set | frozenset):
        if len(answer) == 3 and [isinstance(part, str) for part in answer] == [False, False, True]:
            return (str(list(answer)[2]),)
        return tuple(dict.fromkeys(label for part in answer for label in labels_of(part)))
    if isinstance(answer, Mapping):
        return (str(answer["label"]),) if "label" in answer else ()
    return (str(answer if isinstance(answer, str) else getattr(answer, "label", answer)),)


def single(answers: Sequence[Any]) -> bool:
    """Whether every answer is one label."""
    return all(not isinstance(one, list | tuple | set | frozenset | Mapping) and one is not None for one in answers)


def indicators(answers: Sequence[Any], classes: Sequence[str]) -> Floats:
    """Which classes each row was answered with, (N, C + 1); the last column: with none that is known."""
    number = {name: i for i, name in enumerate(classes)}
    flags = np.zeros((len(answers), len(classes) + 1))
    for row, answer in enumerate(answers):
        known = [number[label] for label in labels_of(answer) if label in number]
        flags[row, known or [len(classes)]] = 1
    return flags
