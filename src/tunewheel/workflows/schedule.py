"""schedule: a turn now and then, for as long as the process lives; when the next is due is read off the ledger, so it
survives restarts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ..errors import RequestInvalid, TunewheelError
from ..workspace import Workspace
from .say import Say
from .turn import ENTRY, Turned

NAMED = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 730}
_UNITS = {"m": 1 / 60, "h": 1, "d": 24, "w": 168}
# A turn that could not be made is tried again after so long, or at its next time where that is sooner.
AGAIN = timedelta(hours=1)
LOOK_SECONDS = 30.0


def interval_of(text: str) -> timedelta:
    """How long "weekly", "6h" or "2d" is. Raises `RequestInvalid`."""
    if text in NAMED:
        return timedelta(hours=NAMED[text])
    match = re.fullmatch(r"(\d{1,4})([mhdw])", text)
    if match is None or int(match[1]) == 0:
        mend = f"Say {', '.join(NAMED)}, or a time such as 30m, 6h, 2d, 1w."
        raise RequestInvalid(f"'{text[:40]}' is no interval.", where="--schedule", mend=mend)
    return timedelta(hours=int(match[1]) * _UNITS[match[2]])


def next_due(workspace: Workspace, every: timedelta) -> datetime:
    """When the next turn is due (UTC): so long after the last one; now, where there was none."""
    last = next((entry.at for entry in reversed(workspace.ledger.entries(ENTRY))), None)
    return datetime.fromisoformat(last) + every if last else datetime.now(UTC)


def keep_turning(
    workspace: Workspace, every: timedelta, turn: Callable[[], Turned], say: Say,
    sleep: Callable[[float], None] = time.sleep, turns: int | None = None,
) -> None:  # fmt: skip
    """Turn whenever it is due, for ever or so many `turns`. A turn that fails is told, and tried again later."""
    again = datetime.min.replace(tzinfo=UTC)
    while turns is None or turns > 0:
        due = max(next_due(workspace, every), again)
        now = datetime.now(UTC)
        if now < due:
            sleep(min((due - now).total_seconds(), LOOK_SECONDS))
            continue
        turns = None if turns is None else turns - 1
        try:
            turned = turn()
            say.line(f"Turn {turned.number} is done; the next is due {next_due(workspace, every):%Y-%m-%d %H:%M} UTC.")
        except TunewheelError as error:
            say.line(f"The turn could not be made: {error}")
            again = datetime.now(UTC) + min(AGAIN, every)
