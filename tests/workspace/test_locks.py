from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tunewheel.errors import Busy, WorkspaceError
from tunewheel.workspace import FolderLock

HOLD = """
import sys, time
from pathlib import Path
from tunewheel.workspace import FolderLock
with FolderLock(Path(sys.argv[1])).hold("tune"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def locks(tmp_path: Path) -> FolderLock:
    return FolderLock(tmp_path / "locks")


def test_who_holds_a_lock_and_since_when_is_said_and_a_killed_holder_lets_go(locks: FolderLock) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(locks.folder)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Busy, match=rf"'tune' is held by process {holder.pid} since 20\d\d-.*Z"), locks.hold("tune"):
        pass
    holder.kill()
    holder.communicate(timeout=60)
    with locks.hold("tune", wait=10):
        pass


def test_a_lock_can_be_held_again_after_it_was_let_go_and_others_are_free(locks: FolderLock) -> None:
    with locks.hold("tune"), locks.hold("serve"):
        pass
    with pytest.raises(RuntimeError), locks.hold("tune"):
        raise RuntimeError
    with locks.hold("tune"):
        pass


def test_a_thread_waits_for_another_thread(locks: FolderLock) -> None:
    order: list[str] = []
    held = threading.Event()

    def first() -> None:
        with locks.hold("tune"):
            held.set()
            with pytest.raises(Busy, match=f"process {os.getpid()}"), locks.hold("tune"):
                pass
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    held.wait(10)
    with locks.hold("tune", wait=10):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


@pytest.mark.parametrize("name", ["../x", "/x", "", "a\0"])
def test_a_lock_has_a_plain_name(locks: FolderLock, name: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot be used"), locks.hold(name):
        pass
