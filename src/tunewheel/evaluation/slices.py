"""Where the model is weak: parts of the test set by length, script and low-cardinality columns."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact, norm

from ..records import Example, Ratio, Words
from .bootstrap import units_of, whole_groups
from .compare import Difference, Interval, interval, right_or_wrong

FEWEST_ROWS = 20
MOST_VALUES = 50
_DRAWS = 2_000
_READ = 200  # characters that are enough to tell a script
_QUARTERS = ("shortest quarter", "second quarter", "third quarter", "longest quarter")
_SCRIPT_OF = {"CJK": "Han", "HIRAGANA": "Japanese kana", "KATAKANA": "Japanese kana"}

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the test set: its score, how far it stands from the rest, and whether that outlives many looks.

    `difference.p_value` is one-sided (worse than the rest) and already corrected by Holm's method.
    """

    name: str
    rows: int
    score: Interval
    difference: Difference


@dataclass(frozen=True, slots=True)
class _Look:
    name: str
    mask: Mask
    gap: float
    p_value: float


def worst_slices(
    examples: Sequence[Example],
    ratio: Ratio,
    *,
    groups: Sequence[Hashable] | None = None,
    seed: int = 0,
    level: float = 0.95,
    most: int = 12,
) -> list[Slice]:
    """The `most` worst slices of at least 20 rows (and 20 outside): those proved worse first, then by difference."""
    groups = whole_groups(groups)
    parts = [(name, mask) for name, mask in cuts(examples) if FEWEST_ROWS <= mask.sum() <= len(mask) - FEWEST_ROWS]
    looks = [_look(name, mask, ratio, groups) for name, mask in parts]
    corrected = holm([look.p_value for look in looks])
    looks = [replace(look, p_value=p_value) for look, p_value in zip(looks, corrected, strict=True)]
    looks.sort(key=lambda look: (look.p_value >= 1 - level, look.gap, look.name))
    return [_measured(look, ratio, groups, seed, level) for look in looks[:most]]


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for having looked so many times; Holm (1979), Scand. J. Statist. 6:65."""
    order = np.argsort(p_values)
    scaled = np.asarray(p_values, float)[order] * np.arange(len(order), 0, -1)
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(p_value) for p_value in corrected]


def cuts(examples: Sequence[Example]) -> Iterator[tuple[str, Mask]]:
    """Name and rows (N,) of every slice: by length, by script, by the values of low-cardinality columns."""
    yield from _by_length(examples)
    yield from _by_value("script", [script(example.text) for example in examples if _is_text(example)], len(examples))
    for column in sorted(set(chain.from_iterable(example.columns for example in examples))):
        yield from _by_value(column, [_plain(example.columns.get(column)) for example in examples], len(examples))


def script(text: str) -> str:
    """The writing system of most letters of a text: Latin, Han, Cyrillic, ...; "none" without letters."""
    names = (unicodedata.name(letter, "").split(" ", 1)[0] for letter in text[:_READ] if letter.isalpha())
    most = Counter(_SCRIPT_OF.get(name, name.capitalize()) for name in names if name).most_common(1)
    return most[0][0] if most else "none"


def _by_length(examples: Sequence[Example]) -> Iterator[tuple[str, Mask]]:
    if not examples or not all(map(_is_text, examples)):
        return
    unit = "words" if all(isinstance(example.content, Words) for example in examples) else "characters"
    sizes = np.array([len(example.content) for example in examples])
    ends = np.quantile(sizes, [0.25, 0.5, 0.75], method="lower")
    quarter = np.searchsorted(ends, sizes)
    for number, name in enumerate(_QUARTERS):
        mask = quarter == number
        if mask.any():
            yield f"length: {name} ({sizes[mask].min()} to {sizes[mask].max()} {unit})", mask


def _by_value(column: str, values: Sequence[str], rows: int) -> Iterator[tuple[str, Mask]]:
    different = sorted(set(values))
    if len(values) != rows or not 2 <= len(different) <= MOST_VALUES:
        return
    array = np.array(values, dtype=object)
    for value in different:
        yield f"{column}: {value}", np.asarray(array == value, dtype=bool)


def _look(name: str, mask: Mask, ratio: Ratio, groups: Sequence[Hashable] | None) -> _Look:
    """The gap to the rest and the p-value of "not worse": Fisher's exact test where rows are right or wrong."""
    part, rest = _part(ratio, mask), _part(ratio, ~mask)
    gap = part.value - rest.value
    if groups is None and right_or_wrong(ratio):
        table = [[side.numerator.sum(), (1 - side.numerator).sum()] for side in (part, rest)]
        return _Look(name, mask, gap, float(fisher_exact(table, alternative="less").pvalue))
    sides = (units_of([part], _of(groups, mask)), units_of([rest], _of(groups, ~mask)))
    error = float(np.sqrt(sum(side.standard_errors()[0] ** 2 for side in sides)))
    return _Look(name, mask, gap, float(norm.cdf(gap / error)) if error else float(gap >= 0))


def _measured(look: _Look, ratio: Ratio, groups: Sequence[Hashable] | None, seed: int, level: float) -> Slice:
    """A look with its bootstrap intervals; part and rest are independent samples."""
    part, rest = _part(ratio, look.mask), _part(ratio, ~look.mask)
    inside, outside = _of(groups, look.mask), _of(groups, ~look.mask)
    score = interval(part, draws=_DRAWS, seed=seed, groups=inside, level=level)
    drawn = units_of([part], inside).resampled(_DRAWS, seed) - units_of([rest], outside).resampled(_DRAWS, seed + 1)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    gap = Difference(look.gap, float(low), float(high), look.p_value, "difference from the rest, Holm", level)
    return Slice(look.name, int(look.mask.sum()), score, gap)


def _part(ratio: Ratio, mask: Mask) -> Ratio:
    return Ratio(ratio.numerator[mask], ratio.denominator[mask])


def _of(groups: Sequence[Hashable] | None, mask: Mask) -> list[Hashable] | None:
    return None if groups is None else [group for group, chosen in zip(groups, mask, strict=True) if chosen]


def _is_text(example: Example) -> bool:
    return isinstance(example.content, (str, Words))


def _plain(value: Any) -> str:
    written = "" if value is None or (isinstance(value, float) and np.isnan(value)) else str(value).strip()
    return written[:80] or "(empty)"
