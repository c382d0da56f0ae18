"""Labels that a quick out-of-fold probe doubts, by confident learning.

Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70, 2021.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...records import Example, Picture
from ..duplicates import exact_example_groups
from ..language import script
from ..minhash import first_members
from ..thumbnails import thumbnail
from .finding import Finding, counted, file_of, row_numbers, shown

FOLDS = 5
MOST_ROWS = 20_000
FEWEST_ROWS = 50
# A probe that hardly beats "always the largest class" knows too little to doubt anybody.
WORTH = 0.05
TRUSTED = 0.8

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Suspect:
    """The example at `index` is labelled `given` and reads like `likely`."""

    index: int
    given: str
    likely: str


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Suspects, worst first; `agreement` is the share of labels the probe reproduces, `noise` the estimated share
    of wrong labels, `probed` the rows it looked at."""

    suspects: tuple[Suspect, ...]
    agreement: float
    noise: float
    probed: int


def check_suspects(examples: Sequence[Example]) -> list[Finding]:
    """One note with the rows whose labels a person should look at first, worst first."""
    return list(_finding(examples, suspicion(examples)))


def suspicion(examples: Sequence[Example]) -> Suspicion:
    """Out-of-fold doubts about single labels of texts or pictures; empty where the probe knows too little.

    Looks at no more than 20,000 rows (chosen by content), each text once, classes of at least 5 rows.
    """
    rows = _probed_rows(examples)
    labels, given = np.unique(
        np.array([str(examples[i].target) for i in rows.tolist()], dtype=str), return_inverse=True
    )
    if len(rows) < FEWEST_ROWS or len(labels) < 2:
        return Suspicion((), 0.0, 0.0, len(rows))
    probabilities = _out_of_fold([examples[i] for i in rows.tolist()], given)
    agreement = float((probabilities.argmax(axis=1) == given).mean())
    if agreement < np.bincount(given).max() / len(given) + WORTH:
        return Suspicion((), agreement, 0.0, len(rows))
    order, likely, noise = confident_learning(probabilities, given)
    found = [Suspect(int(rows[i]), str(labels[given[i]]), str(labels[likely[i]])) for i in order.tolist()]
    return Suspicion(tuple(found), agreement, noise, len(rows))


def confident_learning(probabilities: Floats, given: Indices) -> tuple[Indices, Indices, float]:
    """Rows off the diagonal of the confident joint (worst first), each row's likely class (N,), estimated noise.

    `probabilities` (N, K) out of fold, `given` (N,) class numbers. A row belongs to the class of its highest
    probability among those that reach the class's threshold: the mean probability of the class over the rows
    labelled with it. Worst is the lowest probability of the given label. Noise is the share of rows off the
    diagonal of the joint, calibrated to the class sizes.
    """
    rows, classes = probabilities.shape
    own = probabilities[np.arange(rows), given]
    sizes = np.bincount(given, minlength=classes)
    threshold = np.bincount(given, weights=own, minlength=classes) / np.maximum(sizes, 1)
    reached = np.where(probabilities >= threshold - 1e-12, probabilities, -1.0)
    likely = np.where(reached.max(axis=1) >= 0, reached.argmax(axis=1), given)
    counted_rows = reached.max(axis=1) >= 0
    joint = np.zeros((classes, classes))
    np.add.at(joint, (given[counted_rows], likely[counted_rows]), 1)
    kept = np.diag(joint) / np.maximum(joint.sum(axis=1), 1)
    noise = float((sizes * np.where(joint.sum(axis=1) > 0, 1 - kept, 0)).sum() / rows)
    doubted = np.flatnonzero((likely != given) & (own < threshold[given]))
    return doubted[np.argsort(own[doubted], kind="stable")], likely, noise


def _probed_rows(examples: Sequence[Example]) -> Indices:
    """Indices of rows with one label, each text once, of classes that fill every fold; sampled by content."""
    single = [i for i, e in enumerate(examples) if isinstance(e.target, str) and e.target]
    if not single:
        return np.empty(0, dtype=np.int64)
    groups = exact_example_groups([examples[i] for i in single])
    # A copy in another fold would vouch for its own wrong label.
    firsts = [single[i] for i in np.unique(first_members(groups)).tolist()]
    kept = sorted(firsts, key=lambda i: examples[i].key)[:MOST_ROWS]
    sizes = Counter(examples[i].target for i in kept)
    return np.array(sorted(i for i in kept if sizes[examples[i].target] >= FOLDS), dtype=np.int64)


def _out_of_fold(examples: Sequence[Example], given: Indices) -> Floats:
    """Probabilities (N, K) by a probe that never saw the row's label.

    Multinomial naive Bayes on TF-IDF finds as many planted errors as logistic regression in a twentieth of the
    time; pixels take logistic regression.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    pictures = isinstance(examples[0].content, Picture)
    features = _pixels(examples) if pictures else _ngrams([example.text for example in examples])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    found = cross_val_predict(_probe(pictures), features, given, cv=folds, method="predict_proba")
    return np.asarray(found, dtype=np.float64)


def _probe(pictures: bool) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return (
        make_pipeline(StandardScaler(), LogisticRegression(tol=1e-3, max_iter=500))
        if pictures
        else MultinomialNB(alpha=0.1)
    )


def _ngrams(texts: Sequence[str]) -> Any:
    """TF-IDF of characters and words (N, D), sparse; of characters alone for texts without spaces. Learnt from all
    folds at once: it sees no labels."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    settings = {"sublinear_tf": True, "max_features": 30_000, "dtype": np.float32}
    if sum(script(text) in ("han", "kana") for text in texts) * 2 > len(texts):
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 3), **settings).fit_transform(texts)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), **settings)
    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", **settings)
    return hstack([part.fit_transform(texts) for part in (characters, words)]).tocsr()


def _pixels(examples: Sequence[Example]) -> Floats:
    """Flat thumbnails (N, D); grey for a picture that cannot be decoded."""
    small = [thumbnail(example.content) for example in examples]
    size = next((image.size for image in small if image is not None), 1)
    rows = [np.full(size, 127, dtype=np.uint8) if image is None else image.reshape(-1) for image in small]
    return np.stack(rows).astype(np.float64) / 255


def _finding(examples: Sequence[Example], found: Suspicion) -> Iterator[Finding]:
    if found.suspects:
        weak = "; as it errs often itself, many of these will be right" if found.agreement < TRUSTED else ""
        message = (
            f"{counted(len(found.suspects), 'label')} of {found.probed:,} look doubtful to a quick probe that agrees "
            f"with {found.agreement:.0%} of all labels{weak} (estimated share of wrong labels: at most "
            f"{found.noise:.1%}). The most doubtful come first."
        )
        indices = [suspect.index for suspect in found.suspects]
        details = [_told(examples[suspect.index], suspect) for suspect in found.suspects[:20]]
        command = f"Look at these rows of {file_of(examples)} and correct what is wrong."
        rows = row_numbers(examples, indices)
        yield Finding.about("suspicious-labels", "note", message, rows, command=command, details=details)


def _told(example: Example, suspect: Suspect) -> str:
    read = f"{shown(example)} is labelled {suspect.given!r} and looks like {suspect.likely!r}"
    return f"row {example.source.row}: {read}"
