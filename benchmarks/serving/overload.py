"""The part `overload`: ten times the load that the server can bear, arriving whatever comes back.

Once with the generator on the server's own cores, where sending takes from answering; and once `apart`, each of the two
on cores of its own, as clients have on other machines. What it bears is measured likewise.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from collections.abc import Set as Cores
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from .. import commands
from .asking import Asking, singles
from .plan import CLIENTS, OVERLOAD, Timing
from .prepared import Prepared
from .servers import Server, tunewheel
from .tally import percentiles, pooled
from .wire import OK

Part = dict[str, Any]
REFUSED = ("429", "503")
SETTLE_SECONDS = 3.0


def measure(prepared: Prepared, timing: Timing) -> Part:
    """Both ways; only the first where there is one core. Raises `CommandFailed`."""
    cores = os.sched_getaffinity(0)
    found = _flooded(prepared, timing, cores, cores)
    last = {max(cores)}
    return {**found, "apart": _flooded(prepared, timing, cores - last, last)} if len(cores) > 1 else found


def _flooded(prepared: Prepared, timing: Timing, serving: Cores[int], sending: Cores[int]) -> Part:
    """What the server on the cores `serving` can bear, ten times that, and what it can bear afterwards."""
    with commands.temporary_folder() as folder, ExitStack() as stack:
        with on_cores(serving):
            server = stack.enter_context(tunewheel(prepared.workspace))
        with on_cores(sending):
            return _measured(Asking(Path(folder), singles(prepared.few()), timing), server)


def _measured(asking: Asking, server: Server) -> Part:
    asking.alone(server)
    capacity = pooled([asking.closed(server, CLIENTS[-1])])
    before, processes = server.megabytes(), len(server.processes())
    commands.say(f"    it bears {capacity['rate']:.0f} requests a second; {OVERLOAD * capacity['rate']:.0f} are sent")
    flood = asking.opened(server, OVERLOAD * capacity["rate"])
    at_the_end = server.megabytes()
    time.sleep(SETTLE_SECONDS)
    memory = {"before": before, "at_the_end": at_the_end, "settled": server.megabytes()}
    afterwards = pooled([asking.closed(server, CLIENTS[-1])])
    told = {"capacity": capacity, "afterwards": afterwards, "memory_mb": memory, "processes": processes}
    return {**told, "flood": brief(flood)}


@contextmanager
def on_cores(cores: Cores[int]) -> Iterator[None]:
    """What is started meanwhile computes on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def brief(flood: Part) -> Part:
    """Counts and percentiles in place of every single time."""
    taken = flood["taken"]
    refused = [value for status in REFUSED for value in taken.get(status, [])]
    kept = ("seconds", "offered", "unsent", "unanswered", "goodput", "wrong", "dropped", "hasty", "generator_cores")
    counts = {status: len(values) for status, values in taken.items()}
    times = {"answered": percentiles(taken.get(str(OK), [])), "refused": percentiles(refused)}
    return {**{name: flood[name] for name in kept}, "counts": counts, **times}
