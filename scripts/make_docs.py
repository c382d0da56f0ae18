"""Writes docs/reference/ from the code: `make docs`. With --check it only says which pages are out of date."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path

from reference_pages import api, choices, commands, errors, summary

from tunewheel.recipe import reference as recipe_page

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
NOTICE = "<!-- Written by scripts/make_docs.py from the code: change the code, then run `make docs`. -->\n"
PAGES = {
    "api.md": api.page,
    "cli.md": commands.page,
    "errors.md": errors.page,
    "json.md": summary.page,
    "models.md": choices.models_page,
    "recipe.md": recipe_page,
    "tasks.md": choices.tasks_page,
}
MOST_SHOWN = 12


def main(arguments: Sequence[str]) -> int:
    """Write or check every page; the exit code."""
    pages = {FOLDER / name: f"{NOTICE}\n{write().rstrip()}\n" for name, write in PAGES.items()}
    if "--check" in arguments:
        return check(pages)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in pages.items():
        path.write_text(text, "utf-8")
    return 0


def check(pages: dict[Path, str]) -> int:
    """Name every page that is not what the code says, with the lines that differ."""
    old = {path: path.read_text("utf-8") if path.exists() else "" for path in pages}
    stale = [path for path, text in pages.items() if old[path] != text]
    for path in stale:
        print(f"docs/reference/{path.name} is out of date. Run `make docs`, and look at what changed.", file=sys.stderr)
        changed = unified_diff(old[path].splitlines(), pages[path].splitlines(), "written", "by the code", n=0)
        print("\n".join(f"  {line}" for line in list(changed)[2:MOST_SHOWN]), file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
