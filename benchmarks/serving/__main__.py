"""The serving benchmark: `python -m benchmarks.serving`, part by part, resuming where it was stopped.

Each finished part is kept in `results/parts/` and not measured again without `--fresh`; after each part
`results/serving.json` is written anew. With `--part` the other parts of that file stay as they are. Ends with 1 when a
part failed, whatever the bars say.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from .. import results
from ..commands import CommandFailed, say
from .plan import PARTS, Timing
from .prepared import prepared
from .session import Session


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for; return the exit code."""
    given = _given(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped and cleared away
    trial = given.seconds or given.soak_seconds
    folder = results.TRIALS if trial else results.FOLDER
    session = Session(folder, Timing.of(given.seconds, given.soak_seconds), given.fresh)
    asked = [given.part] if given.part else PARTS
    session.take_up([name for name in PARTS if name not in asked])
    names = session.remaining(asked)
    try:
        failed = bool(names) and session.run(prepared(), names)
    except CommandFailed as error:
        say(f"not prepared: {error}")
        return 1
    say(f"\n{session.show()}")
    return 1 if failed else 0


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description="Measure what serving must show.")
    parser.add_argument("--part", choices=PARTS, help="measure this part only")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured before")
    # A trial of turns that long; kept apart.
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--soak-seconds", type=float, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
