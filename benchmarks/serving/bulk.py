"""The part `bulk`: sentences a second in large requests, beside the pipeline's batches and the bare engine; and whether
the answers are those of the evaluated model."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from .. import commands
from ..served import evaluated_answers
from .asking import Asking, batches
from .plan import BARE, BULK_CONNECTIONS, BULK_ROWS, PIPELINE, TUNEWHEEL, Timing
from .prepared import Prepared
from .servers import tunewheel
from .wire import OK

Part = dict[str, Any]
# A turn is short, and a shared machine's pace changes from one to the next: so many times the rounds of other parts.
TIMES = 2


def measure(prepared: Prepared, timing: Timing) -> Part:
    """All three in turn, in rounds, the next one backwards. Raises `CommandFailed`."""
    with commands.temporary_folder() as name:
        folder = Path(name)
        asking = Asking(folder, batches(prepared.texts(), BULK_ROWS), timing)
        turns = {
            TUNEWHEEL: lambda: _served(prepared, asking),
            PIPELINE: lambda: _pipeline(prepared, timing, folder),
            BARE: lambda: _bare(prepared, timing, folder),
        }
        found: dict[str, list[Part]] = {name: [] for name in turns}
        for number in range(TIMES * timing.rounds):
            for system in list(turns)[:: -1 if number % 2 else 1]:
                commands.say(f"    round {number + 1}: {system}")
                found[system].append(turns[system]())
    evaluated = evaluated_answers(prepared.workspace, prepared.versions[0])
    served = [label for labels in asking.expected or [] for label in labels or []]
    merged = {name: _merged(parts) for name, parts in found.items()}
    agree = {"rows": len(evaluated), "same": _equal(evaluated, served)}
    rival = {
        "rival_rows": len(found[PIPELINE][0]["labels"]),
        "rival_same": _equal(evaluated, found[PIPELINE][0]["labels"]),
    }
    return {"systems": merged, **agree, **rival}


def _equal(evaluated: list[Any], answers: list[str]) -> int:
    """How many answers are the evaluated ones; those that are missing are not."""
    return sum(one == other for one, other in zip(evaluated, answers, strict=False))


def _served(prepared: Prepared, asking: Asking) -> Part:
    """Texts a second of large requests, each of which was asked alone before."""
    with tunewheel(prepared.workspace) as server:
        asking.alone(server)
        found = asking.closed(server, BULK_CONNECTIONS)
    requests = len(found["taken"].get(str(OK), []))
    rows = sum(len(labels or ()) for labels in asking.expected or ()) / len(asking.bodies)
    rate = round(requests * rows / found["seconds"], 1)
    return {"rate": rate, "requests": requests, **{name: found[name] for name in ("wrong", "dropped")}}


def _pipeline(prepared: Prepared, timing: Timing, folder: Path) -> Part:
    arguments = (str(prepared.rival), prepared.texts_file(folder), str(timing.measured))
    return commands.ask(commands.module("serving.rivals.pipeline_bulk", *arguments)).value


def _bare(prepared: Prepared, timing: Timing, folder: Path) -> Part:
    flags = ("--warm", str(timing.warm), "--seconds", str(timing.measured))
    arguments = (str(prepared.engine), prepared.texts_file(folder), "bulk", *flags)
    return commands.ask(commands.module("serving.bare", *arguments)).value


def _merged(found: list[Part]) -> Part:
    """The rounds of one system: the median rate, and what went wrong in any."""
    rates = [one["rate"] for one in found]
    faults = {name: sum(one.get(name, 0) for one in found) for name in ("wrong", "dropped")}
    sizes = {"by_tokens": [one["rates"] for one in found]} if "rates" in found[0] else {}
    return {"rate": round(statistics.median(rates), 1), "rates": rates, **faults, **sizes}
