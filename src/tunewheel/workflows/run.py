"""Run: what came of tuning, as programs and people read it. The summary's shape is stable and documented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..evaluation.report import Judgement, Report, Standing
from ..registry import Version

SUMMARY = "summary.json"


@dataclass(frozen=True)
class Run:
    """A finished run: the version it registered, its report, and where they lie."""

    version: Version
    report: Report
    folder: Path
    facts: Mapping[str, Any]

    @property
    def page(self) -> Path:
        """The report as one HTML page."""
        return self.folder / "report.html"

    def summary(self) -> dict[str, Any]:
        """The object of `--json`: plain, documented in docs/reference/json.md, only ever added to."""
        judgement = self.report.judgement
        return {
            "version": self.version.id,
            "task": self.version.task,
            "kind": self.version.kind,
            "metric": judgement.metric,
            "judged": judgement.main,
            "headline": judgement.headline,
            "table": [_line(standing) for standing in judgement.standings],
            "comparisons": [comparison.sentence for comparison in judgement.comparisons],
            "leak": _leak(judgement),
            "certificate": dict(self.version.certificate),
            "report": str(self.page),
            **self.facts,
        }


def _line(standing: Standing) -> dict[str, Any]:
    scores = {
        name: {"value": value, **({"low": i.low, "high": i.high} if (i := standing.intervals.get(name)) else {})}
        for name, value in standing.scores.items()
    }
    return {
        "name": standing.name, "role": standing.role, "scores": scores, "train_seconds": standing.train_seconds,
        "predict_seconds": standing.predict_seconds, "size_bytes": standing.size_bytes,
    }  # fmt: skip


def _leak(judgement: Judgement) -> dict[str, Any] | None:
    """How many test rows are in training, too, and the score that decides with and without them; None: no row is."""
    if judgement.leak is None:
        return None
    inflated, real = next((one, other) for name, one, other in judgement.leak.scores if name == judgement.main)
    return {"rows": len(judgement.leak.positions), "score_with": inflated, "score_without": real}


def save(run: Run) -> None:
    """Keep what `load_run` needs beside the report."""
    (run.folder / SUMMARY).write_text(json.dumps(dict(run.facts), indent=1), "utf-8")


def load_run(version: Version, folder: Path) -> Run:
    """A run as it was kept."""
    report = Report.from_json((folder / "report.json").read_text("utf-8"))
    return Run(version, report, folder, json.loads((folder / SUMMARY).read_text("utf-8")))
