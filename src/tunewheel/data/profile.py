"""What is in a set of rows, in numbers: for the choice of a model, for people, and for later comparison (drift)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..records import Example, Picture
from .language import Languages, languages
from .targets import is_missing, label_counts
from .thumbnails import picture_size

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
_URL = re.compile(r"https?://|www\.", re.IGNORECASE)
_EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
_CASED_WORD = re.compile(r"[^\W\d_]{2,}")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+|[\"'(]\s*)[^\W\d_]+")


def profile(examples: Sequence[Example], told: Languages | None = None) -> dict[str, Any]:
    """Plain JSON: `rows`, `unlabelled`, `labels` (count by label) and what the contents are like.

    Texts: `language` of most, shares of rows by `languages` ("und": cannot be told) and by `scripts`, quantiles of
    `characters` and `words` a row, `capitalised` (share of words with a capital inside sentences), shares of rows
    with `emoji` and `urls`, share of `digits` among characters, `distinct_characters`.
    Pictures: quantiles of `width`, `height` (pixels) and `bytes`, `unreadable`.
    `told` are the `languages` of the texts, where they are known already.
    """
    found: dict[str, Any] = {
        "rows": len(examples),
        "unlabelled": sum(is_missing(example) for example in examples),
        "labels": label_counts(examples),
    }
    if not examples:
        return found
    pictures = [example.content for example in examples if isinstance(example.content, Picture)]
    texts = [example.text for example in examples if not isinstance(example.content, Picture)]
    return (
        found | (_texts(texts, told or languages(texts)) if texts else {}) | (_pictures(pictures) if pictures else {})
    )


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """The `QUANTILES` of values by name ("0.5": the median)."""
    return {f"{q:g}": float(value) for q, value in zip(QUANTILES, np.quantile(values, QUANTILES), strict=True)}


def capitalised(texts: Sequence[str]) -> float:
    """Share in [0, 1] of words that begin with a capital though no sentence begins there.

    High where names are written as such: then a model that keeps case is worth having.
    """
    words = [word for text in texts for word in _CASED_WORD.findall(_SENTENCE_START.sub(" ", text))]
    cased = [word for word in words if word.lower() != word.upper()]
    return sum(word[0].isupper() for word in cased) / len(cased) if cased else 0.0


def _texts(texts: Sequence[str], told: Languages) -> dict[str, Any]:
    characters = max(sum(len(text) for text in texts), 1)
    return {
        "language": told.main,
        "languages": _shares(told.codes),
        "scripts": _shares(told.scripts),
        "characters": quantiles([len(text) for text in texts]),
        "words": quantiles([len(text.split()) for text in texts]),
        "capitalised": round(capitalised(texts), 4),
        "emoji": round(sum(bool(_EMOJI.search(text)) for text in texts) / len(texts), 4),
        "urls": round(sum(bool(_URL.search(text)) for text in texts) / len(texts), 4),
        "digits": round(sum(sum(map(str.isdigit, text)) for text in texts) / characters, 4),
        "distinct_characters": len(set().union(*texts)),
    }


def _pictures(pictures: Sequence[Picture]) -> dict[str, Any]:
    sizes = [size for picture in pictures if (size := picture_size(picture))]
    found: dict[str, Any] = {
        "bytes": quantiles([len(picture.data) for picture in pictures]),
        "unreadable": len(pictures) - len(sizes),
    }
    if sizes:
        found |= {"width": quantiles([w for w, _ in sizes]), "height": quantiles([h for _, h in sizes])}
    return found


def _shares(names: Sequence[str]) -> dict[str, float]:
    return {name: round(count / len(names), 4) for name, count in Counter(names).most_common()}
