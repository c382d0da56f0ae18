"""The doctor's round: every check that fits the task, what it found, and what can be mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import Problem
from ...records import Example, Picture
from ..language import Languages, languages
from ..profile import profile
from ..splits import FEWEST_ROWS
from ..targets import label_counts, relabelled
from .finding import SEVERITIES, Finding, Severity, counted, row_numbers
from .images import check_images
from .labels import check_labels, label_variants
from .leaks import check_leaks
from .private import check_private
from .rows import check_rows, copied_rows, disputed_groups, empty_rows
from .spans import check_spans
from .suspects import check_suspects
from .text import check_texts, mendable_rows

_SIGNS: Mapping[Severity, str] = {"error": "ERROR", "warning": "warning", "note": "note"}


@dataclass(frozen=True, slots=True)
class Repairs:
    """What `--fix` may do: `drop` row number to reason, `relabel` label to its usual form, `retext` row numbers."""

    drop: Mapping[int, str] = field(default_factory=dict)
    relabel: Mapping[str, str] = field(default_factory=dict)
    retext: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.drop or self.relabel or self.retext)


@dataclass(frozen=True)
class Diagnosis:
    """Findings (worst first), the profile of the rows, what can be repaired, and the indices of the test and
    validation rows that also occur in train (for the score with and without them)."""

    findings: tuple[Finding, ...]
    profile: Mapping[str, Any]
    file: str = ""
    repairs: Repairs = Repairs()
    leaked_test: tuple[int, ...] = ()
    leaked_validation: tuple[int, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that tuning cannot go on with."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def headline(self) -> str:
        """Rows, labels and how many findings of each severity, on one line."""
        labels = counted(len(self.profile["labels"]), "label")
        counts = [(severity, sum(f.severity == severity for f in self.findings)) for severity in SEVERITIES]
        said = ", ".join(counted(count, severity) for severity, count in counts if count)
        return f"{self.file or 'The data'}: {counted(self.profile['rows'], 'row')}, {labels}; {said or 'no findings'}."

    def summary(self) -> str:
        """All findings as text for a terminal, with row numbers and what to do."""
        return "\n".join([self.headline, *map(_told, self.findings)])


def examine(
    examples: Sequence[Example],
    *,
    task: str,
    test: Sequence[Example] | None = None,
    validation: Sequence[Example] | None = None,
    problems: Sequence[Problem] = (),
    span_problems: Sequence[Problem] = (),
    measure: Callable[[str], int] | None = None,
    limit: int | None = None,
    probe: bool = True,
) -> Diagnosis:
    """Examine the training rows of a `task`, and given test and validation rows for leaks only.

    `problems` are the rows that could not be read, `span_problems` what was met in aligning spans; `measure`
    gives the length of a text and `limit` what the model reads; `probe` looks for suspicious labels.
    """
    names = {} if task == "token_classification" else label_variants(label_counts(examples))
    alike = [relabelled(example, names) for example in examples]
    disputed = disputed_groups(alike)
    copied = copied_rows(alike, disputed)
    findings = check_rows(alike, problems, disputed, copied) + check_labels(examples)
    findings += check_spans(examples, span_problems) + _check_size(examples)
    told = languages([example.text for example in examples if not isinstance(example.content, Picture)])
    findings += _check_contents(examples, told, measure, limit)
    in_test, leaked_test = check_leaks(examples, test or (), "test")
    in_validation, leaked_validation = check_leaks(examples, validation or (), "validation")
    findings += in_test + in_validation
    if probe and task != "token_classification":
        findings += check_suspects(alike)
    ordered = tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
    repairs = _repairs(alike, copied, names, texts=task == "text_classification")
    leaked = (tuple(leaked_test.tolist()), tuple(leaked_validation.tolist()))
    return Diagnosis(ordered, profile(examples, told), examples[0].source.file if examples else "", repairs, *leaked)


def _check_size(examples: Sequence[Example]) -> list[Finding]:
    if not 0 < len(examples) < FEWEST_ROWS:
        return []
    message = f"{counted(len(examples), 'row')} cannot be divided to train and to judge; {FEWEST_ROWS} are needed."
    return [Finding.about("few-rows", "error", message, (), command="Label more rows.")]


def _check_contents(
    examples: Sequence[Example], told: Languages, measure: Callable[[str], int] | None, limit: int | None
) -> list[Finding]:
    pictures = [example for example in examples if isinstance(example.content, Picture)]
    texts = [example for example in examples if not isinstance(example.content, Picture)]
    return check_images(pictures) + check_texts(texts, measure, limit, told) + check_private(texts)


def _repairs(
    examples: Sequence[Example], copied: Sequence[int], names: Mapping[str, str], *, texts: bool
) -> Repairs:  # fmt: skip
    """Texts are mended where no offsets point into them."""
    if not examples:
        return Repairs()
    reasons = dict.fromkeys(row_numbers(examples, empty_rows(examples)), "empty")
    reasons |= dict.fromkeys(row_numbers(examples, copied), "repeats an earlier row")
    reasons.pop(0, None)  # rows of no file
    return Repairs(reasons, names, frozenset(row_numbers(examples, mendable_rows(examples))) if texts else frozenset())


def _told(finding: Finding) -> str:
    lines = [f"  {_SIGNS[finding.severity]}: {finding.message}"]
    if finding.rows:
        more = f" and {finding.count - len(finding.rows):,} more" if finding.count > len(finding.rows) else ""
        lines.append(f"    rows {', '.join(map(str, finding.rows))}{more}")
    lines += [f"    {line}" for line in finding.details[:3]]
    return "\n".join([*lines, f"    -> {finding.command}"] if finding.command else lines)
