"""The object that `tunewheel tune --json` prints, field by field, with a real one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from tunewheel.data.doctor.finding import Finding
from tunewheel.evaluation.compare import Difference
from tunewheel.feedback.drift import Change, Drift, Topic
from tunewheel.feedback.estimate import Estimate
from tunewheel.feedback.forgetting import ClassChange
from tunewheel.feedback.journal import Drawn
from tunewheel.feedback.resolve import Suspect
from tunewheel.feedback.trigger import Advice
from tunewheel.registry import Entry, Rollout, Version
from tunewheel.serving.variant import Variant
from tunewheel.workflows.compare import Broken, Compared
from tunewheel.workflows.export import Exported
from tunewheel.workflows.feedback import Imported
from tunewheel.workflows.plan import Absent, Plan
from tunewheel.workflows.planning.ways import Way
from tunewheel.workflows.rollout import Standing
from tunewheel.workflows.status import Status
from tunewheel.workflows.turn import Turned

from . import markdown

EXAMPLE = Path(__file__).parents[2] / "docs" / "reference" / "example-run.json"

INTRODUCTION = """# JSON for programs

With `--json` a command prints one JSON object as the last line of standard output; tables and remarks go to standard
error. Fields are only ever added, so a program that reads this today can read it later. Scores are shares of 1.

## `tunewheel tune --json` and `tunewheel report --json`"""

FIELDS = {
    "version": "Id of the version that was registered.",
    "task": "Name of the task.",
    "kind": "`module` (a neural network) or `floor` (a plain baseline).",
    "metric": "The metric that decides.",
    "judged": "Name of the line of the table that the verdict is about: the version that was registered.",
    "headline": "The verdict in a few words.",
    "table[].name": "What was judged, for people; with `, in bf16` where a hurry let it answer the test rows in that.",
    "table[].role": "`floor`, `before` (the frozen body under a linear head) or `after` (fine-tuned).",
    "table[].scores.METRIC.value": "The score on the frozen test rows.",
    "table[].scores.METRIC.low": "Lower end of its 95 % interval, where the metric can be resampled.",
    "table[].scores.METRIC.high": "Upper end of it.",
    "table[].train_seconds": "Seconds to train.",
    "table[].predict_seconds": "Seconds to answer all test rows.",
    "table[].size_bytes": "Size of its weights.",
    "comparisons[]": "A sentence for each paired comparison of the judged model with a rival.",
    "leak": "`null` where no test row is also in training; else:",
    "leak.rows": "Test rows that are.",
    "leak.score_with": "The score that decides, of the judged model, on all test rows: it is inflated.",
    "leak.score_without": "The same without those rows: the one to quote.",
    "certificate.rows": "Test rows asked through the serving path.",
    "certificate.same_answers": "Rows answered as in the evaluation.",
    "certificate.share": "The same as a share of 1.",
    "certificate.alone_rows": "Rows that were also asked one at a time.",
    "certificate.alone_same": "Those of them answered as in the evaluation.",
    "certificate.largest_difference": "The largest difference of any probability.",
    "certificate.scores_evaluated.METRIC": "Scores by evaluation.",
    "certificate.scores_served.METRIC": "Scores of the served answers.",
    "certificate.differing[]": "The first rows that differ, as sentences.",
    "certificate.holds": "Whether served answers are the evaluated answers; if not, the version cannot go live.",
    "report": "Path of the report's page; `report.json` with a score for every test row lies beside it.",
    "rows.train": "Rows trained on.",
    "rows.validation": "Rows that steered training.",
    "rows.test": "Frozen rows that judged.",
    "model": "Name of the pre-trained body.",
    "seconds": "Seconds from start to end.",
    "peak_memory_mb": "The most memory held, in MB.",
    "live": "Whether this version went live.",
    "forecast.seconds.forecast": "Where `plan` was asked before, in the same workspace: the seconds that it forecast.",
    "forecast.seconds.actual": "The seconds that it took.",
    "forecast.seconds.error": "The share by which the forecast was too high; below 0: too low.",
    "forecast.memory_mb.forecast": "The memory that `plan` forecast, in MB.",
    "forecast.memory_mb.actual": "The most memory held.",
    "forecast.memory_mb.error": "The share by which the forecast was too high.",
    "exported": "With `tune --export`, what `export --json` prints of this version.",
}
# Fields of an object that is `null` in the example, or not there.
ABSENT = (
    "leak.rows", "leak.score_with", "leak.score_without", "exported",
    *(f"forecast.{what}.{part}" for what in ("seconds", "memory_mb") for part in ("forecast", "actual", "error")),
)  # fmt: skip
MAPS = ("table[].scores", "certificate.scores_evaluated", "certificate.scores_served")

OTHERS = """## Other commands

| command | object |
|---|---|
| `check --json` | `file`; `findings`, each with FINDING; `profile` (rows, labels, lengths, languages) |
| `plan --json` | PLAN; each of `ways` has WAY; each of `absent` has ABSENT. Scores are ranges, `null` where unknown |
| `export --json` | EXPORTED; each of `variants` has VARIANT; `refused`: why, by name |
| `predict TEXT --json` | `answers`, each as in [the HTTP API](api.md) without `id` |
| `predict FILE --json` | `output` (the file written), `version`, `rows`, `failed` (rows with an error), `left_out` |
| `versions --json` | `versions`, each with VERSION; `aliases`; `rollout`, `null` or with ROLLOUT, STANDING |
| `tasks --json`, `models --json` | `tasks`, `models`, as in [tasks](tasks.md) and [models](models.md) |"""

WHEEL = {
    "feedback import --json": "IMPORTED; the last two are sentences",
    "feedback suspects --json": (
        "`suspects`, each with SUSPECT; `dropped` (how many words are behind no row, by reason)"
    ),
    "status --json": (
        "STATUS. `accuracy` and `by_confidence`: `null`, or ESTIMATE; `drift`: `null`, or DRIFT; each of its `changes` "
        "has CHANGE, each of its `topics` TOPIC; each of `advice` has ADVICE"
    ),
    "audit --json": (
        "`rows`, each with DRAWN; `accuracy` as in `status`; `more`: so many rows more, labelled, would leave an "
        "interval that goes `reach` each way, and learning from them would bring `gain`; both `null` where unknown"
    ),
    "audit --import FILE --json": "`labels` (kept), `known` (kept before), `unlabelled`",
    "turn --json": "TURNED, `promoted`",
    "compare A B --json": (
        "COMPARED, `sentence`; `difference` has DIFFERENCE; `forgetting` has how many rows were `mended` and `broken`, "
        "and `classes`, each with CLASS; each of `broken` has BROKEN"
    ),
    "ledger --json": (
        "`entries`, each with ENTRY; `facts` differ by `kind`: `registered`, `removed`, `alias` (its `evidence` is "
        "what the gate saw), `shadow`, `canary`, `turn` (as `turn --json`)"
    ),
}
LINES = """`shadow`, `canary`, `promote`, `rollback` and `ledger verify` print a line and have no `--json`: what came of
them is in `versions --json` and `ledger --json`."""
# The dataclasses whose fields stand where the word is.
KINDS: dict[str, type[Any]] = {
    "FINDING": Finding, "VERSION": Version, "PLAN": Plan, "WAY": Way, "ABSENT": Absent, "ROLLOUT": Rollout,
    "IMPORTED": Imported, "SUSPECT": Suspect, "STATUS": Status, "ESTIMATE": Estimate, "CHANGE": Change, "TOPIC": Topic,
    "ADVICE": Advice, "DRAWN": Drawn, "TURNED": Turned, "COMPARED": Compared, "DIFFERENCE": Difference,
    "CLASS": ClassChange, "BROKEN": Broken, "ENTRY": Entry, "EXPORTED": Exported, "VARIANT": Variant,
}  # fmt: skip


def page() -> str:
    """Markdown of the object."""
    run = json.loads(EXAMPLE.read_text("utf-8"))
    undescribed, gone = differences(run)
    if undescribed or gone:
        raise SystemExit(f"{__file__}: describe {sorted(undescribed)}; remove {sorted(gone)}.")
    return markdown.page(
        INTRODUCTION,
        markdown.table(["field", "what it is"], [(f"`{path}`", text) for path, text in FIELDS.items()]),
        "A real one, of a few hundred rows; it is kept in [example-run.json](example-run.json):",
        markdown.json_block(run),
        others(),
    )


def others() -> str:
    """The objects of the other commands, with the fields that they have."""
    wheel = markdown.table(["command", "object"], [(f"`{command}`", text) for command, text in WHEEL.items()])
    known = {word: [field.name for field in fields(kind)] for word, kind in KINDS.items()}
    known |= {"STANDING": [field.name for field in fields(Standing) if field.name != "rollout"]}
    known |= {"DRIFT": list(Drift((), 0, "", "nothing", "", (), np.zeros(0)).to_json())}
    text = "\n\n".join((OTHERS, "## The wheel", wheel, LINES))
    return re.sub(r"\b[A-Z]{3,}\b", lambda found: names(known.get(found[0], [])) or found[0], text)


def names(fields: Iterable[str]) -> str:
    """The names of fields, for a sentence."""
    return ", ".join(f"`{name}`" for name in fields)


def differences(run: Any) -> tuple[set[str], set[str]]:
    """Fields of a run's object that are not described, and described ones that it does not have."""
    found = set(paths(run))
    return found - FIELDS.keys(), {path for path in FIELDS.keys() - found - {*ABSENT} if not path.endswith("[]")}


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Every place in the object where a plain value stands."""
    if isinstance(value, dict):
        for name, each in value.items():
            step = "METRIC" if path in MAPS else name
            yield from paths(each, f"{path}.{step}".lstrip("."))
    elif isinstance(value, list):
        for each in value:
            yield from paths(each, f"{path}[]")
    else:
        yield path
