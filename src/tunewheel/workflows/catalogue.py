"""What there is to choose from: tasks and pre-trained bodies, as plain facts for a list."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any


def tasks() -> list[dict[str, Any]]:
    """Each task's `name`, `summary`, what it `reads`, the metric it is judged `best_by`, and `sample` rows."""
    from ..tasks import find, names

    found = [find(name) for name in names()]
    return [
        {
            "name": task.name,
            "summary": task.summary,
            "reads": task.reads,
            "best_by": task.best_by,
            "sample": list(task.sample),
        }
        for task in found
    ]


def models() -> list[dict[str, Any]]:
    """Each pre-trained body: `parameters` in millions, `download_mb` and `memory_mb` in MB, licence, languages."""
    from ..models.catalogue import CATALOGUE

    shown = ("name", "summary", "reads", "parameters", "download_mb", "memory_mb", "languages", "licence", "source")
    return [{key: value for key, value in asdict(entry).items() if key in shown} for entry in CATALOGUE.values()]
