"""Plain vectors for the linear floor: TF-IDF of texts, indicators of feature strings, scaled pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from ...records import Array
from ...task import Plain
from .counts import most_frequent, piece_counts

TITLES = {"text": "TF-IDF", "features": "Word features", "vectors": "Pixels"}
# With many classes the vocabulary shrinks, so that the weights stay below about 100 MB.
MOST_WEIGHTS = 25_000_000
CJK = ("\u3040", "\u9fff")
MOST_CJK = 0.3
# In more rows than these, n-grams seen once are left out: half of the weights, and no worse (figures in docs/log.md).
MANY_ROWS = 2_000


class Vectors(Protocol):
    """Items to a feature matrix (N, D), and what must be kept to do it again."""

    kind: str
    facts: dict[str, Any]
    arrays: dict[str, Array]

    def __call__(self, items: Any) -> Any: ...


def learn_vectors(train: Plain, classes: int, *, words_only: bool = False) -> tuple[Vectors, Any]:
    """The vectors that suit the kind of items, learnt from the training items, and those of the items themselves. Of
    texts `words_only` leaves out what is smaller than a word."""
    room = max(MOST_WEIGHTS // max(classes, 1), 5_000)
    if train.kind == "text":
        return TfidfVectors.learn(train.items, room, words_only=words_only)
    if train.kind == "features":
        return IndicatorVectors.learn(train.items, room)
    return ScaledVectors.learn(train.items)


def from_facts(kind: str, facts: Mapping[str, Any], arrays: Mapping[str, Array]) -> Vectors:
    """The vectors that were kept."""
    kinds: dict[str, Any] = {"text": TfidfVectors, "features": IndicatorVectors, "vectors": ScaledVectors}
    return kinds[kind](dict(facts), dict(arrays))  # type: ignore[no-any-return]


class TfidfVectors:
    """Sublinear TF-IDF of words (1-2) and characters in words (2-4); of characters (1-3) in Chinese and Japanese."""

    kind = "text"

    def __init__(self, facts: dict[str, Any], arrays: dict[str, Array]) -> None:
        self.facts, self.arrays = facts, arrays
        self._parts = [
            _tfidf(part["settings"], part["vocabulary"], arrays[f"idf{i}"]) for i, part in enumerate(facts["parts"])
        ]

    @classmethod
    def learn(cls, texts: Sequence[str], room: int, *, words_only: bool = False) -> tuple[TfidfVectors, Any]:
        views: list[dict[str, Any]] = [
            {"analyzer": "word", "ngram_range": [1, 2], "token_pattern": r"(?u)\b\w+\b"},
            {"analyzer": "char_wb", "ngram_range": [2, 4]},
        ]
        views = views[:1] if words_only else views
        least = 2 if len(texts) > MANY_ROWS else 1
        if not has_spaces(texts):
            views, least = [{"analyzer": "char", "ngram_range": [1, 3]}], 1
        parts, arrays, found = [], {}, []
        for number, view in enumerate(views):
            counts, names = _counted(texts, view, least, room // len(views))
            weighted = TfidfTransformer(sublinear_tf=True).fit(counts)
            parts.append({"settings": view, "vocabulary": names})
            arrays[f"idf{number}"] = weighted.idf_.astype(np.float32)
            found.append(weighted.transform(counts, copy=False))
        return cls({"parts": parts}, arrays), hstack(found, format="csr", dtype=np.float32)

    def __call__(self, items: Sequence[str]) -> Any:
        return hstack([part.transform(items) for part in self._parts], format="csr", dtype=np.float32)


class IndicatorVectors:
    """Which of the known feature strings an item has; those seen once in training are left out."""

    kind = "features"

    def __init__(self, facts: dict[str, Any], arrays: dict[str, Array]) -> None:
        self.facts, self.arrays = facts, arrays
        self._counter = CountVectorizer(analyzer=list, vocabulary=facts["vocabulary"], binary=True, dtype=np.float32)

    @classmethod
    def learn(cls, items: Sequence[list[str]], room: int) -> tuple[IndicatorVectors, Any]:
        least = 2 if len(items) > 1000 else 1
        counter = CountVectorizer(analyzer=list, binary=True, min_df=least, max_features=room, dtype=np.float32)
        found = counter.fit_transform(items)
        return cls({"vocabulary": list(counter.get_feature_names_out())}, {}), found

    def __call__(self, items: Sequence[list[str]]) -> Any:
        return self._counter.transform(items)


class ScaledVectors:
    """Numbers with mean 0 and variance 1, as seen in training."""

    kind = "vectors"

    def __init__(self, facts: dict[str, Any], arrays: dict[str, Array]) -> None:
        self.facts, self.arrays = facts, arrays

    @classmethod
    def learn(cls, items: Array) -> tuple[ScaledVectors, Any]:
        made = cls({}, {"mean": items.mean(0), "scale": np.maximum(items.std(0), 1e-3)})
        return made, made(items)

    def __call__(self, items: Array) -> Any:
        mean, scale = (np.asarray(self.arrays[name], dtype=np.float32) for name in ("mean", "scale"))
        return (np.asarray(items, dtype=np.float32) - mean) / scale


def _counted(texts: Sequence[str], view: Mapping[str, Any], least: int, most: int) -> tuple[Any, list[str]]:
    """How often each n-gram of a view is in each text, and the n-grams, those in fewer than `least` texts left out."""
    if view["analyzer"] == "char_wb":
        return most_frequent(*piece_counts(texts, *view["ngram_range"]), least, most)
    counter = CountVectorizer(**_analysis(view), min_df=least, max_features=most)
    counts = counter.fit_transform(texts)
    return counts, list(counter.get_feature_names_out())


def _analysis(view: Mapping[str, Any]) -> dict[str, Any]:
    return {**view, "ngram_range": tuple(view["ngram_range"]), "dtype": np.float32}


def _settings(view: Mapping[str, Any]) -> dict[str, Any]:
    return {**_analysis(view), "sublinear_tf": True}


def _tfidf(view: Mapping[str, Any], vocabulary: Sequence[str], idf: Array) -> TfidfVectorizer:
    made = TfidfVectorizer(**_settings(view), vocabulary=list(vocabulary))
    made.idf_ = idf
    return made


def has_spaces(texts: Sequence[str]) -> bool:
    """Whether words can be told by the spaces between them: less than a third of the letters in (a sample of) the texts
    are Chinese or Japanese."""
    letters = [c for text in texts[:2000] for c in text[:300] if c.isalpha()]
    return sum(CJK[0] <= c <= CJK[1] for c in letters) <= MOST_CJK * len(letters)
