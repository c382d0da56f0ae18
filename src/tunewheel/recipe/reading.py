"""From a file, a mapping and `--set` flags to a checked recipe; every mistake is told at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path as File
from typing import Any, TypeVar

from pydantic import ConfigDict, ValidationError

from ..errors import Problem, RecipeError
from ..records.options import Options
from .composed import Recipe, recipe_for
from .mistakes import explain
from .parsing import YamlMistake, parse, parse_value
from .settings import Place, Settings, plain

Made = TypeVar("Made", bound=Options)
LARGEST_FILE = 256 * 1024
_SECTIONS = ("data", "model", "options", "training")


class _AnyOptions(Options):
    """Stands in for the options of a task that is not known, so that the rest can still be checked."""

    model_config = ConfigDict(extra="allow")


def options_of(kind: type[Made], flags: Iterable[str], named: str, example: str) -> Made:
    """The options of a `kind` that values of a flag (NAME=VALUE, as in the `example`) put over its defaults; messages
    name the flag as it is `named`.

    Raises `RecipeError` with all mistakes.
    """
    settings = Settings()
    for flag in flags:
        _put(settings, flag, named, example)
    try:
        made = kind.model_validate_json(json.dumps(settings.values), strict=True)
    except ValidationError as error:
        explain(error, settings, kind)
    if settings.problems:
        raise RecipeError.of(settings.in_order())
    return made


def load(path: File | str, sets: Iterable[str] = ()) -> Recipe[Any]:
    """The recipe in the YAML file `path`, with `sets` (each `training.epochs=5`) over it.

    Raises `RecipeError` with all mistakes together, each as `my.yaml:12: training.epochs: what is wrong`.
    """
    settings = parse(_text(File(path)), str(path))
    return _checked(settings, sets)


def build(settings: Mapping[str, Any], sets: Iterable[str] = ()) -> Recipe[Any]:
    """The recipe of nested plain `settings`, with `sets` over it. Raises `RecipeError` like `load`."""
    return _checked(Settings(plain(settings)), sets)


def read(path: File | str, sets: Iterable[str] = ()) -> dict[str, Any]:
    """Only what the file and `sets` say, for those who fill in the rest before they `build`.

    Raises `RecipeError` like `load`, except that the task may be missing, and that settings which contradict each
    other are left to `build`, for what is filled in may settle it.
    """
    settings = parse(_text(File(path)), str(path))
    _applied(settings, sets)
    _validated(settings, unfinished=True)
    if settings.problems:
        raise RecipeError.of(settings.in_order())
    return settings.values


def mistakes(settings: Mapping[str, Any], sets: Iterable[str] = ()) -> list[Problem]:
    """What is wrong with nested `settings` and `sets` that are still to be filled in; empty when nothing is."""
    unfinished = Settings(plain(settings))
    _applied(unfinished, sets)
    _validated(unfinished, unfinished=True)
    return unfinished.in_order()


def _checked(settings: Settings, sets: Iterable[str]) -> Recipe[Any]:
    """Settings as a recipe of their task."""
    _applied(settings, sets)
    recipe = _validated(settings)
    if recipe is None or settings.problems:
        raise RecipeError.of(settings.in_order())
    return recipe


def _class_for(settings: Settings) -> type[Recipe[Any]]:
    """The class of the task that the settings name; a stand-in when there is none."""
    task = settings.values.get("task")
    if isinstance(task, str):
        try:
            return recipe_for(task)
        except RecipeError as error:
            settings.complain(("task",), error.problems[0].what, error.problems[0].mend)
    return Recipe[_AnyOptions]


def _validated(settings: Settings, unfinished: bool = False) -> Recipe[Any] | None:
    """Checked as JSON, which is strict about kinds (true is no number) yet takes a list for a tuple."""
    recipe = _class_for(settings)
    try:
        return recipe.model_validate_json(json.dumps(settings.values), strict=True)
    except ValidationError as error:
        explain(error, settings, recipe, unfinished)
        return None


def _applied(settings: Settings, sets: Iterable[str]) -> None:
    """Put `sets` over the settings. Raises `RecipeError` when there are no settings to put them over."""
    unreadable = bool(settings.problems) and not settings.values
    for flag in sets:
        _put(settings, flag)
    if unreadable:
        raise RecipeError.of(settings.in_order())
    for section in _SECTIONS:  # `training:` with every line below it commented out
        if section in settings.values and settings.values[section] is None:
            del settings.values[section]


def _put(settings: Settings, flag: str, named: str = "--set", example: str = "training.epochs=5") -> None:
    """Put one `name.name=VALUE` of a flag that is `named` so over the settings."""
    name, equals, words = flag.partition("=")
    path, place = tuple(part.strip() for part in name.split(".")), Place(named)
    if not equals or not all(path):
        advice = f"For example: {named} {example}"
        settings.problems.append((place, Problem("needs the form NAME=VALUE.", f"{named} {flag}", advice)))
        return
    try:
        settings.put(path, parse_value(words), place)
    except YamlMistake as mistake:
        settings.complain(path, mistake.what, "Put the value in quotes.", place)


def _text(path: File) -> str:
    """The file's text. Raises `RecipeError` when there is none to be had."""
    if not path.exists():
        raise RecipeError("there is no such file.", where=str(path), mend="Check the path given to --recipe.")
    if not path.is_file():
        raise RecipeError("is not a file.", where=str(path), mend="Give the path of a YAML file.")
    if path.stat().st_size > LARGEST_FILE:
        raise RecipeError(f"is larger than a recipe can be ({LARGEST_FILE // 1024} kB).", where=str(path))
    try:
        content = path.read_bytes()
        return content.decode("utf-8-sig")
    except PermissionError:
        raise RecipeError("may not be read by you.", where=str(path), mend="Check its permissions.") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RecipeError("is not UTF-8 text.", where=f"{path}:{line}", mend="Save the file as UTF-8.") from None
