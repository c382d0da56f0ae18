"""The benchmark of the wheel: `python -m benchmarks.wheel`, stream by stream, resuming where it was stopped.

Each finished part is kept in `results/parts/` and not measured again without `--fresh`; after each part
`results/wheel.json` is written anew. Ends with 1 when a part failed, whatever the bars say.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from .. import results
from ..commands import say
from .plan import PARTS
from .session import Session


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for; return the exit code."""
    given = _given(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped and cleared away
    session = Session(results.FOLDER, given.fresh)
    failed = session.run(session.remaining([given.stream] if given.stream else PARTS))
    say(f"\n{session.show()}")
    return 1 if failed else 0


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wheel", description="Replay a year of the wheel.")
    parser.add_argument("--stream", choices=PARTS, help="measure this stream or part only")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured before")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
