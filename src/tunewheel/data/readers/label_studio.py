"""Label Studio exports: choices as labels, marked regions as character spans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .reading import Reading

_ANNOTATIONS = ("annotations", "completions")


def is_task(item: Mapping[str, Any]) -> bool:
    """Whether an object is a task of Label Studio's JSON export."""
    return isinstance(item.get("data"), dict) and any(isinstance(item.get(name), list) for name in _ANNOTATIONS)


def task_row(reading: Reading, number: int, task: Mapping[str, Any]) -> dict[str, Any]:
    """The task's data with `label` (from choices) and `spans` (from marked text) beside it.

    Without a finished annotation it gets neither: nobody has said what is in it. An empty result is an answer.
    """
    row = dict(task["data"])
    results = _results(reading, number, task)
    if results is None:
        return row
    choices = [name for result in results if "choices" in result for name in result["choices"]]
    regions = [result for result in results if _label(result) is not None and "start" in result]
    if any("choices" in result for result in results):
        row["label"] = choices[0] if len(choices) == 1 else choices
    if regions or not choices:
        text = max((value for value in row.values() if isinstance(value, str)), key=len, default="")
        row["spans"] = [_span(reading, number, text, region) for region in regions]
    return row


def _results(reading: Reading, number: int, task: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Values of the first annotation that was not cancelled; None when there is no such annotation."""
    given = next(task[name] for name in _ANNOTATIONS if isinstance(task.get(name), list))
    whole = [one for one in given if isinstance(one, dict) and not one.get("was_cancelled")]
    if len(whole) > 1:
        reading.notes.append(f"{reading.place(number)} has {len(whole)} annotations; the first one is used")
    results = whole[0].get("result") if whole else None
    return list(_values(results)) if isinstance(results, list) else None


def _values(results: list[Any]) -> Iterator[Mapping[str, Any]]:
    for result in results:
        value = result.get("value") if isinstance(result, dict) else None
        if isinstance(value, dict) and isinstance(value.get("choices", []), list):
            yield value


def _label(value: Mapping[str, Any]) -> str | None:
    labels = value.get("labels") or value.get("hypertextlabels")
    return str(labels[0]) if isinstance(labels, list) and labels else None


def _span(reading: Reading, number: int, text: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """A region as a span. Browsers count an emoji as two characters; the region's own text tells."""
    start, end, marked = value.get("start"), value.get("end"), value.get("text")
    if isinstance(start, int) and isinstance(end, int) and isinstance(marked, str) and text[start:end] != marked:
        wide = text.encode("utf-16-le", "surrogatepass")
        before = wide[: 2 * start].decode("utf-16-le", "replace")
        if wide[2 * start : 2 * end].decode("utf-16-le", "replace") == marked:
            start, end = len(before), len(before) + len(marked)
        else:
            says = f"the region {marked!r} is at characters {start}-{end}, where the text reads {text[start:end]!r}"
            reading.notes.append(f"{reading.place(number)}: {says}")
    return {"start": start, "end": end, "label": _label(value)}
