"""resolve: what people said, as rows to train on. The rules, in the order in which they count:

1. What was said of one content belongs together, under whichever id. Rows of the frozen test are never trained on.
2. The newest label of a person replaces that person's older ones; of who gave no name, likewise.
3. A label that was given in an audit outranks all others.
4. Of several people the majority wins. At a tie the newest label leads, but the row waits: it is a suspect.
5. A thumb up is a vote for the answer, and counts only where nobody gave a label. A thumb down says that something is
   wrong, but not what is right: the row waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .journal import Asked, Kind, Origin, Said
from .labels import spelled

# Why what was said did not become, or not by itself, a row to train on.
FROZEN = "on frozen test rows"
COMMENT = "comments without a label"
NO_ROW = "their rows were not kept"
REPLACED = "replaced by a newer one of the same person"
OVERRULED = "overruled by an audit"
OUTVOTED = "outvoted"
WEAKER = "thumbs where there are labels"
SUSPECT = "in the queue of suspects"


@dataclass(frozen=True, slots=True)
class Correction:
    """A row to train on, and its label. `ids` are the answers, `said` the numbers of what was said, that it comes from:
    of who agreed only. `votes` is how many people."""

    key: str
    row: Mapping[str, Any]
    label: Any
    origin: Origin
    kind: Kind
    at: str
    votes: int
    ids: tuple[str, ...]
    said: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row that waits for a person, and why. `labels` are what was said, with how many people said it, most first;
    `leading` is the one that would count now (None: nobody said what is right)."""

    key: str
    row: Mapping[str, Any]
    reason: str
    leading: Any
    labels: tuple[tuple[Any, int], ...]
    ids: tuple[str, ...]
    said: tuple[int, ...]


@dataclass(frozen=True)
class Resolved:
    """Rows to train on and rows that wait, in the order in which they were first spoken of; `dropped` counts what was
    said and is not behind a row, by reason. `frozen` are the numbers of what was said of frozen test rows."""

    rows: Sequence[Correction]
    suspects: Sequence[Suspect]
    dropped: Mapping[str, int]
    frozen: Sequence[int] = field(default=(), repr=False)


def resolve(
    said: Iterable[Said],
    answers: Mapping[str, Asked] | None = None,
    *,
    frozen: Collection[str] = frozenset(),
) -> Resolved:
    """What people said, resolved. `answers` are those by id that a thumb was given to; `frozen` are the content keys of
    the frozen test rows."""
    dropped: Counter[str] = Counter()
    frozen_said: list[int] = []
    by_key: dict[str, list[Said]] = {}
    for each in said:
        if each.key in frozen:
            dropped[FROZEN] += 1
            frozen_said.append(each.number)
        elif each.kind == "text" or not each.row:
            dropped[COMMENT if each.kind == "text" else NO_ROW] += 1
        else:
            by_key.setdefault(each.key, []).append(each)
    found = [_of_one(group, answers or {}, dropped) for group in by_key.values()]
    rows = [one for one in found if isinstance(one, Correction)]
    suspects = [one for one in found if isinstance(one, Suspect)]
    return Resolved(rows, suspects, {reason: count for reason, count in dropped.items() if count}, frozen_said)


def _of_one(group: Sequence[Said], answers: Mapping[str, Asked], dropped: Counter[str]) -> Correction | Suspect | None:
    """What was said of one content."""
    labels = [each for each in group if each.kind == "label"]
    thumbs = [each for each in group if each.kind == "thumb"]
    found: Correction | Suspect | None
    if labels:
        dropped[WEAKER] += len(thumbs)
        found = _by_labels(labels, dropped)
    else:
        found = _by_thumbs(_newest(thumbs, dropped), answers, dropped)
    if isinstance(found, Suspect):
        dropped[SUSPECT] += len(found.said)
    return found


def _by_labels(labels: Sequence[Said], dropped: Counter[str]) -> Correction | Suspect:
    audited = [each for each in labels if each.origin == "audit"]
    dropped[OVERRULED] += len(labels) - len(audited) if audited else 0
    voices = [(each, each.value) for each in _newest(audited or labels, dropped)]
    return _decided(voices, dropped)


def _by_thumbs(
    thumbs: Sequence[Said], answers: Mapping[str, Asked], dropped: Counter[str]
) -> Correction | Suspect | None:
    """A thumb up is a vote for what was answered; one thumb down, and the row waits."""
    known = [each for each in thumbs if each.asked in answers]
    dropped[NO_ROW] += len(thumbs) - len(known)
    if not known:
        return None
    up = [(each, answers[each.asked].answer) for each in known if each.value]
    if len(up) == len(known):
        return _decided(up, dropped)
    reason = (
        "people disagree whether the answer is right" if up else "it was called wrong, and nobody said what is right"
    )
    return _suspect(known, up, reason, None)


def _decided(voices: Sequence[tuple[Said, Any]], dropped: Counter[str]) -> Correction | Suspect:
    """The majority of the voices, one a person; ties wait."""
    counts = Counter(spelled(value) for _, value in voices)
    most = max(counts.values())
    newest, label = max(
        ((each, value) for each, value in voices if counts[spelled(value)] == most), key=lambda one: _age(one[0])
    )
    everybody = [each for each, _ in voices]
    if list(counts.values()).count(most) > 1:
        return _suspect(everybody, voices, "as many people say one thing as another", label)
    agreed = [each for each, value in voices if spelled(value) == spelled(label)]
    dropped[OUTVOTED] += len(voices) - len(agreed)
    return Correction(
        newest.key, newest.row, label, newest.origin, newest.kind, newest.at, most, _ids(agreed), _numbers(agreed)
    )


def _newest(said: Sequence[Said], dropped: Counter[str]) -> list[Said]:
    """The newest of each person, in order of age."""
    latest: dict[str, Said] = {}
    for each in sorted(said, key=_age):
        latest[each.who] = each
    dropped[REPLACED] += len(said) - len(latest)
    return sorted(latest.values(), key=_age)


def _suspect(group: Sequence[Said], voices: Sequence[tuple[Said, Any]], reason: str, leading: Any) -> Suspect:
    counts = Counter(spelled(value) for _, value in voices)
    values = {spelled(value): value for _, value in voices}
    labels = tuple((values[name], count) for name, count in counts.most_common())
    return Suspect(group[-1].key, group[-1].row, reason, leading, labels, _ids(group), _numbers(group))


def _age(said: Said) -> tuple[str, int]:
    return said.at, said.number


def _ids(group: Sequence[Said]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.asked for each in group if each.asked))


def _numbers(group: Sequence[Said]) -> tuple[int, ...]:
    return tuple(sorted(each.number for each in group))
