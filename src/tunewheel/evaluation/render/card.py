"""A model card in Markdown, written from facts only: what the report and the bundle know, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from ..report import Report, Standing, spelled
from . import words

_WEAK_CLASS = 0.5


def card(report: Report, *, version: str, licence: str, base_model: str, fingerprints: Mapping[str, str]) -> str:
    """The card of one registered version. `fingerprints` are content hashes of the data by split.

    `licence` is that of the base model; an empty `base_model` means that nothing pre-trained is inside, and then
    there is no licence but that of whoever made it.
    """
    parts = [
        _front(report, licence, base_model),
        [f"# {_text(report.title)}: {_text(version)}", "", _text(report.task_summary)],
        ["## Intended use", "", *_use(report)],
        ["## Scores", "", *_scores(report)],
        ["## Known weaknesses", "", *_weaknesses(report)],
        ["## Training data", "", *_data(report, fingerprints)],
        ["## How it was made", "", *_making(report, licence, base_model)],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _front(report: Report, licence: str, base_model: str) -> list[str]:
    """YAML front matter; JSON strings are valid YAML."""
    lines = ["---", "library_name: tunewheel"]
    if base_model:
        lines.insert(1, f"license: {json.dumps(licence or 'unknown', ensure_ascii=False)}")
        lines.append(f"base_model: {json.dumps(base_model, ensure_ascii=False)}")
    return [*lines, f"tags: [{json.dumps(report.task.replace('_', '-'))}]", "---"]


def _use(report: Report) -> Iterator[str]:
    labels = [row.label for row in report.weaknesses.classes]
    yield f"Task: {_text(report.task.replace('_', ' '))}. It can only answer with what it was trained on:"
    yield ", ".join(_text(label) for label in labels) + "."
    yield ""
    yield "It was tested on rows like those described under Training data; other kinds of input are untested."


def _scores(report: Report) -> Iterator[str]:
    judgement = report.judgement
    yield f"Measured on a frozen test set of {report.rows:,} rows, with 95 % bootstrap intervals over"
    yield f"{judgement.resampled}. This one is '{_text(judgement.main)}'."
    yield ""
    yield f"| model | {spelled(judgement.metric)} | 95 % interval | train | predict | size |"
    yield "|---|---:|---:|---:|---:|---:|"
    yield from (_line(line, judgement.metric) for line in judgement.standings)
    yield ""
    yield f"{judgement.headline}."
    yield from (f"- {_text(comparison.sentence)}." for comparison in judgement.comparisons)
    if judgement.power:
        yield f"- {judgement.power}"
    if judgement.leak is not None:
        yield f"- {len(judgement.leak.positions):,} test rows are also in the training data; without them:"
        yield from (
            f"  - {_text(name)}: {words.score(real, judgement.metric)}" for name, _, real in judgement.leak.scores
        )
    if report.calibration is not None:
        yield f"- Expected calibration error: {words.score(report.calibration.ece_after, '')} points."


def _line(line: Standing, metric: str) -> str:
    spread = line.intervals[metric]
    ends = f"{words.score(spread.low, metric)} to {words.score(spread.high, metric)}"
    cost = (
        f"{words.seconds(line.train_seconds)} | {words.seconds(line.predict_seconds)} | {words.size(line.size_bytes)}"
    )
    return f"| {_text(line.name)} | {words.score(line.scores[metric], metric)} | {ends} | {cost} |"


def _weaknesses(report: Report) -> list[str]:
    weak = report.weaknesses
    lines = [
        f"- {_text(part.name)}: {words.score(-part.difference.value, '')} points below the rest ({part.rows:,} rows)."
        for part in weak.slices
        if part.difference.proved and part.difference.value < 0
    ]
    lines += [
        f"- {_text(row.label)}: F1 {words.score(row.f1, '')} on {row.support:,} test occurrences."
        for row in sorted(weak.classes, key=lambda row: row.f1)
        if row.support and row.f1 < _WEAK_CLASS
    ]
    lines += [f"- {_text(c.actual)} is taken for {_text(c.predicted)} ({c.count} times)." for c in weak.confusions[:5]]
    return lines or ["None was found on this test set."]


def _data(report: Report, fingerprints: Mapping[str, str]) -> list[str]:
    lines = _facts(words.facts(report.background.data))
    lines += [f"- fingerprint of {_text(split)}: `{_text(value)}`" for split, value in fingerprints.items()]
    findings = report.background.findings
    told = ["", "Left out or mended while reading:", ""] if findings else []
    return lines + told + [f"- {_text(finding)}" for finding in words.shown(findings)]


def _making(report: Report, licence: str, base_model: str) -> Iterator[str]:
    yield f"- base model: {_text(base_model) or 'none'}"
    if base_model:
        yield f"- licence of the base model: {_text(licence) or 'unknown'}"
    yield f"- seed: {report.background.seed}"
    if report.search is not None and report.search.tried:
        yield f"- {words.tried(report.search)}."
    yield from _facts(words.facts({**report.background.model, **report.background.environment}))
    if report.background.recipe:
        yield from ("", "The recipe:", "", *(f"    {line}" for line in report.background.recipe.splitlines()))


def _facts(lines: Iterable[tuple[str, str]]) -> list[str]:
    return [f"- {_text(name)}: {_text(value)}" for name, value in lines]


def _text(value: str) -> str:
    """Data as one line of Markdown text: it can open no tag, link, table cell or code."""
    line = " ".join(value.split())
    for sign in "\\`*<>[]|":
        line = line.replace(sign, f"\\{sign}")
    return line.replace("&", "&amp;")
