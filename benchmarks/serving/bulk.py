"""The part `bulk`: sentences a second in large requests, beside the pipeline's batches and the bare engine; and whether
the answers are those of the evaluated model.

The server stays up, and the bare engine computes right after its turns: where two are so near each other, the pace of
a shared machine would decide between turns that lie minutes apart.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from .. import commands
from ..served import evaluated_answers
from .asking import Asking, batches
from .plan import BARE, BULK_CONNECTIONS, BULK_ROWS, PIPELINE, TUNEWHEEL, Timing
from .prepared import Prepared
from .servers import Server, tunewheel
from .wire import OK

Part = dict[str, Any]


def measure(prepared: Prepared, timing: Timing) -> Part:
    """The pipeline in rounds; ours and the bare engine in turns, the next ones backwards. Raises `CommandFailed`."""
    with commands.temporary_folder() as name:
        folder = Path(name)
        asking = Asking(folder, batches(prepared.texts(), BULK_ROWS), timing)
        rival = [_pipeline(prepared, timing, folder) for _ in range(timing.rounds)]
        ours, bare = _in_turn(prepared, timing, asking)
    evaluated = evaluated_answers(prepared.workspace, prepared.versions[0])
    served = [label for labels in asking.expected or [] for label in labels or []]
    systems = {TUNEWHEEL: _merged(ours), PIPELINE: _merged(rival), BARE: at_its_best(bare)}
    agree = {"rows": len(evaluated), "same": _equal(evaluated, served)}
    labels = rival[0]["labels"]
    return {"systems": systems, **agree, "rival_rows": len(labels), "rival_same": _equal(evaluated, labels)}


def _in_turn(prepared: Prepared, timing: Timing, asking: Asking) -> tuple[list[Part], list[Part]]:
    """What our server and the bare engine did in each turn."""
    ours: list[Part] = []
    bare: list[Part] = []
    with tunewheel(prepared.workspace) as server:
        asking.alone(server)
        turns = [lambda: ours.append(_served(server, asking)), lambda: bare.append(_bare(prepared, timing, asking))]
        for number in range(timing.bulk_turns):
            commands.say(f"    turn {number + 1}: {TUNEWHEEL}, {BARE}")
            for turn in turns[:: -1 if number % 2 else 1]:
                turn()
    return ours, bare


def _equal(evaluated: list[Any], answers: list[str]) -> int:
    """How many answers are the evaluated ones; those that are missing are not."""
    return sum(one == other for one, other in zip(evaluated, answers, strict=False))


def _served(server: Server, asking: Asking) -> Part:
    """Texts a second of large requests, each of which was asked alone before."""
    found = asking.closed(server, BULK_CONNECTIONS)
    requests = len(found["taken"].get(str(OK), []))
    rows = sum(len(labels or ()) for labels in asking.expected or ()) / len(asking.bodies)
    rate = round(requests * rows / found["seconds"], 1)
    return {"rate": rate, "requests": requests, **{name: found[name] for name in ("wrong", "dropped")}}


def _pipeline(prepared: Prepared, timing: Timing, folder: Path) -> Part:
    commands.say(f"    {PIPELINE}")
    arguments = (str(prepared.rival), prepared.texts_file(folder), str(timing.measured))
    return commands.ask(commands.module("serving.rivals.pipeline_bulk", *arguments)).value


def _bare(prepared: Prepared, timing: Timing, asking: Asking) -> Part:
    flags = ("--warm", str(timing.warm), "--seconds", str(timing.measured))
    arguments = (str(prepared.engine), prepared.texts_file(asking.folder), "bulk", *flags)
    return commands.ask(commands.module("serving.bare", *arguments)).value


def _merged(found: list[Part]) -> Part:
    """The turns of one system: the median rate, and what went wrong in any."""
    rates = [one["rate"] for one in found]
    faults = {name: sum(one.get(name, 0) for one in found) for name in ("wrong", "dropped")}
    return {"rate": round(median(rates), 1), "rates": rates, **faults}


def at_its_best(found: list[Part]) -> Part:
    """The bare engine with the size of calls that was the best over all turns: the best of each turn would be whichever
    had the luck in it."""
    by_tokens = [one["rates"] for one in found]
    best = max(by_tokens[0], key=lambda size: median(rates[size] for rates in by_tokens))
    merged = _merged([{"rate": rates[best]} for rates in by_tokens])
    return {**merged, "tokens": int(best), "by_tokens": by_tokens}
