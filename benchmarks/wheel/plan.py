"""The plan of the year: which parts there are, how many turns and labels, which seeds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MOST_MINUTES = 90
TURNS, DAYS_A_TURN = 26, 14
SEEDS = (0, 1, 2, 3, 4)
# Streams that are replayed with all arms; then the parts that look at one piece of the wheel each.
STREAMS = ("vader", "hint3", "clinc150", "banking77")
PARTS = (*STREAMS, "census", "new topics", "drift", "full", "rollback")
NEVER, ALWAYS, ALARM, GATED, ORACLE = "never", "always", "on alarm", "tunewheel", "oracle"
ARMS = (NEVER, ALWAYS, ALARM, GATED, ORACLE)


@dataclass(frozen=True)
class Size:
    """Rows of a stream: in the file it starts with, in its frozen test set, in the traffic of a turn; and labels a
    turn: rows that an audit draws, and rows that users correct by themselves."""

    initial: int
    frozen: int
    traffic: int
    audited: int
    corrected: int


SIZES: Mapping[str, Size] = {
    "vader": Size(initial=500, frozen=300, traffic=300, audited=60, corrected=40),
    "hint3": Size(initial=150, frozen=80, traffic=50, audited=20, corrected=8),
    "clinc150": Size(initial=600, frozen=300, traffic=400, audited=60, corrected=40),
    "banking77": Size(initial=500, frozen=400, traffic=350, audited=60, corrected=40),
}
# Share of the users' corrections that name a wrong label.
WRONG: Mapping[str, float] = {"banking77": 0.1}


# The stream that is gone through with real turns of the command line, its seed, and the budget of each training.
FULL_STREAM, FULL_SEED, FULL_BUDGET = "vader", 0, "45s"


def part(name: str) -> str:
    """The name under which a part is kept."""
    return f"wheel-{name.replace(' ', '-')}"
