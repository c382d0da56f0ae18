"""The labels of an example, whatever kind of target its task uses."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..records import Example, Words
from .tags import is_tag, tags_to_spans


def labels_of(example: Example) -> tuple[str, ...]:
    """Labels of one example: one, several (multi-label), or one for each entity of tagged words; () if unknown.

    Soft labels (shares by label) count as the label with the largest share.
    """
    target = example.target
    if target is None or target == "":
        return ()
    if isinstance(target, Mapping):
        return (max(sorted(target), key=lambda label: target[label]),) if target else ()
    if isinstance(example.content, Words):
        return entity_labels(target)
    return tuple(str(label) for label in target) if isinstance(target, tuple | list) else (str(target),)


def is_missing(example: Example) -> bool:
    """Whether nobody has said what the answer is. No labels at all is an answer in a multi-label task."""
    return example.target is None or example.target == "" or example.target == {}


def entity_labels(tags: Sequence[str]) -> tuple[str, ...]:
    """Type of each entity in IOB or BIOES tags, in order; what is no tag counts as outside."""
    return tuple(label for _, _, label in tags_to_spans([tag if is_tag(tag) else "O" for tag in tags]))


def answer_key(example: Example) -> str:
    """Equal for two examples with the same answer; the order of several labels does not matter."""
    target = example.target
    if isinstance(target, Mapping):
        return json.dumps(target, sort_keys=True, ensure_ascii=False, default=str)
    if isinstance(target, tuple | list):
        return json.dumps(list(target) if isinstance(example.content, Words) else sorted(map(str, target)))
    return str(target)


def relabelled(example: Example, names: Mapping[str, str]) -> Example:
    """The example with its labels renamed by `names`; tags of words are left as they are."""
    target = example.target
    if isinstance(target, str):
        return replace(example, target=names.get(target, target))
    if isinstance(target, tuple | list) and not isinstance(example.content, Words):
        return replace(example, target=tuple(dict.fromkeys(names.get(label, label) for label in target)))
    return example


def label_counts(examples: Sequence[Example]) -> dict[str, int]:
    """How often each label occurs, most frequent first, ties in alphabetical order."""
    counts = Counter(label for example in examples for label in labels_of(example))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True)
class LabelTable:
    """The labels of N examples as numbers: example i has the next `counts[i]` entries of `numbers` (E,); number k
    stands for `names[k]`, and names are in alphabetical order."""

    names: Sequence[str]
    numbers: NDArray[np.int64]
    counts: NDArray[np.int64]

    @staticmethod
    def of(examples: Sequence[Example]) -> LabelTable:
        """The labels of these examples, in order."""
        met: dict[str, int] = {}
        numbers, counts = array("q"), array("q")
        for example in examples:
            found = labels_of(example)
            counts.append(len(found))
            numbers.extend([met.setdefault(label, len(met)) for label in found])
        names = sorted(met)
        place = np.empty(len(names), dtype=np.int64)
        place[[met[name] for name in names]] = np.arange(len(names))
        return LabelTable(names, place[np.array(numbers, dtype=np.int64)], np.array(counts, dtype=np.int64))

    def strata(self) -> NDArray[np.int64]:
        """One label (N,) to balance each example by: the number of its rarest; -1 where there is none."""
        by_rarity = np.argsort(np.bincount(self.numbers, minlength=len(self.names)), kind="stable")
        rarity = np.empty_like(by_rarity)
        rarity[by_rarity] = np.arange(len(by_rarity))
        strata = np.full(len(self.counts), -1, dtype=np.int64)
        labelled = np.flatnonzero(self.counts)
        if len(labelled):
            starts = (np.cumsum(self.counts) - self.counts)[labelled]
            strata[labelled] = by_rarity[np.minimum.reduceat(rarity[self.numbers], starts)]
        return strata
