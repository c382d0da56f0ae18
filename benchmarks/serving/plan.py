"""The plan of forty minutes: which parts there are, how long each turn takes, how many clients ask. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MOST_MINUTES = 40
PARTS = ("load", "bulk", "overload", "soak")
CLIENTS = (1, 8, 64)
# Rows that are asked about in turn; each of them is asked alone first, so that its answer is known.
TEXTS = 256
BULK_ROWS, BULK_CONNECTIONS = 256, 2
# A server and its load generator share two cores: this many times the load that it can bear is offered.
OVERLOAD = 10.0
TUNEWHEEL, PIPELINE, BARE = "tunewheel", "pipeline", "bare"
# LitServe in the ways that could be its best; of these the best at each number of clients is the rival.
LITSERVE: Mapping[str, tuple[str, ...]] = {
    "litserve, 1 worker": (),
    "litserve, 1 worker, 2 threads": ("--threads", "2"),
    "litserve, 2 workers": ("--workers", "2"),
    "litserve, 2 workers, fast queue": ("--workers", "2", "--fast-queue"),
    "litserve, 2 workers, batches of 8": ("--workers", "2", "--batch", "8"),
}


@dataclass(frozen=True)
class Timing:
    """Seconds of one turn of each kind, how many rounds of turns, and how many turns of those that are up together, one
    client asking them, or with large requests; a trial has shorter ones."""

    warm: float = 2.0
    measured: float = 10.0
    overload: float = 15.0
    soak: float = 300.0
    rounds: int = 2
    turns: int = 30
    bulk_turns: int = 6

    @classmethod
    def of(cls, seconds: float | None, soak: float | None) -> Timing:
        """The real thing; with `seconds` a trial of turns that long, its soak ten times as long unless `soak` says."""
        if not seconds:
            return cls(soak=soak or cls.soak)
        return cls(min(cls.warm, seconds), seconds, seconds, soak or min(cls.soak, 10 * seconds), turns=4, bulk_turns=2)


def part(name: str) -> str:
    """The name under which a part is kept."""
    return f"serving-{name}"
