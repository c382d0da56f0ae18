"""Results as short tables for people, or as one JSON object for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from .console import harmless, print_json, remarks, results, say
from .progress import duration

Summary = Mapping[str, Any]
_METRICS_SHOWN = 2
_STYLES = {"  ERROR:": "bold red", "  warning:": "yellow", "    ": "dim"}  # by how a line of a diagnosis starts


def show_run(summary: Summary, *, as_json: bool) -> None:
    """The table of a run, its verdict, certificate and report; with `as_json` on stderr, and the JSON on stdout."""
    console = remarks() if as_json else results()
    console.print(_scores(summary["table"], summary["metric"], summary.get("judged")))
    say(console, str(summary.get("headline", "")), "bold")
    comparisons = [sentence[:1].upper() + sentence[1:] + "." for sentence in summary.get("comparisons", ())]
    lines = [_leak(summary), *comparisons, _certificate(summary.get("certificate")), _ending(summary)]
    for line in filter(None, lines):
        say(console, line)
    if as_json:
        print_json(summary)


def show_diagnosis(diagnosis: Any, *, as_json: bool) -> None:
    """What the doctor found, the worst first."""
    if as_json:
        found = [asdict(finding) for finding in diagnosis.findings]
        return print_json({"file": diagnosis.file, "findings": found, "profile": diagnosis.profile})
    for line in diagnosis.summary().splitlines():
        style = next((style for start, style in _STYLES.items() if line.startswith(start)), "")
        say(results(), line, style)
    return None


def _scores(rows: Sequence[Summary], metric: str, judged: str | None) -> Table:
    """A row a model: the metric it is judged by and the first of the others with their intervals, its times and size.

    A task names its scores in the order in which people should see them.
    """
    others = [name for name in (rows[0]["scores"] if rows else ()) if name != metric]
    metrics = [metric, *others][:_METRICS_SHOWN]
    headings = [metric.replace("_", " ") for metric in metrics]
    table = plain_table("", *headings, "training", "prediction", "size", numbers=len(metrics) + 3)
    for row in rows:
        cells = [_interval(row["scores"].get(metric)) for metric in metrics]
        times = [_seconds(row.get("train_seconds")), _seconds(row.get("predict_seconds"))]
        style = "bold" if row["name"] == judged else ""
        add_row(table, [row["name"], *cells, *times, size(row.get("size_bytes"))], style)
    return table


def _leak(summary: Summary) -> str:
    """The score that is not inflated, where training has seen test rows."""
    leak = summary.get("leak")
    if not leak:
        return ""
    rows = f"{leak['rows']:,} test row{' is' if leak['rows'] == 1 else 's are'} also in training"
    scores = f"{100 * leak['score_with']:.1f} with them, {100 * leak['score_without']:.1f} without"
    return f"{rows}: {summary['metric'].replace('_', ' ')} {scores}. Quote the one without."


def _interval(score: Summary | None) -> str:
    """`93.8  [92.9, 94.6]`, in percent."""
    if score is None:
        return "-"
    value, low, high = score["value"], score.get("low"), score.get("high")
    bounds = "" if low is None or high is None else f"  [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{100 * value:.1f}{bounds}"


def _certificate(certificate: Summary | None) -> str:
    """Whether served answers are evaluated answers."""
    if not certificate:
        return ""
    counted = f"{certificate.get('same_answers', '?')} of {certificate.get('rows', '?')} test rows"
    return f"served equals evaluated: {'yes' if certificate.get('holds') else 'NO'} ({counted})"


def _ending(summary: Summary) -> str:
    """The version, what it cost, and where the report lies."""
    cost = [f"version {summary['version']}" if summary.get("version") else ""]
    cost.append(duration(summary["seconds"]) if summary.get("seconds") else "")
    cost.append(f"{summary['peak_memory_mb']:.0f} MB at most" if summary.get("peak_memory_mb") else "")
    where = f"report: {summary['report']}" if summary.get("report") else ""
    return "\n".join(filter(None, [", ".join(filter(None, cost)), _planned(summary.get("forecast")), where]))


def _planned(grades: Summary | None) -> str:
    """`planned 4 min 10 s, took 3 min 55 s (6 % off)`."""
    if not grades:
        return ""
    time = grades["seconds"]
    planned, took = (duration(time[name]) for name in ("forecast", "actual"))
    return f"planned {planned}, took {took} ({100 * abs(time['error']):.0f} % off)"


def show_versions(
    versions: Sequence[Any], aliases: Mapping[str, str], beside: Any = None, *, drafts: bool = False, as_json: bool
) -> None:  # fmt: skip
    """One line a version, the newest last; then what works beside the live one. Drafts are shown on demand, or where
    there is an alias or nothing else."""
    if as_json:
        listed = [asdict(version) for version in versions]
        rollout = beside and beside.to_json()
        return print_json({"versions": listed, "aliases": dict(aliases), "rollout": rollout})
    if not versions:
        return say(results(), "no version yet; make the first one with: tunewheel tune FILE")
    table = plain_table("version", "aliases", "task", "score", "created", "name")
    shown = [each for each in versions if drafts or each.status != "draft" or each.id in aliases.values()]
    for version in shown or versions:
        names = ", ".join(sorted(alias for alias, identity in aliases.items() if identity == version.id))
        status = version.status if version.status == "refused" or not names else names
        status = "" if status == "ready" else status
        created = version.created[:16].replace("T", " ")
        cells = [version.id, status, version.task, _first_score(version.scores), created, version.name]
        add_row(table, cells, "bold" if aliases.get("live") == version.id else "")
    results().print(table)
    if hidden := len(versions) - len(shown or versions):
        say(remarks(), f"{hidden} drafts of runs under a budget are not shown; --drafts shows them.", style="dim")
    for line in rollout_lines(beside) if beside else ():
        say(results(), line)
    return None


def rollout_lines(standing: Any) -> list[str]:
    """A roll-out, and what came of it."""
    rollout, mode = standing.rollout, f"{standing.rollout.mode}: {standing.rollout.version}"
    share, since = f"{100 * rollout.share:g} %", rollout.began[:16].replace("T", " ")
    does = f"answers {share} of the requests" if rollout.mode == "canary" else f"is asked about {share} of what is kept"
    lines = [f"{mode} {does} since {since} UTC"] if rollout.at_work else [f"{mode} was stopped: {rollout.stopped}"]
    lines.append(
        f"  {standing.asked:,} rows; of {standing.compared:,} it answers {standing.agreed:,} as {standing.live}"
    )
    if standing.refused or standing.refused_live:
        no = f"{standing.refused:,} of its answers, and to {standing.refused_live:,} of {standing.live}'s"
        lines.append(f"  people said no to {no}")
    return lines


def show_tokens(tokens: Sequence[Any], *, as_json: bool) -> None:
    """One line a token, the newest last."""
    if as_json:
        shown = [{"name": token.name, "scope": token.scope, "created": token.created} for token in tokens]
        return print_json({"tokens": shown})
    if not tokens:
        return say(results(), "no token yet; make one with: tunewheel tokens add NAME")
    table = plain_table("name", "scope", "created")
    for token in tokens:
        add_row(table, [token.name, token.scope, token.created[:16].replace("T", " ")])
    return results().print(table)


def _first_score(scores: Mapping[str, Any]) -> str:
    """The first number among the scores, in percent, with its name."""
    numbers = ((name, value) for name, value in scores.items() if isinstance(value, int | float))
    return next((f"{name.replace('_', ' ')} {100 * value:.1f}" for name, value in numbers), "-")


def show_tasks(tasks: Sequence[Summary], *, as_json: bool) -> None:
    """One line a task, with the columns of its sample rows."""
    if as_json:
        return print_json({"tasks": tasks})
    table = plain_table("task", "what it answers", "columns", "judged by")
    for task in tasks:
        columns = ", ".join(dict.fromkeys(name for row in task["sample"] for name in row))
        add_row(table, [task["name"], task["summary"], columns, task["best_by"].replace("_", " ")])
    return results().print(table)


def show_models(models: Sequence[Summary], *, as_json: bool) -> None:
    """One line a body."""
    if as_json:
        return print_json({"models": models})
    table = plain_table("model", "reads", "languages", "parameters", "download", "memory", "licence")
    for model in models:
        sizes = [f"{model['parameters']:g} M", f"{model['download_mb']} MB", f"{model['memory_mb']} MB"]
        add_row(table, [model["name"], model["reads"], ", ".join(model["languages"]) or "-", *sizes, model["licence"]])
    return results().print(table)


def show_answers(answers: Sequence[Summary], *, as_json: bool) -> None:
    """One line an answer, or one JSON object."""
    if as_json:
        return print_json({"answers": answers})
    for answer in answers:
        say(results(), answer_line(answer))
    return None


def show_exported(made: Any, *, as_json: bool, place: Path | None = None) -> None:
    """A line a variant: how near it is to the evaluated answers, how fast, how large; then which one is served, or
    where it was written."""
    if as_json:
        return print_json(made.to_json())
    table = plain_table("", "same answers", "score", "change", "confidence off by", "one row", "size", numbers=6)
    trained = _points(made.variants[0].ece_trained)
    add_row(table, [f"{made.version}, as trained", "100.0 %", "", "", trained, f"{made.milliseconds:.1f} ms", ""], "")
    for one in made.variants:
        change = f"{100 * one.change:+.1f}  [{100 * one.low:+.1f}, {100 * one.high:+.1f}]"
        same, alone = f"{100 * one.share:.1f} %", f"{one.milliseconds:.1f} ms"
        cells = [one.name, same, f"{100 * one.score:.1f}", change, _points(one.ece), alone, size(one.size_bytes)]
        add_row(table, cells, "bold" if one.name == made.chosen else "")
    results().print(table)
    for name, why in made.refused.items():
        say(results(), f"{name} is not served: {why}.")
    told = f"Written: {place}" if place else f"Served: {made.chosen or 'the version as it was trained'}"
    say(results(), f"{told}. Each was asked about all {made.variants[0].rows:,} frozen test rows.")
    return None


def _points(error: float | None) -> str:
    return "" if error is None else f"{100 * error:.1f}"


def show_written(written: Any, *, as_json: bool) -> None:
    """Where the answers to a file are, and how many there are not."""
    if as_json:
        facts = {"output": written.path, "version": written.version, "rows": written.rows, "failed": written.failed}
        return print_json({**facts, "left_out": [str(problem) for problem in written.left_out]})
    say(results(), f"{written.path}: {written.rows} rows answered by {written.version}")
    if written.failed:
        say(remarks(), f"{written.failed} rows could not be read; see the column 'error'.", style="yellow")
    for problem in written.left_out:
        say(remarks(), f"left out: {problem}", style="yellow")
    return None


def answer_line(answer: Summary) -> str:
    """`card_arrival  0.97`, `a, b  0.81` or `Paris (location), Ada (person)  0.99`."""
    if "entities" in answer:
        found = ", ".join(f"{entity['text']} ({entity['label']})" for entity in answer["entities"]) or "nothing found"
    elif "labels" in answer:
        found = ", ".join(answer["labels"]) or "no label"
    else:
        found = str(answer["label"])
    return f"{found}  {answer['confidence']:.2f}"


def size(count: int | None) -> str:
    """Bytes as `900 B`, `4.1 kB`, `87.0 MB`."""
    if count is None:
        return "-"
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)


def plain_table(*headings: str, numbers: int = 0) -> Table:
    """A table without lines; the last `numbers` columns are set to the right."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    for position, heading in enumerate(headings):
        right = position >= len(headings) - numbers
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    return table


def add_row(table: Table, cells: Iterable[str], style: str = "") -> None:
    """A row whose cells are text, not markup."""
    table.add_row(*(Text(harmless(cell)) for cell in cells), style=style)
