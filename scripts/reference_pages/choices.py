"""What there is to choose from: the tasks and the pre-trained bodies."""

from __future__ import annotations

import json
from typing import Any

from tunewheel import tasks
from tunewheel.models.catalogue import CATALOGUE, Entry
from tunewheel.task import Task

from . import markdown

TASKS = """# Tasks

What a model can be tuned to do. `tunewheel tune` finds the task by the columns of the file and says so; `--task NAME`
overrules it. All settings of a task are in the [recipe reference](recipe.md)."""

MODELS = """# Models

The pre-trained bodies that Tunewheel knows by name. `tunewheel tune` chooses one for the language of the texts, the
size of the pictures and the free memory, and says why; `--model NAME` overrules it. `--model` also takes a folder with
`config.json`, `model.safetensors` and `tokenizer.json`, or a hub name such as `org/name`: see
[offline](../how/offline.md). Memory is about what fine-tuning takes."""

LONGEST = 60


def tasks_page() -> str:
    """Markdown of all tasks."""
    return markdown.page(TASKS, *(part for name in tasks.names() for part in _task(tasks.find(name))))


def _task(task: type[Task]) -> list[str]:
    rows = "\n".join(json.dumps({k: _short(v) for k, v in row.items()}, ensure_ascii=False) for row in task.sample)
    settings = task.Options.model_fields.items()
    return [
        f"## `{task.name}`",
        f"{task.summary} Judged by `{task.best_by}`. The whole story: [{task.name}](../tasks/{task.name}.md).",
        "Rows look like this:",
        markdown.block(rows, "json"),
        markdown.table(["option", "what it does"], [(f"`{name}`", field.description) for name, field in settings]),
    ]


def _short(value: Any) -> Any:
    return f"{value[:LONGEST]}..." if isinstance(value, str) and len(value) > LONGEST else value


def models_page() -> str:
    """Markdown of the catalogue."""
    headings = ["name", "reads", "languages", "parameters", "download", "memory", "licence"]
    return markdown.page(
        MODELS, markdown.table(headings, map(_line, CATALOGUE.values())), *map(_model, CATALOGUE.values())
    )


def _line(entry: Entry) -> tuple[str, ...]:
    sizes = f"{entry.parameters:g} M", f"{entry.download_mb} MB", f"{entry.memory_mb:,} MB"
    languages = ", ".join(entry.languages).replace("*", "about 100")
    return f"`{entry.name}`", entry.reads, languages, *sizes, entry.licence


def _model(entry: Entry) -> str:
    facts = [f"{entry.summary[:1].upper()}{entry.summary[1:]}.", f"Speed: {entry.speed}."]
    if entry.max_tokens:
        facts.append(f"Reads {entry.max_tokens} tokens at once; longer texts in overlapping windows.")
    packages = dict.fromkeys(package.requirement for origin in entry.origins for package in origin.packages)
    facts.append(
        f"Source: {entry.source}." + (f" Packages: {', '.join(f'`{p}`' for p in packages)}." if packages else "")
    )
    return markdown.page(f"## `{entry.name}`", "\n".join(facts))
