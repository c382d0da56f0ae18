"""A session of the benchmark: part after part, each kept as soon as it is finished, the result written with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .. import commands, results
from . import estimating, full, replay, rollback, watching
from .judged import bars
from .plan import PARTS, STREAMS, part
from .tables import tables

Part = dict[str, Any]
RESULT = "wheel.json"
MEASURES: Mapping[str, Callable[[], Part]] = {
    **{name: partial(replay.measure, name) for name in STREAMS},
    "census": estimating.census, "new topics": estimating.new_topics, "drift": watching.measure,
    "full": full.measure, "rollback": rollback.measure,
}  # fmt: skip
# A part with one of these is measured again without being asked: data may have come, a fault may be mended.
UNFINISHED = {"failed", "absent"}


@dataclass(frozen=True)
class Session:
    """Where parts are kept, and whether what is kept is measured again."""

    folder: Path
    fresh: bool

    def remaining(self, names: Sequence[str]) -> list[str]:
        """The parts that are not kept, or not finished."""
        kept = self.parts()
        return [name for name in names if self.fresh or UNFINISHED & kept.get(part(name), {"absent": ""}).keys()]

    def run(self, names: Sequence[str]) -> bool:
        """Measure these parts; gives whether one failed."""
        failed = False
        for name in names:
            found = self._measured(name)
            results.keep_part(self.folder, part(name), found)
            self.write()
            failed = failed or "failed" in found
        return failed

    def parts(self) -> Mapping[str, Part]:
        """All parts that are kept."""
        return results.read_parts(self.folder, [part(name) for name in PARTS])

    def write(self) -> Path:
        """`wheel.json`: where and when, the bars, the parts."""
        parts = self.parts()
        return results.write_result(self.folder, RESULT, parts, bars(parts))

    def show(self) -> str:
        """The tables, the bars, and where the result lies."""
        parts = self.parts()
        return "\n\n".join([*tables(parts), results.table(bars(parts)), str(self.write())])

    def _measured(self, name: str) -> Part:
        """One part, or why there is none."""
        commands.say(f"{name}: started {results.now()}")
        started = time.perf_counter()
        try:
            found = MEASURES[name]()
        except commands.CommandFailed as error:
            found = {"failed": str(error)}
        seconds = round(time.perf_counter() - started, 1)
        commands.say(f"{name}: {next((found[key] for key in UNFINISHED if key in found), 'done')} ({seconds:.0f} s)")
        return {"date": results.now(), "commit": results.commit(), "total_seconds": seconds, **found}
