"""Rows that say the same: exactly, after normalisation, or nearly."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from ..records import Example, Picture
from .minhash import Groups, components, first_members, near_clusters
from .thumbnails import near_picture_groups, picture_bytes_groups

_HAN_OR_KANA = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
LATIN_GRAM, CHINESE_GRAM = 5, 2


# Marks that change nothing. Brackets, colons and hyphens stay: they make emoticons and numbers.
_MARKS = str.maketrans({**dict.fromkeys('.,;!?…—–"“”„«»、。·「」『』《》', " "), **dict.fromkeys("'’‘`")})


def normalise(text: str) -> str:
    """The text as far as it counts for "the same": NFKC, case-folded, without sentence marks, single spaces.

    A text of nothing but such marks keeps them.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.translate(_MARKS).split()) or " ".join(folded.split())


def exact_groups(texts: Sequence[str]) -> Groups:
    """Group id (N,): texts that are equal after normalisation share one."""
    return _grouped([normalise(text) for text in texts])[1]


def identical_groups(examples: Sequence[Example]) -> Groups:
    """Group id (N,): examples with the same text but for white space, or with the same picture bytes, share one."""
    if _are_pictures(examples):
        return picture_bytes_groups([example.content for example in examples])
    return _grouped([" ".join(example.text.split()) for example in examples])[1]


def near_groups(texts: Sequence[str], threshold: float = 0.85) -> Groups:
    """Cluster id (N,): texts linked by a Jaccard similarity >= `threshold` of their character n-grams share one.

    N-grams of 5 characters, of 2 for texts without spaces between words (Chinese, Japanese). About linear
    in the total number of characters, also when thousands of rows are equal.
    """
    distinct, group = _grouped([normalise(text) for text in texts])
    cluster = np.arange(len(distinct), dtype=np.int64)
    dense = np.array([_is_dense(text) for text in distinct], dtype=bool)
    for members, size in ((np.flatnonzero(dense), CHINESE_GRAM), (np.flatnonzero(~dense), LATIN_GRAM)):
        if len(members) > 1:
            linked = near_clusters([distinct[i] for i in members.tolist()], size, threshold)
            cluster[members] = members[first_members(linked)]
    return cluster[group]


def exact_example_groups(examples: Sequence[Example]) -> Groups:
    """Group id (N,) of examples that are equal, by normalised text or by the bytes of the picture."""
    if _are_pictures(examples):
        return picture_bytes_groups([example.content for example in examples])
    return exact_groups([example.text for example in examples])


def near_example_groups(examples: Sequence[Example]) -> Groups:
    """Cluster id (N,) of examples that are nearly the same, by text or by pixels."""
    if _are_pictures(examples):
        return near_picture_groups([example.content for example in examples])
    return near_groups([example.text for example in examples])


def joined_groups(first: Groups, second: Groups) -> Groups:
    """The finest grouping (N,) in which rows that share a group in `first` or in `second` share one."""
    rows = np.arange(len(first), dtype=np.int64)
    links = [np.column_stack([rows, first_members(groups)]) for groups in (first, second)]
    return components(len(rows), np.concatenate(links))


def repeats(groups: Groups) -> Groups:
    """Indices of the rows whose group has an earlier row, ascending."""
    return np.flatnonzero(first_members(groups) != np.arange(len(groups)))


def _grouped(keys: Sequence[str]) -> tuple[list[str], Groups]:
    """The distinct keys, sorted (so that row order does not matter), and the number of each row's key (N,)."""
    distinct = sorted(set(keys))
    number = {key: i for i, key in enumerate(distinct)}
    return distinct, np.fromiter((number[key] for key in keys), dtype=np.int64, count=len(keys))


def _is_dense(text: str) -> bool:
    return not text.isascii() and len(_HAN_OR_KANA.findall(text)) * 4 > len(text)


def _are_pictures(examples: Sequence[Example]) -> bool:
    return bool(examples) and all(isinstance(example.content, Picture) for example in examples)
