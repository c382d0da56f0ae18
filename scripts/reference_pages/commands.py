"""The command line: every command with its arguments and options, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from tunewheel.cli.app import app

from . import markdown

INTRODUCTION = """# Command line

Results go to standard output, everything said on the way to standard error. Every command has `--help`.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | a mistake in Tunewheel; a log is written and named |
| 2 | a mistake that the printed sentence mends (also: `check` found an error in the file) |
| 130 | stopped with Ctrl+C |
| 141 | whoever read the output went away |

Environment: `TUNEWHEEL_WORKSPACE` stands in for `--workspace`, `TUNEWHEEL_TOKEN` for `serve --token`;
`TUNEWHEEL_DATABASE` names [another database](../how/workspace.md#in-postgresql). Those that say where models come from
are in [offline](../how/offline.md)."""


def page() -> str:
    """Markdown of all commands."""
    parts = [INTRODUCTION]
    for name, command in leaves("tunewheel", get_command(app)):
        parts += [f"## `{name}`", command.help or "", markdown.block(usage(name, command), "text"), options(command)]
    return markdown.page(*parts)


def leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its full name."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for part, each in command.commands.items():
        yield from leaves(f"{name} {part}", each)


def usage(name: str, command: Any) -> str:
    """`tunewheel check [OPTIONS] DATA`."""
    arguments = [written(each) for each in command.params if each.param_type_name == "argument"]
    return " ".join([name, "[OPTIONS]", *arguments])


def written(argument: Any) -> str:
    """An argument as it is shown in a usage line."""
    name = argument.metavar or argument.name.upper()
    several = "..." if argument.nargs == -1 else ""
    return f"{name}{several}" if argument.required else f"[{name}]{several}"


def options(command: Any) -> str:
    """A table of arguments and options."""
    return markdown.table(["name", "default", "what it does"], [row(each) for each in command.params])


def row(parameter: Any) -> tuple[str, str, str]:
    """One line of the table."""
    if parameter.param_type_name == "argument":
        return f"`{written(parameter)}`", default_of(parameter), parameter.help or ""
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
    return f"{names}{value}", default_of(parameter), parameter.help or ""


def default_of(parameter: Any) -> str:
    """What stands in for an option that is left out, where that is worth saying."""
    if getattr(parameter, "is_flag", False) or parameter.default in (None, ""):
        return "on" if parameter.default is True else ""
    return f"`{parameter.default}`"
