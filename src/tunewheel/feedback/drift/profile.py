"""Profile: what a version's rows and its answers to them were like, small enough to lie in its bundle.

It holds counts, means and quantiles of hashed words and of numbers: no text, and no word in the clear but the names of
the classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import vstack

from ...data.language import languages
from . import distance
from .answers import indicators, single
from .distance import Reference
from .features import Floats, rarity, weighted
from .packing import pack, unpack
from .rows import Known, Texts, class_means, grid, measures, occurrences, read, strangeness

MOST_ROWS = 5_000
MOST_CLASSES = 300
FEWEST_ROWS = 20
KEPT_ROWS = 2_000
STRANGE = 0.95  # rows above this quantile of strangeness are unlike the reference
COLUMNS = ("confidence", "unseen", "length", "strange")


@dataclass(frozen=True)
class Profile:
    """The reference that windows are compared with.

    `rows` validation rows; `sample` (K, 4) of them by `COLUMNS` with the class each was answered with, `answered` (K,);
    `cut` the strangeness above which a row is unlike the reference; `confusion` (C + 1, C + 1) true by answered, and
    `prior` (C + 1,) the shares of the true classes, where each row has one label.
    """

    classes: tuple[str, ...]
    rows: int
    known: Known
    quantiles: Floats
    cut: float
    sample: Floats
    answered: NDArray[np.int64]
    prior: Floats
    confusion: Floats | None
    text: Reference
    answers: Reference
    answer_shares: Floats
    scripts: tuple[str, ...]
    script_shares: Floats
    language: Reference
    vectors: Reference | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, at most about 200 kB."""
        return {
            "format": 1, "classes": list(self.classes), "rows": self.rows, "known": self.known.to_json(),
            "quantiles": pack(self.quantiles), "cut": self.cut, "sample": [pack(column) for column in self.sample.T],
            "answered": pack(self.answered), "prior": pack(self.prior),
            "confusion": None if self.confusion is None else pack(self.confusion), "text": self.text.to_json(),
            "answers": self.answers.to_json(), "answer_shares": pack(self.answer_shares),
            "scripts": list(self.scripts), "script_shares": pack(self.script_shares),
            "language": self.language.to_json(), "vectors": self.vectors.to_json() if self.vectors else None,
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Profile:
        """The profile again."""
        return cls(
            tuple(kept["classes"]), kept["rows"], Known.from_json(kept["known"]), unpack(kept["quantiles"]),
            kept["cut"], np.column_stack([unpack(column) for column in kept["sample"]]),
            np.round(unpack(kept["answered"])).astype(np.int64), unpack(kept["prior"]),
            None if kept["confusion"] is None else np.round(unpack(kept["confusion"])),
            Reference.from_json(kept["text"]), Reference.from_json(kept["answers"]), unpack(kept["answer_shares"]),
            tuple(kept["scripts"]), unpack(kept["script_shares"]), Reference.from_json(kept["language"]),
            kept["vectors"] and Reference.from_json(kept["vectors"]),
        )  # fmt: skip


def profile(
    texts: Sequence[str], labels: Sequence[Any], answers: Sequence[Any], confidences: ArrayLike, *,
    classes: Sequence[str], trained: Sequence[str] = (), trained_labels: Sequence[Any] = (),
    vectors: ArrayLike | None = None, seed: int = 0,
) -> Profile:  # fmt: skip
    """The profile of N validation rows (never rows that the version was trained on: it is too sure of those), with
    their true labels, the version's answers (a label, labels or spans each) and confidences (N,).

    `trained` and `trained_labels` are the training rows: they tell which words and classes are known. `vectors` (N, D)
    are embeddings of the validation rows, where the caller has them. Raises ValueError where lengths do not fit or
    there are fewer than 20 rows.
    """
    _check(len(texts), labels=labels, answers=answers, confidences=np.asarray(confidences))
    _check(len(trained), trained_labels=trained_labels)
    if len(texts) < FEWEST_ROWS:
        raise ValueError(f"a profile needs {FEWEST_ROWS} validation rows or more, not {len(texts)}")
    generator = np.random.default_rng(seed)
    mine = _some(len(texts), generator)
    more = _some(len(trained), generator)
    sure = np.asarray(confidences, float)[mine]
    own, others = read([texts[i] for i in mine]), read([trained[i] for i in more])
    names = tuple(classes)[:MOST_CLASSES]
    truth = indicators([labels[i] for i in mine], names)
    known, text = _learn(own, others, truth, indicators([trained_labels[i] for i in more], names), generator)
    values = measures(known, own, sure, truth)
    quantiles = grid(values)
    strange = strangeness(quantiles, values)
    given = [answers[i] for i in mine]
    answered = indicators(given, names)
    alone = single([labels[i] for i in mine]) and single(given)
    scripts, script_shares, language = _languages(own.raw, generator)
    kept = generator.permutation(len(mine))[:KEPT_ROWS]
    mix = answered.mean(0)
    sample = np.column_stack([sure, values[:, 1], lengths(own.raw), strange])[kept]
    return Profile(
        names, len(mine), known, quantiles, float(np.quantile(strange, STRANGE)), sample,
        answered.argmax(1)[kept], truth.mean(0), truth.T @ answered if alone else None, text,
        distance.learn(scaled(answered, mix), generator), mix, scripts, script_shares, language,
        None if vectors is None else distance.learn(directions(vectors)[mine], generator),
    )  # fmt: skip


def scaled(flags: Floats, shares: Floats) -> Floats:
    """Indicators (N, C) in which rare classes count as much as common ones: the distance between means is then that of
    chi-squared."""
    return np.asarray(flags / np.sqrt(shares + 1 / flags.shape[1] / 4), float)


def directions(vectors: ArrayLike) -> Floats:
    """Vectors (N, D) of length 1."""
    array = np.asarray(vectors, float)
    return np.asarray(array / np.maximum(np.linalg.norm(array, axis=1, keepdims=True), 1e-12), float)


def lengths(texts: Sequence[str]) -> Floats:
    """The logarithm of the number of characters, (N,)."""
    return np.log1p([len(text) for text in texts])


def spoken(texts: Sequence[str]) -> list[str]:
    """The language of each text, or its script where the language cannot be told."""
    found = languages(texts)
    return [script if code == "und" else code for code, script in zip(found.codes, found.scripts, strict=True)]


def _learn(
    own: Texts, others: Texts, truth: Floats, taught: Floats, generator: np.random.Generator
) -> tuple[Known, Reference]:
    """What texts and classes are like, from validation rows and training rows."""
    counts = vstack([own.counts, others.counts]).tocsr()
    rare = rarity(counts)
    vectors = weighted(counts, rare)
    flags = np.concatenate([truth, taught])
    seen = occurrences(own) + occurrences(others)
    known = Known(len(flags), seen, rare, class_means(vectors, flags), flags.sum(0))
    return known, distance.learn(vectors, generator)


def _languages(texts: Sequence[str], generator: np.random.Generator) -> tuple[tuple[str, ...], Floats, Reference]:
    found = spoken(texts)
    names = tuple(sorted(set(found)))
    flags = indicators(found, names)
    return names, flags.mean(0), distance.learn(scaled(flags, flags.mean(0)), generator)


def _some(rows: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """At most 5,000 rows: more would make the reference little better."""
    return np.sort(generator.permutation(rows)[:MOST_ROWS])


def _check(rows: int, **columns: Any) -> None:
    wrong = [f"{name} has {len(column)}" for name, column in columns.items() if len(column) != rows]
    if wrong:
        raise ValueError(f"there are {rows} texts, but {', '.join(wrong)}")
