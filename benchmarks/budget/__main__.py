"""The budget benchmark: `python -m benchmarks.budget`, part by part, resuming where it was stopped.

Each finished part is kept in `results/parts/` and not measured again without `--fresh`; after each part
`results/budget.json` is written anew. Not part of the whole are `--set to-its-end` (the Trainer on three sets, some 40
minutes) and `--set million` (a million rows until they are learnt from, 8 minutes). With `--committed` the parts of
that file count as kept. Ends with 1 when a part failed, whatever the bars say.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from .. import results
from ..commands import say
from .contests import CONTESTS
from .plan import TO_ITS_END, WHOLE_SECONDS, jobs
from .session import Session, Trial


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for; return the exit code."""
    given = _given(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped and cleared away
    folder = results.TRIALS if given.rows or given.seconds else results.FOLDER
    session = Session(folder, Trial(given.rows, given.seconds), given.fresh, whole=not given.set)
    if given.committed:
        session.take_up()
    failed = session.run(jobs(given.set or ""))
    say(session.show())
    return 1 if failed else 0


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description="Measure what a budget buys.")
    parser.add_argument("--set", choices=(*CONTESTS, *WHOLE_SECONDS, TO_ITS_END), help="measure this set or part only")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured before")
    parser.add_argument(
        "--committed", action="store_true", help="go on from the parts in the committed budget.json; measure the others"
    )
    # A trial on that many rows, with that many seconds at most; kept apart.
    parser.add_argument("--rows", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
