"""The labels of an example, whatever kind of target its task uses."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

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


def strata(examples: Sequence[Example]) -> list[str]:
    """One label (N,) to balance each example by: its rarest; "" where there is none."""
    counts = label_counts(examples)
    labels = [labels_of(example) for example in examples]
    return [min(found, key=lambda label: (counts[label], label)) if found else "" for found in labels]
