"""Words of a text with exact character offsets, for languages with and without spaces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ..records import Words

# Han, kana and their compatibility forms: written without spaces, so every character is a word of its own.
_CJK = (
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0002fa1f\U00030000-\U000323af"
)
_CJK_PUNCTUATION = "\u3000-\u303f\uff00-\uff65"
_PIECE = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+(?:['’][^\W{_CJK}]+)*|[^\w\s]")
_JOINED = re.compile(rf"[{_CJK}{_CJK_PUNCTUATION}]")
_JOINERS = "\u200c\u200d"


@lru_cache(maxsize=2**16)
def bound(start: int, end: int) -> tuple[int, int]:
    """The pair. Texts share those that come again and again: a pair of its own takes 120 bytes a word."""
    return start, end


def split_words(text: str) -> Words:
    """Runs of letters and digits (inner apostrophes kept), single CJK characters, single punctuation marks."""
    return Words(text, tuple(_bounds(text)))


def join_words(words: Sequence[str], spaces: bool = True) -> Words:
    """One text of many words, with a space between two of them unless both are written without (CJK).

    `spaces=False` joins everything directly. Word i of the answer is `words[i]`, character by character.
    """
    pieces: list[str] = []
    bounds: list[tuple[int, int]] = []
    position = 0
    for number, word in enumerate(words):
        if spaces and number and not _written_together(words[number - 1], word):
            pieces.append(" ")
            position += 1
        pieces.append(word)
        bounds.append(bound(position, position + len(word)))
        position += len(word)
    return Words("".join(pieces), tuple(bounds))


def _written_together(left: str, right: str) -> bool:
    return bool(left and right and _JOINED.match(left[-1]) and _JOINED.match(right[0]))


def _bounds(text: str) -> Iterator[tuple[int, int]]:
    """Pieces of the pattern, with combining marks and joiners attached to what they belong to."""
    start = end = 0
    for match in _PIECE.finditer(text):
        if _is_unseen(match.group()):
            continue
        if end > start and match.start() == end and _attaches(text, end):
            end = match.end()
            continue
        if end > start:
            yield bound(start, end)
        start, end = match.span()
    if end > start:
        yield bound(start, end)


def _attaches(text: str, boundary: int) -> bool:
    """Whether the character at `boundary` belongs to the same word as the one before it.

    The pattern breaks words at combining marks (Indic vowels, decomposed accents) because `\\w` leaves them out.
    """
    before, after = text[boundary - 1], text[boundary]
    if after in _JOINERS or unicodedata.category(after).startswith("M"):
        return True
    if before in _JOINERS:
        return True
    return unicodedata.category(before).startswith("M") and after.isalnum()


def _is_unseen(piece: str) -> bool:
    """Control and format characters (zero-width space, byte order mark) are no words."""
    return len(piece) == 1 and piece not in _JOINERS and unicodedata.category(piece) in ("Cc", "Cf")
