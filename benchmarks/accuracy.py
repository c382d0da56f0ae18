"""Accuracy: a set tuned with the command line in a fresh workspace, its report read, its server asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import commands, served
from .sets import LabelledSet

Measured = dict[str, Any]
OUT_OF_SCOPE = "oos"


def measure(data: LabelledSet, *, serve: bool = False, in_scope: bool = False) -> Measured:
    """Tune on the set and give scores, verdict and cost.

    `serve` also asks the server about every test row; `in_scope` also gives the accuracy on the test rows whose
    actual label is not "oos". Raises `CommandFailed`.
    """
    with commands.temporary_folder() as folder:
        workspace = Path(folder) / "workspace"
        answer = commands.tune(data.train, *_flags(data), workspace=workspace)
        report = _report(workspace)
        measured = {**_facts(answer), **_judged(report)}
        if in_scope:
            measured["in_scope_accuracy"] = in_scope_accuracy(report)
        if serve:
            measured["served"] = served.compare(workspace, str(answer.value["version"]), data.test)
    return measured


def _flags(data: LabelledSet) -> list[str]:
    validation = ["--validation", str(data.validation)] if data.validation else []
    return [*data.flags, *validation, "--test", str(data.test)]


def _report(workspace: Path) -> Measured:
    """The report, as data, on the fine-tuned model: also where a plain rival went live instead."""
    reports = [json.loads(path.read_text("utf-8")) for path in sorted((workspace / "reports").glob("*/report.json"))]
    return next(report for report in reports if _main(report["judgement"])["role"] == "after")


def _main(judgement: Measured) -> Measured:
    """The line of the table that the report is about."""
    return next(line for line in judgement["standings"] if line["name"] == judgement["main"])


def _facts(answer: commands.Answer) -> Measured:
    """What the run was and cost. `seconds` are the whole command's, starting Python included."""
    summary = answer.value
    kept = ("task", "model", "kind", "rows", "metric", "peak_memory_mb")
    facts = {name: summary[name] for name in kept}
    certificate = {name: summary["certificate"][name] for name in ("rows", "same_answers", "holds")}
    return {"seconds": round(answer.seconds, 1), **facts, "certificate": certificate}


def _judged(report: Measured) -> Measured:
    """The table and the comparisons of a report."""
    judgement = report["judgement"]
    return {
        "verdict": judgement["verdict"],
        "headline": judgement["headline"],
        "scores": _main(judgement)["scores"],
        "table": [_line(line, judgement["metric"]) for line in judgement["standings"]],
        "comparisons": [_comparison(comparison) for comparison in judgement["comparisons"]],
    }


def _line(standing: Measured, metric: str) -> Measured:
    kept = ("name", "role", "train_seconds", "predict_seconds", "size_bytes")
    return {**{name: standing[name] for name in kept}, metric: standing["scores"][metric]}


def _comparison(comparison: Measured) -> Measured:
    """A rival, and the paired difference to it; proved as `Difference.proved` has it."""
    difference = comparison["difference"]
    proved = difference["p_value"] < 1 - difference["level"] + 1e-12 and difference["low"] > 0
    kept = {name: difference[name] for name in ("value", "low", "high", "p_value", "method")}
    return {"rival": comparison["rival"], "role": comparison["role"], "better": proved, **kept}


def in_scope_accuracy(report: Measured) -> float | None:
    """Share of right answers among the test rows that have an intent; a wrong "oos" counts as a mistake."""
    right = [row["correct"] for row in report["row_scores"] if row["actual"] != OUT_OF_SCOPE]
    return sum(right) / len(right) if right else None
