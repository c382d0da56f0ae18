"""The reference page of the recipe, written from the schema so that it cannot go stale."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from .. import tasks
from ..training.options import TrainingOptions
from .composed import Recipe
from .sections import DataOptions, ModelOptions
from .writing import value_text

_INTRODUCTION = """# Recipe reference

A recipe is a YAML file with everything that one run depends on. `tunewheel tune data.csv` writes the one it
chose; edit it and run it again with `tunewheel tune --recipe FILE`, or change single settings with
`--set training.epochs=5`. What is left out keeps its default. `tunewheel recipe check FILE` finds all mistakes.
"""


def reference() -> str:
    """Markdown: one table a section, then the options of each task."""
    parts = [
        _INTRODUCTION,
        _section("The recipe", "", Recipe, skip={"data", "model", "options", "training"}),
        _section("`data`", DataOptions.__doc__, DataOptions),
        _section("`model`", ModelOptions.__doc__, ModelOptions),
        _section("`training`", TrainingOptions.__doc__, TrainingOptions),
    ]
    for name in tasks.names():
        task = tasks.find(name)
        parts.append(_section(f"`options` of `{name}`", task.summary, task.Options))
    return "\n".join(parts)


def _section(
    title: str, text: str | None, options: type[BaseModel], skip: frozenset[str] | set[str] = frozenset()
) -> str:
    """A heading, a sentence and the table of the settings of `options`."""
    described = options.model_json_schema()
    rows = [
        "| " + " | ".join([f"`{name}`", *map(_cell, _facts(each, described))]) + " |"
        for name, each in described.get("properties", {}).items()
        if name not in skip
    ]
    table = ["| setting | value | default | what it does |", "|---|---|---|---|", *rows] if rows else ["No settings."]
    lead = [" ".join(text.split()), ""] if text else []
    return "\n".join([f"## {title}", "", *lead, *table, ""])


def _facts(setting: dict[str, Any], page: dict[str, Any]) -> list[str]:
    """What a setting may be, its default, what it does."""
    default = f"`{value_text(setting['default'])}`" if "default" in setting else "-"
    return [_kind(setting, page), default, setting.get("description", "")]


def _kind(setting: dict[str, Any], page: dict[str, Any]) -> str:
    """What a setting may be, in words."""
    if "anyOf" in setting:
        return " or ".join(_kind(each, page) for each in setting["anyOf"])
    if "$ref" in setting:
        return _kind(page["$defs"][setting["$ref"].rsplit("/", 1)[-1]], page)
    if "enum" in setting or "const" in setting:
        return ", ".join(f"`{value_text(each)}`" for each in setting.get("enum", [setting.get("const")]))
    words = {
        "integer": "whole number",
        "number": "number",
        "boolean": "`true`, `false`",
        "string": "text",
        "null": "`null`",
    }
    if setting.get("type") == "array":
        return f"list of {_kind(setting.get('items', {}), page)}"
    if setting.get("type") == "object":
        values = setting.get("additionalProperties")
        return f"group of {_kind(values, page)} by name" if isinstance(values, dict) else "group"
    return words.get(setting.get("type", ""), "any") + _range(setting)


def _range(setting: dict[str, Any]) -> str:
    """The bounds of a number: `, at least 1, less than 5`."""
    bounds = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    return "".join(f", {words} {value_text(setting[name])}" for name, words in bounds.items() if name in setting)


def _cell(text: str) -> str:
    """Text that cannot break out of a table cell."""
    return " ".join(text.replace("|", "\\|").split())
