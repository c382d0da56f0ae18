"""Labels as such: too few rows, too uneven, spelt in two ways, numbers, or not labels at all."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ...records import Example, Words
from ..targets import label_counts, labels_of
from .finding import Finding, Severity, are_pictures, counted, file_of, fix_command, row_numbers

FEW_ROWS = 10
UNEVEN, VERY_UNEVEN = 10, 50
MAJORITY = 0.8
FEWEST_FOR_UNIQUE = 20
_WHOLE_FLOAT = re.compile(r"(-?\d+)\.0+")
_GAP = re.compile(r"[\s_]+")
_SHOWN = 10
# What programs write where there is nothing; compared without regard to case.
_NOTHING = frozenset(("nan", "null", "none", "n/a", "#n/a", "na", "<na>"))


def check_labels(examples: Sequence[Example]) -> list[Finding]:
    """One class only, identifiers or measurements instead of classes, words for nothing, rare and uneven classes,
    spelling variants."""
    counts = label_counts(examples)
    if not counts:
        return list(_no_entity(examples))
    if unlike := [*_one_class(examples, counts), *_nearly_unique(examples, counts)]:
        return unlike
    found = [*_nothings(examples, counts), *_variants(examples, counts), *_floats(examples, counts)]
    merged: Counter[str] = Counter()
    names = label_variants(counts)
    for label, count in counts.items():
        merged[names.get(label, label)] += count
    return [*found, *_rare(examples, merged), *_uneven(examples, merged)]


def _no_entity(examples: Sequence[Example]) -> Iterator[Finding]:
    tagged = sum(isinstance(example.content, Words) and example.target is not None for example in examples)
    if tagged:
        message = f"No entity is left in {counted(tagged, 'tagged text')}: there is nothing to learn."
        command = f"Name the tags of {file_of(examples)} with --tags COLUMN, or correct the offsets of its spans."
        yield Finding.about("no-entity", "error", message, (), command=command)


def label_variants(counts: Mapping[str, int]) -> dict[str, str]:
    """Each label that differs from a more frequent one only by case, white space or a final ".0", and that one."""
    forms: dict[str, list[str]] = defaultdict(list)
    for label in counts:
        forms[_plain(label)].append(label)
    names: dict[str, str] = {}
    for labels in forms.values():
        best = min(labels, key=lambda label: (-counts[label], label != label.strip(), label))
        names.update({label: best.strip() for label in labels if label != best.strip()})
    return names


def _plain(label: str) -> str:
    text = _GAP.sub(" ", unicodedata.normalize("NFKC", label).casefold()).strip()
    match = _WHOLE_FLOAT.fullmatch(text)
    return match[1] if match else text


def _with_labels(examples: Sequence[Example], labels: set[str]) -> list[int]:
    return row_numbers(examples, [i for i, e in enumerate(examples) if not labels.isdisjoint(labels_of(e))])


def _one_class(examples: Sequence[Example], counts: Mapping[str, int]) -> Iterator[Finding]:
    several_per_row = any(isinstance(e.content, Words) or isinstance(e.target, tuple | list) for e in examples)
    if len({_plain(label) for label in counts}) == 1 and not several_per_row:
        label = next(iter(counts))
        message = f"All labelled rows have the same label, {label!r}: there is nothing to tell apart."
        command = f"tunewheel tune {file_of(examples)} --label COLUMN"
        yield Finding.about("one-class", "error", message, _with_labels(examples, {label}), command=command)


def _nearly_unique(examples: Sequence[Example], counts: Mapping[str, int]) -> Iterator[Finding]:
    labelled = [e for e in examples if isinstance(e.target, str) and e.target]
    if len(labelled) < FEWEST_FOR_UNIQUE or len(counts) <= len(labelled) / 2:
        return
    what = "measurements, not classes" if all(_is_number(label) for label in counts) else "identifiers or texts"
    message = f"{counted(len(counts), 'different label')} in {counted(len(labelled), 'row')}: they look like {what}."
    command = f"tunewheel tune {file_of(examples)} --label COLUMN"
    rows = [example.source.row for example in labelled]
    yield Finding.about("not-classes", "error", message, rows, command=command)


def _is_number(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True


def _nothings(examples: Sequence[Example], counts: Mapping[str, int]) -> Iterator[Finding]:
    words = {label for label in counts if label.strip().casefold() in _NOTHING}
    if words and len(words) < len(counts):
        rows = _with_labels(examples, words)
        listed = ", ".join(map(repr, sorted(words)))
        message = f"{counted(len(rows), 'row is', 'rows are')} labelled {listed}: a class like any other to a model."
        command = f"Empty these labels in {file_of(examples)} if they only say that nobody labelled the row."
        yield Finding.about("labels-for-nothing", "warning", message, rows, command=command)


def _variants(examples: Sequence[Example], counts: Mapping[str, int]) -> Iterator[Finding]:
    if names := label_variants(counts):
        rows = _with_labels(examples, set(names))
        many = counted(len(names), "label differs", "labels differ")
        message = f"{many} from another only by capitals, spaces or '.0' ({counted(len(rows), 'row')})."
        details = [f"{label!r} ({counted(counts[label], 'row')}) means {name!r}" for label, name in names.items()]
        fix = not are_pictures(examples)
        command = fix_command(examples) if fix else f"Give each class one name in {file_of(examples)}."
        yield Finding.about("label-variants", "warning", message, rows, command=command, fix=fix, details=details)


def _floats(examples: Sequence[Example], counts: Mapping[str, int]) -> Iterator[Finding]:
    if all(_WHOLE_FLOAT.fullmatch(label) for label in counts):
        message = f"Labels are written as decimals ({', '.join(list(counts)[:3])}): whole numbers were probably meant."
        command = f"Write them as whole numbers in {file_of(examples)}, or as names."
        yield Finding.about("decimal-labels", "note", message, _with_labels(examples, set(counts)), command=command)


def _rare(examples: Sequence[Example], counts: Counter[str]) -> Iterator[Finding]:
    if rare := {label: count for label, count in counts.items() if count < FEW_ROWS}:
        listed = ", ".join(f"{label!r} {count}" for label, count in sorted(rare.items(), key=lambda x: x[1])[:_SHOWN])
        more = f" and {len(rare) - _SHOWN} more" if len(rare) > _SHOWN else ""
        many = counted(len(rare), "class has", "classes have")
        message = f"{many} fewer than {FEW_ROWS} rows ({listed}{more}): too few to learn and to judge them."
        command = f"Label more such rows in {file_of(examples)}, or join the classes."
        yield Finding.about("rare-classes", "warning", message, _with_labels(examples, set(rare)), command=command)


def _uneven(examples: Sequence[Example], counts: Counter[str]) -> Iterator[Finding]:
    (first, most), (last, least) = counts.most_common(1)[0], counts.most_common()[-1]
    share = most / sum(counts.values())
    if len(counts) < 2 or (most < UNEVEN * least and share < MAJORITY):
        return
    severity: Severity = "warning" if share >= MAJORITY or most >= VERY_UNEVEN * least else "note"
    entities = any(isinstance(example.content, Words) for example in examples)
    many = counted(most, "entity", "entities") if entities else counted(most, "row")
    message = (
        f"Classes are uneven: {first!r} has {many} ({share:.0%}), {last!r} has {least:,}. "
        "Look at macro F1 and the per-class table, not at accuracy alone."
    )
    weighted = f"tunewheel tune {file_of(examples)} --set options.class_weights=balanced"
    command = f"Label more rows with {last!r} in {file_of(examples)}." if entities else weighted
    yield Finding.about("imbalance", severity, message, _with_labels(examples, {last}), command=command)
