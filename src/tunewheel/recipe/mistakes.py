"""What pydantic found wrong, as sentences a person can act on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .settings import Path, Settings, dotted

# What a value must be, by pydantic's error type (https://docs.pydantic.dev/latest/errors/validation_errors/).
_DEMANDS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text like {pattern}",
    "literal_error": "one of {expected}",
    "enum": "one of {expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "list_type": "a list like [a, b]",
    "tuple_type": "a list like [a, b]",
    "set_type": "a list like [a, b]",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "dict_type": "a group like {{name: value}}",
    "model_type": "a group of settings, one indented `name: value` a line",
    "model_attributes_type": "a group of settings, one indented `name: value` a line",
}


def explain(error: ValidationError, settings: Settings, recipe: type[BaseModel], unfinished: bool = False) -> None:
    """Add a problem for each setting that `error` rejects; the branches of a union make one sentence.

    In `unfinished` settings nothing is missing yet, and nothing contradicts.
    """
    by_path: dict[Path, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        if unfinished and detail["type"] in ("missing", "value_error"):
            continue
        missing = detail["type"] == "missing"
        path = detail["loc"] if missing else settings.given(detail["loc"])
        by_path.setdefault(path, []).append(detail)
    for path, details in by_path.items():
        settings.complain(path, *_sentence(path, details, recipe))


def _sentence(path: Path, details: Sequence[ErrorDetails], recipe: type[BaseModel]) -> tuple[str, str]:
    """What is wrong at `path` and, where it can be told, what mends it."""
    first, context = details[0], details[0].get("ctx", {})
    if first["type"] == "extra_forbidden":
        return f"unknown setting{_guess(path, recipe)}.", ""
    if first["type"] == "missing":
        return "is missing.", ""
    if first["type"] in ("value_error", "assertion_error"):
        return f"{context['error']}.", ""
    demands = dict.fromkeys(_demand(detail) for detail in details)
    mend = f"Put it in quotes: {json.dumps(_shown(first['input']))}." if "text" in demands else ""
    return f"must be {' or '.join(demands)}, not {_shown(first['input'])}{_near(first)}.", mend


def _demand(detail: ErrorDetails) -> str:
    """What the value must be, without the value."""
    if detail["type"] not in _DEMANDS:
        return f"otherwise ({detail['msg']})"
    numbers = {
        name: f"{value:g}" if isinstance(value, float) else value for name, value in detail.get("ctx", {}).items()
    }
    return _DEMANDS[detail["type"]].format(**numbers)


def _shown(value: Any) -> str:
    """A given value, as YAML would show it, shortened."""
    if isinstance(value, Mapping):
        return "a group"
    if isinstance(value, list):
        return "a list"
    words = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return words if len(words) <= 60 else words[:57] + "..."


def _near(detail: ErrorDetails) -> str:
    """A likely meaning among the words that are allowed."""
    allowed = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
    close = get_close_matches(str(detail["input"]), allowed, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _guess(path: Path, recipe: type[BaseModel]) -> str:
    """A likely meaning of an unknown name: first beside it, then anywhere in the recipe."""
    name, known = str(path[-1]), list(_names(recipe))
    beside = [setting[-1] for setting in known if setting[:-1] == path[:-1]]
    elsewhere = {setting[-1]: dotted(setting) for setting in known}
    if close := get_close_matches(name, beside, n=1):
        return f" (did you mean '{close[0]}'?)"
    if close := get_close_matches(name, elsewhere, n=1, cutoff=0.8):
        return f" (did you mean '{elsewhere[close[0]]}'?)"
    return ""


def _names(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of all settings below `model`."""
    for name, field in model.model_fields.items():
        yield (*above, name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _names(field.annotation, (*above, name))
