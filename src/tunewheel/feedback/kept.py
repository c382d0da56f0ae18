"""What is kept of an answer: which ones, and their rows as plain JSON without personal data."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from ..data.doctor.private import redacted
from ..records import Row
from .options import JournalOptions


def is_sampled(identity: str, share: float) -> bool:
    """Whether the answer with this id belongs to the share that is kept; the same for everybody who asks."""
    if share >= 1:
        return True
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8]) < share * 2**64


def plain_row(row: Row, options: JournalOptions) -> dict[str, Any]:
    """The row as JSON can hold it: pictures as base64, empty where one is too large to keep."""
    plain: dict[str, Any] = {}
    for column, value in row.items():
        if isinstance(value, bytes):
            if len(value) > options.picture_bytes:
                return {}
            value = base64.b64encode(value).decode("ascii")
        elif options.redact:
            value = without_private(value)
        plain[column] = value
    return plain


def without_private(value: Any) -> Any:
    """A text, or the words of one, redacted; anything else as it is.

    A number that stands in several words is found, too.
    """
    if isinstance(value, str):
        return redacted(value)
    if not (isinstance(value, list) and value and all(isinstance(word, str) for word in value)):
        return value
    text = redacted(" ".join(value))
    words, start = [], 0
    for word in value:
        words.append(text[start : start + len(word)])
        start += len(word) + 1
    return words


def answer_of(answer: Mapping[str, Any]) -> Any:
    """What an answer says, as the label column of its task would hold it: a label, labels, or spans without the text
    that they mark."""
    if "entities" in answer:
        return [{name: entity[name] for name in ("start", "end", "label")} for entity in answer["entities"]]
    return answer["labels"] if "labels" in answer else answer["label"]
