"""Markdown as the tests see it: headings, blocks of code, links, and the commands that are shown."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A block of code and its language."""

    language: str
    text: str


def blocks(page: Path, language: str = "") -> list[Block]:
    """The blocks of a page, in order; of one language where it is named."""
    found = [Block(*match) for match in _FENCE.findall(page.read_text("utf-8"))]
    return [block for block in found if not language or block.language == language]


def prose(page: Path) -> str:
    """A page without its blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def headings(page: Path) -> list[str]:
    """Headings with their marks: `## Use`."""
    return [line for line in prose(page).splitlines() if line.startswith("#")]


def links(page: Path) -> list[str]:
    """Where the links of a page point."""
    return _LINK.findall(prose(page))


def session(block: Block) -> list[tuple[str, list[str]]]:
    """A shown terminal session as commands, each with the lines that it printed."""
    steps: list[tuple[str, list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif steps:
            steps[-1][1].append(line)
    return steps


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every `tunewheel` command that a page shows, in sessions and in running text."""
    shown = [line for block in blocks(page, "console") for line, _ in session(block)]
    shown += _INLINE.findall(prose(page))
    for line in shown:
        if line.startswith("tunewheel "):
            yield shlex.split(line.replace("'", '"') if line.count("'") % 2 else line)[1:]
