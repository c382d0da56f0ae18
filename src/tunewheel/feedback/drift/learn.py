"""Learn: from rows and a version's answers to their profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import vstack

from . import distance
from .answers import indicators, single
from .categories import FEW_EVEN, Categories
from .distance import Reference
from .features import Floats, rarity, weighted
from .profile import FEWEST_ROWS, Profile, directions, lengths, spoken
from .rows import Known, Texts, beside_others, class_means, grid, measures, occurrences, read
from .wide import wide

MOST_ROWS = 5_000
MOST_CLASSES = 300
KEPT_ROWS = 2_000
# Rows above this quantile of strangeness are unlike the reference; above the lower one they are odd enough to be
# grouped with such.
STRANGE, ODD = 0.95, 0.8


@dataclass(frozen=True)
class _Rows:
    """Texts, their labels, and which of the classes these are, (N, C + 1)."""

    texts: Texts
    labels: list[Any]
    flags: Floats


def profile(
    texts: Sequence[str], labels: Sequence[Any], answers: Sequence[Any], confidences: ArrayLike, *,
    classes: Sequence[str], trained: Sequence[str] = (), trained_labels: Sequence[Any] = (),
    vectors: ArrayLike | None = None, twin: bool = False, seed: int = 0,
) -> Profile:  # fmt: skip
    """The profile of N validation rows (never rows that the version was trained on: it is too sure of those), with
    their true labels, the version's answers (a label, labels or spans each) and confidences (N,).

    `trained` and `trained_labels` are the training rows: they tell which words and classes are known and, where they
    are like the validation rows, how many new words and characters are usual. `vectors` (N, D) are embeddings of the
    validation rows, where the caller has them. `twin`: the answers are those of a twin that learnt from the training
    rows alone, while the version may have learnt from the validation rows, too, and is then a little surer of whatever
    it is asked: a rise of confidence tells nothing, and raises no alarm. Of more than 5,000 rows of a kind a random
    5,000 are taken, of more than 300 classes the first 300. Raises ValueError where lengths do not fit or there are
    fewer than 20 validation rows.
    """
    sure = np.asarray(confidences, float)
    _check(len(texts), labels=labels, answers=answers, confidences=sure)
    _check(len(trained), trained_labels=trained_labels)
    if len(texts) < FEWEST_ROWS:
        raise ValueError(f"a profile needs {FEWEST_ROWS} validation rows or more, not {len(texts)}")
    generator, names = np.random.default_rng(seed), tuple(classes)[:MOST_CLASSES]
    mine, more = _some(len(texts), generator), _some(len(trained), generator)
    own = _rows(texts, labels, names, mine)
    others = _rows(trained, trained_labels, names, more)
    known, text = _learn(own, others, generator)
    embedded = None if vectors is None else distance.learn(directions(vectors)[mine], generator)
    made = _joined(own, known, text, [answers[i] for i in mine], sure[mine], names, embedded, generator)
    return replace(made, wide=wide(known, own.texts, others.texts), twin=twin)


def _joined(
    own: _Rows, known: Known, text: Reference, given: list[Any], sure: Floats, names: tuple[str, ...],
    vectors: Reference | None, generator: np.random.Generator,
) -> Profile:  # fmt: skip
    values = measures(known, own.texts, sure, own.flags)
    quantiles, answered = grid(values), indicators(given, names)
    strange = beside_others(values)
    cut, odd = (float(np.quantile(strange, share)) for share in (STRANGE, ODD))
    kept = generator.permutation(len(given))[:KEPT_ROWS]
    sample = np.column_stack([sure, values[:, 1], lengths(own.texts.raw), strange])[kept]
    confusion = own.flags.T @ answered if single(own.labels) and single(given) else None
    return Profile(
        len(given), known, quantiles, cut, odd, sample, answered.argmax(1)[kept], own.flags.mean(0), confusion, text,
        Categories.learn(names, answered, generator), _languages(own.texts.raw, generator), vectors,
    )  # fmt: skip


def _learn(own: _Rows, others: _Rows, generator: np.random.Generator) -> tuple[Known, Reference]:
    """What texts and classes are like, from validation rows and training rows."""
    counts = vstack([own.texts.counts, others.texts.counts]).tocsr()
    rare = rarity(counts)
    vectors = weighted(counts, rare)
    flags = np.concatenate([own.flags, others.flags])
    seen = occurrences(own.texts) + occurrences(others.texts)
    known = Known(len(flags), seen, rare, class_means(vectors, flags), flags.sum(0))
    return known, distance.learn(vectors, generator)


def _languages(texts: Sequence[str], generator: np.random.Generator) -> Categories:
    found = spoken(texts)
    names = sorted(set(found))
    return Categories.learn(names, indicators(found, names), generator, FEW_EVEN)


def _rows(texts: Sequence[str], labels: Sequence[Any], names: Sequence[str], chosen: NDArray[np.int64]) -> _Rows:
    some = [labels[i] for i in chosen]
    return _Rows(read([texts[i] for i in chosen]), some, indicators(some, names))


def _some(rows: int, generator: np.random.Generator) -> NDArray[np.int64]:
    return np.sort(generator.permutation(rows)[:MOST_ROWS])


def _check(rows: int, **columns: Any) -> None:
    wrong = [f"{name} has {len(column)}" for name, column in columns.items() if len(column) != rows]
    if wrong:
        raise ValueError(f"there are {rows} texts, but {', '.join(wrong)}")
