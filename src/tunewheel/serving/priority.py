"""give_way: threads that compute let the thread that listens go first, and background work lets both."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

# How much less a thread insists on a core than others do (see nice(1)). Who answers gets a fifteenth of a core that the
# listening thread wants, too: under a flood that one must accept and refuse at once, and it never wants all of a core.
# Figures in docs/log.md.
ANSWERS, BACKGROUND = 12, 16


def give_way(by: int = ANSWERS) -> None:
    """Lower the priority of the calling thread, and of those that it starts, against the process's first thread.

    Calling it again changes nothing. Only Linux knows priorities of single threads; elsewhere all stay equal.
    """
    with suppress(OSError, AttributeError):
        first, thread = os.getpriority(os.PRIO_PROCESS, os.getpid()), threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, first + by)


def in_background() -> None:
    """Work on what other programs leave of the machine from now on: a server beside must not become slow."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, max(BACKGROUND, os.getpriority(os.PRIO_PROCESS, 0)))
