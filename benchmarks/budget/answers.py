"""What versions of a workspace answer to the test rows of a contest, in a process of its own.

`python -m benchmarks.budget.answers CONTEST WORKSPACE VERSION...` prints one JSON object: the answers by version.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import tunewheel


def answers(told: dict[str, Any], workspace: Path, versions: Sequence[str]) -> dict[str, list[Any]]:
    """By version: a label a text, or a tag a word."""
    column, kind = ("tokens", "tags") if told["kind"] == "words" else ("text", "label")
    rows = [{column: content} for content in told["test"]]
    return {
        version: [answer[kind] for answer in tunewheel.load(workspace, version).predict(rows)] for version in versions
    }


def main() -> None:
    """Answer, and print the object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contest", type=Path)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("versions", nargs="+")
    given = parser.parse_args()
    with redirect_stdout(sys.stderr):
        found = answers(json.loads(given.contest.read_text("utf-8")), given.workspace, given.versions)
    print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
