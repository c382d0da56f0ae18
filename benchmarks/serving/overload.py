"""The part `overload`: ten times the load that the server can bear, arriving whatever comes back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from .. import commands
from .asking import Asking, singles
from .plan import CLIENTS, OVERLOAD, Timing
from .prepared import Prepared
from .servers import tunewheel
from .tally import percentiles, pooled
from .wire import OK

Part = dict[str, Any]
REFUSED = ("429", "503")
SETTLE_SECONDS = 3.0


def measure(prepared: Prepared, timing: Timing) -> Part:
    """What it can bear, ten times that, and what it can bear afterwards. Raises `CommandFailed`."""
    with commands.temporary_folder() as folder, tunewheel(prepared.workspace) as server:
        asking = Asking(Path(folder), singles(prepared.few()), timing)
        asking.alone(server)
        capacity = pooled([asking.closed(server, CLIENTS[-1])])
        before, processes = server.megabytes(), len(server.processes())
        commands.say(
            f"    it bears {capacity['rate']:.0f} requests a second; {OVERLOAD * capacity['rate']:.0f} are sent"
        )
        flood = asking.opened(server, OVERLOAD * capacity["rate"])
        at_the_end = server.megabytes()
        time.sleep(SETTLE_SECONDS)
        memory = {"before": before, "at_the_end": at_the_end, "settled": server.megabytes()}
        afterwards = pooled([asking.closed(server, CLIENTS[-1])])
    told = {"capacity": capacity, "afterwards": afterwards, "memory_mb": memory, "processes": processes}
    return {**told, "flood": brief(flood)}


def brief(flood: Part) -> Part:
    """Counts and percentiles in place of every single time."""
    taken = flood["taken"]
    refused = [value for status in REFUSED for value in taken.get(status, [])]
    kept = ("seconds", "offered", "unsent", "unanswered", "goodput", "wrong", "dropped", "hasty", "generator_cores")
    counts = {status: len(values) for status, values in taken.items()}
    times = {"answered": percentiles(taken.get(str(OK), [])), "refused": percentiles(refused)}
    return {**{name: flood[name] for name in kept}, "counts": counts, **times}
