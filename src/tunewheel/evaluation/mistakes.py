"""The most confident mistakes, short enough to be read: an excerpt of the text or a thumbnail of the picture."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from PIL import Image, UnidentifiedImageError

from ..records import Example, Picture
from .outcomes import Answer, Mark, Outcome, marks
from .report import Mistake

LONGEST_TEXT = 300
_LEAD = 60  # characters kept before the first mark that is wrong
_THUMBNAIL = 112, 112
_MOST_PIXELS = 50_000_000


def confident_mistakes(rows: Sequence[Outcome], most: int = 20) -> list[Mistake]:
    """The `most` wrong answers that the model was surest of."""
    wrong = [row for row in rows if not row.correct]
    wrong.sort(key=lambda row: (-row.confidence, row.position))
    return [_mistake(row) for row in wrong[:most]]


def thumbnail(picture: Picture) -> str:
    """A small PNG of the picture as a data: URI; empty when it cannot be decoded or is absurdly large."""
    try:
        with Image.open(io.BytesIO(picture.data)) as image:
            if image.width * image.height > _MOST_PIXELS:
                return ""
            small = image.convert("RGBA" if "transparency" in image.info or image.mode in ("RGBA", "LA") else "RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return ""
    small.thumbnail(_THUMBNAIL)
    written = io.BytesIO()
    small.save(written, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode("ascii")


def excerpt(text: str, around: int = 0) -> tuple[str, int]:
    """At most 300 characters of `text` that show position `around`, and where they start.

    "…" stands for what was cut; the start counts it, so that position p of the text is p - start of the excerpt.
    """
    if len(text) <= LONGEST_TEXT:
        return text, 0
    start = max(0, min(around - _LEAD, len(text) - LONGEST_TEXT))
    head, tail = ("…" if start else ""), ("…" if start + LONGEST_TEXT < len(text) else "")
    return head + text[start : start + LONGEST_TEXT] + tail, start - len(head)


def _mistake(row: Outcome) -> Mistake:
    example, source = row.example, row.example.source
    text, start = excerpt(_text(example), _first_difference(row))
    return Mistake(
        row=source.row,
        file=source.file,
        text=text,
        picture=thumbnail(example.content) if isinstance(example.content, Picture) else "",
        actual=_moved(row.actual, start, len(text)),
        predicted=_moved(row.predicted, start, len(text)),
        confidence=row.confidence,
    )


def _text(example: Example) -> str:
    return example.content.name if isinstance(example.content, Picture) else example.text


def _first_difference(row: Outcome) -> int:
    """Where the first mark lies that only one side has."""
    return min((mark.start for mark in set(marks(row.actual)) ^ set(marks(row.predicted))), default=0)


def _moved(answer: Answer, start: int, length: int) -> Answer:
    """An answer's marks as they lie in an excerpt that begins at `start`; those outside of it are left out."""
    if isinstance(answer, str) or not marks(answer):
        return answer
    shown = [mark for mark in marks(answer) if mark.start >= start and mark.end <= start + length]
    return [Mark(mark.start - start, mark.end - start, mark.label) for mark in shown]
