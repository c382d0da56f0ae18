import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tunewheel.serving.priority import ANSWERS, BACKGROUND, give_way

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows priorities of threads")


def priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_only_the_thread_that_computes_gives_way():
    before = priority()
    with ThreadPoolExecutor(1, initializer=give_way) as pool:
        assert pool.submit(priority).result() == before + ANSWERS
    assert priority() == before


def test_threads_of_a_thread_that_gives_way_do_not_give_way_twice():
    def inner() -> int:
        with ThreadPoolExecutor(1, initializer=give_way) as pool:
            return pool.submit(priority).result()

    with ThreadPoolExecutor(1, initializer=give_way) as pool:
        assert pool.submit(inner).result() == priority() + ANSWERS


def test_work_in_the_background_gives_way_once_and_for_all():
    told = "import os; from tunewheel.serving.priority import in_background as go; go(); go(); print(os.nice(0))"
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout
    assert int(said) == max(BACKGROUND, priority())
