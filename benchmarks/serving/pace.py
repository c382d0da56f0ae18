"""The part `load`: answers a second and times at 1, 8 and 64 clients, each system in turn, in rounds.

A round goes through all systems, the next one backwards, so that what disturbs the machine disturbs all of them. At the
end ours and the two ways of LitServe that were best for one client are up together, and one client asks them in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .. import commands
from ..budget.environments import python_of
from .asking import Asking, in_turn, singles
from .judged import ways_of_litserve
from .plan import BARE, CLIENTS, LITSERVE, PIPELINE, TUNEWHEEL, Timing
from .prepared import Prepared
from .servers import Server, litserve, pipeline, tunewheel
from .tally import percentiles, pooled

Part = dict[str, Any]
WARMING = 2  # rounds that pay for warming up
RIVALS = 2  # which of two is the best by a hair, rounds that lie minutes apart cannot tell


@dataclass
class System:
    """How a server is started, what it was asked, and what came of it by number of clients."""

    start: Callable[[], AbstractContextManager[Server]]
    asking: Asking
    found: dict[int, list[Part]]
    said: list[str]

    def turn(self) -> None:
        """Start it, ask with each number of clients, stop it."""
        with self.start() as server:
            self.said = self.said or server.said()
            self.asking.alone(server)
            for clients in CLIENTS:
                self.found[clients].append(self.asking.closed(server, clients))

    def to_json(self) -> Part:
        """What was found, over all rounds."""
        cores = max(one["generator_cores"] for found in self.found.values() for one in found)
        by_clients = {str(clients): pooled(found) for clients, found in self.found.items()}
        return {"clients": by_clients, "said": self.said, "generator_cores": cores}


def measure(prepared: Prepared, timing: Timing) -> Part:
    """All systems in all rounds. Raises `CommandFailed`."""
    unavailable = _unavailable()
    with commands.temporary_folder() as name:
        folder = Path(name)
        systems = _systems(prepared, timing, folder, with_litserve=not unavailable)
        bare: list[Part] = []
        for number in range(timing.rounds):
            for system in list(systems)[:: -1 if number % 2 else 1]:
                commands.say(f"    round {number + 1}: {system}")
                systems[system].turn()
            commands.say(f"    round {number + 1}: {BARE}")
            bare.append(_bare(prepared, timing, folder))
        found = {"systems": {name: system.to_json() for name, system in systems.items()}, BARE: _calls(bare)}
        rivals = list(ways_of_litserve(found, 1))[:RIVALS]
        if rivals:
            commands.say(f"    in turn: {', '.join([TUNEWHEEL, *rivals])}")
            found["in_turn"] = _in_turn({name: systems[name] for name in (TUNEWHEEL, *rivals)}, timing)
    return {**found, **unavailable}


def _in_turn(systems: Mapping[str, System], timing: Timing) -> Part:
    """All up together and asked in turn: what takes but milliseconds is otherwise drowned by the machine's moods."""
    with ExitStack() as stack:
        asked = [(system.asking, stack.enter_context(system.start())) for system in systems.values()]
        found = in_turn(asked, WARMING + timing.turns)
    medians = [medians[WARMING:] for medians in found["medians"]]
    faults = {name: found[name][0] for name in ("wrong", "dropped")}  # ours
    return {"ms": dict(zip(systems, medians, strict=True)), **faults}


def _systems(prepared: Prepared, timing: Timing, folder: Path, *, with_litserve: bool) -> dict[str, System]:
    starts: dict[str, Callable[[], AbstractContextManager[Server]]] = {
        TUNEWHEEL: partial(tunewheel, prepared.workspace),
        PIPELINE: partial(pipeline, prepared),
    }
    if with_litserve:
        starts |= {name: partial(litserve, prepared, *flags) for name, flags in LITSERVE.items()}
    bodies = singles(prepared.few())
    return {
        name: System(start, Asking(folder, bodies, timing), {clients: [] for clients in CLIENTS}, [])
        for name, start in starts.items()
    }


def _unavailable() -> Part:
    """Makes LitServe's environment; says why where it cannot be made here."""
    try:
        python_of("litserve")
    except commands.CommandFailed as error:
        return {"unavailable": f"LitServe's environment cannot be made here: {error}"}
    return {}


def _bare(prepared: Prepared, timing: Timing, folder: Path) -> Part:
    flags = ("--warm", str(timing.warm), "--seconds", str(timing.measured))
    texts = prepared.texts_file(folder, len(prepared.few()))
    return commands.ask(commands.module("serving.bare", str(prepared.engine), texts, "alone", *flags)).value


def _calls(found: list[Part]) -> Part:
    """The bare calls of all rounds as one."""
    taken = [value for one in found for value in one["taken"]]
    rates = [one["rate"] for one in found]
    return {**percentiles(taken), "calls": len(taken), "rate": round(sum(rates) / len(rates), 1), "rates": rates}
