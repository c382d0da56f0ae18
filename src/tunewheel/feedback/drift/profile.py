"""Profile: what a version's rows and its answers to them were like, small enough to lie in its bundle.

It holds counts, means and quantiles of hashed words and of numbers: no text, and no word in the clear but the names of
the classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...data.language import languages
from .categories import Categories
from .distance import Reference
from .features import Floats
from .packing import pack, unpack
from .rows import Known
from .shares import Usual

FEWEST_ROWS = 20
COLUMNS = ("confidence", "unseen", "length", "strange")
# How far the mean confidence of a version lies from that of a twin that learnt from four fifths of its rows, both asked
# about rows that neither knows: five points of a thousand below it (spread four) on movie reviews, nine above on topics
# of clinc150, 18 above on banking77 (regressions on a frozen body).
TWIN_APART = 0.01
_LEVELS = 1_000


@dataclass(frozen=True)
class Profile:
    """The reference that windows are compared with.

    `rows` validation rows: `sample` (K, 4) of them by `COLUMNS`, and the class each was answered with, `answered` (K,).
    `known`: the words and classes; `quantiles` of the rows' measures; `cut` and `odd`: the strangeness above which a
    row is unlike the reference, or odd. `prior` (C + 1,): the shares of the true classes; `confusion` (C + 1, C + 1),
    true by answered: None where a row may have several labels. `wide`: what columns are like over the training rows,
    too, for those of them that need no answers. `twin`: the answers are a twin's, which learnt from fewer rows than the
    version, so the version itself is nearly always a little surer or less sure of the same rows.
    """

    rows: int
    known: Known
    quantiles: Floats
    cut: float
    odd: float
    sample: Floats
    answered: NDArray[np.int64]
    prior: Floats
    confusion: Floats | None
    text: Reference
    answers: Categories
    languages: Categories
    vectors: Reference | None = None
    wide: Mapping[str, Usual] = field(default_factory=dict)
    twin: bool = False

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the C classes."""
        return self.answers.names

    @property
    def reference_rows(self) -> dict[str, float]:
        """How many rows tell what is usual, by kind of change."""
        columns = {"confidence": "confidence", "vocabulary": "unseen", "length": "length", "topics": "strange"}
        told = {name: self.usual(column).rows for name, column in columns.items()}
        means = {"text": self.text, "labels": self.answers.reference, "language": self.languages.reference}
        if self.vectors is not None:
            means["vectors"] = self.vectors
        return told | {name: reference.rows for name, reference in means.items()}

    def usual(self, name: str, weights: Floats | None = None) -> Usual:
        """What a column is usually like; `weights` (K,) of the sample make it that of another mix of answers."""
        if weights is None and name in self.wide:
            return self.wide[name]
        found = Usual.of(self.sampled(name), self.rows, weights)
        return found.shifted(TWIN_APART) if self.twin and name == "confidence" else found

    def sampled(self, name: str) -> Floats:
        """A column of the sample, (K,)."""
        return self.sample[:, COLUMNS.index(name)]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, at most about 200 kB."""
        return {
            "rows": self.rows, "known": self.known.to_json(), "quantiles": pack(self.quantiles), "cut": self.cut,
            "odd": self.odd, "sample": [pack(column, _LEVELS) for column in self.sample.T],
            "answered": pack(self.answered, len(self.prior)), "prior": pack(self.prior),
            "confusion": None if self.confusion is None else pack(self.confusion), "text": self.text.to_json(),
            "answers": self.answers.to_json(), "languages": self.languages.to_json(),
            "vectors": self.vectors.to_json() if self.vectors else None,
            "twin": self.twin, "wide": {name: usual.to_json() for name, usual in self.wide.items()},
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Profile:
        """The profile again."""
        confusion, vectors = kept["confusion"], kept["vectors"]
        return cls(
            kept["rows"], Known.from_json(kept["known"]), unpack(kept["quantiles"]), kept["cut"], kept["odd"],
            np.column_stack([unpack(column) for column in kept["sample"]]),
            np.round(unpack(kept["answered"])).astype(np.int64), unpack(kept["prior"]),
            None if confusion is None else np.round(unpack(confusion)), Reference.from_json(kept["text"]),
            Categories.from_json(kept["answers"]), Categories.from_json(kept["languages"]),
            None if vectors is None else Reference.from_json(vectors),
            {name: Usual.from_json(usual) for name, usual in kept.get("wide", {}).items()},  # older ones have none
            kept.get("twin", False),
        )  # fmt: skip


def directions(vectors: ArrayLike) -> Floats:
    """Vectors (N, D) of length 1."""
    array = np.asarray(vectors, float)
    return np.asarray(array / np.maximum(np.linalg.norm(array, axis=1, keepdims=True), 1e-12), float)


def lengths(texts: Sequence[str]) -> Floats:
    """The logarithm of the number of characters, (N,)."""
    return np.log1p([float(len(text)) for text in texts])


def spoken(texts: Sequence[str]) -> list[str]:
    """The language of each text, or its script where the language cannot be told."""
    found = languages(texts)
    return [script if code == "und" else code for code, script in zip(found.codes, found.scripts, strict=True)]
