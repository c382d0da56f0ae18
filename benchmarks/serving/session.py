"""A session of the benchmark: part after part, each kept as soon as it is finished, the result written with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import commands, results
from . import bulk, overload, pace, soak
from .judged import bars
from .plan import PARTS, Timing, part
from .prepared import Prepared
from .tables import tables

Part = dict[str, Any]
RESULT = "serving.json"
MEASURES: Mapping[str, Callable[[Prepared, Timing], Part]] = {
    "load": pace.measure, "bulk": bulk.measure, "overload": overload.measure, "soak": soak.measure,
}  # fmt: skip


@dataclass(frozen=True)
class Session:
    """Where parts are kept, how long turns take, and whether what is kept is measured again."""

    folder: Path
    timing: Timing
    fresh: bool

    def remaining(self, names: Sequence[str]) -> list[str]:
        """The parts that are not kept; one that failed is measured again."""
        kept = self.parts()
        return [name for name in names if self.fresh or "failed" in kept.get(part(name), {"failed": ""})]

    def take_up(self, names: Sequence[str]) -> None:
        """Keep these parts of the committed `serving.json` that are not kept here yet: a checkout has no others."""
        kept, committed = self.parts(), results.read_result(self.folder, RESULT).get("sets", {})
        for name in map(part, names):
            if name in committed and name not in kept:
                results.keep_part(self.folder, name, committed[name])

    def run(self, prepared: Prepared, names: Sequence[str]) -> bool:
        """Measure these parts; gives whether one failed."""
        failed = False
        for name in names:
            found = self._measured(prepared, name)
            results.keep_part(self.folder, part(name), found)
            self.write()
            failed = failed or "failed" in found
        return failed

    def parts(self) -> Mapping[str, Part]:
        """All parts that are kept."""
        return results.read_parts(self.folder, [part(name) for name in PARTS])

    def write(self) -> Path:
        """`serving.json`: where and when, the bars, the parts."""
        parts = self.parts()
        return results.write_result(self.folder, RESULT, parts, bars(parts))

    def show(self) -> str:
        """The tables, the bars, and where the result lies."""
        parts = self.parts()
        return "\n\n".join([*tables(parts), results.table(bars(parts)), str(self.write())])

    def _measured(self, prepared: Prepared, name: str) -> Part:
        """One part, or why there is none."""
        commands.say(f"{name}: started {results.now()}")
        started = time.perf_counter()
        try:
            found = MEASURES[name](prepared, self.timing)
        except commands.CommandFailed as error:
            found = {"failed": str(error)}
        seconds = round(time.perf_counter() - started, 1)
        commands.say(f"{name}: {found.get('failed', 'done')} ({seconds:.0f} s)")
        served = {"model": prepared.facts}
        return {"date": results.now(), "commit": results.commit(), "total_seconds": seconds, **served, **found}
