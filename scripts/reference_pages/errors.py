"""The errors a user can cause, as the tree that the code draws."""

from __future__ import annotations

import inspect

from tunewheel import errors

from . import markdown

INTRODUCTION = """# Errors

A mistake ends in a sentence that says what is wrong, where, and what to do, never in a stack trace. Several mistakes
are told together:"""

EXAMPLE = """error: 2 mistakes
  1. --set training.learning_rate: must be a number, not "no".
  2. --set training.epoch: unknown setting (did you mean 'epochs'?)."""

PYTHON = """In Python the same mistakes are exceptions. All are `tunewheel.TunewheelError`; each carries `problems`,
a tuple of objects with `what`, `where` and `mend`:"""

CATCHING = """import tunewheel as tw

try:
    tw.tune("reviews.csv")
except tw.TunewheelError as error:
    for problem in error.problems:
        print(problem.where, problem.what, problem.mend)"""


def page() -> str:
    """Markdown of the tree."""
    tree = (inspect.getdoc(errors) or "").split("\n\n")[1]
    return markdown.page(
        INTRODUCTION,
        markdown.block(EXAMPLE, "text"),
        PYTHON,
        markdown.block(CATCHING, "python"),
        "They stand in a tree, in `tunewheel.errors`; catch as much of it as you mean:",
        markdown.block(tree, "text"),
        "Over HTTP they have a status and the same three parts: see [the HTTP API](api.md).\n"
        "Exit codes are listed with [the command line](cli.md).",
    )
