import threading
import time
from concurrent.futures import CancelledError

import pytest

from tunewheel.errors import Overloaded
from tunewheel.serving import Queue


class Gate:
    """Work that waits until it is let through, and remembers what it was given."""

    def __init__(self):
        self.open = threading.Event()
        self.entered = threading.Event()
        self.batches = []

    def __call__(self, items):
        self.batches.append(list(items))
        self.entered.set()
        assert self.open.wait(5)
        if "poison" in items:
            raise ValueError("poison")
        return [item.upper() for item in items]


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def queue(gate):
    made = Queue(gate, queue_rows=6, together=4)
    yield made
    gate.open.set()
    made.drain(5)


def soon():
    return time.monotonic() + 5


def busy(queue, gate):
    """A request that the worker is at, so that the next ones wait."""
    future = queue.submit(["first"], soon())
    assert gate.entered.wait(5)
    return future


def test_a_lone_request_is_not_delayed():
    queue = Queue(lambda items: list(items), queue_rows=8, together=8)
    started = time.monotonic()
    for _ in range(50):
        assert queue.submit(["a"], soon()).result(5) == ["a"]
    assert time.monotonic() - started < 1
    assert queue.drain(1)


def test_waiting_requests_are_answered_together_and_each_gets_its_own(queue, gate):
    first = busy(queue, gate)
    second, third = queue.submit(["b", "c"], soon()), queue.submit(["d"], soon())
    gate.open.set()
    assert (first.result(5), second.result(5), third.result(5)) == (["FIRST"], ["B", "C"], ["D"])
    assert gate.batches == [["first"], ["b", "c", "d"]]


def test_a_full_queue_refuses_and_says_when_to_come_back(queue, gate):
    busy(queue, gate)
    queue.submit(["a"] * 6, soon())
    with pytest.raises(Overloaded, match="6 rows are waiting") as caught:
        queue.submit(["b"], soon())
    assert caught.value.retry_after >= 1
    assert queue.rows == 6


def test_a_request_past_its_deadline_is_dropped(queue, gate):
    busy(queue, gate)
    late = queue.submit(["late"], time.monotonic() - 1)
    gate.open.set()
    with pytest.raises(TimeoutError):
        late.result(5)
    assert ["late"] not in gate.batches


def test_a_cancelled_request_is_not_worked(queue, gate):
    first = busy(queue, gate)
    left = queue.submit(["left"], soon())
    assert left.cancel()
    after = queue.submit(["after"], soon())
    gate.open.set()
    assert (first.result(5), after.result(5)) == (["FIRST"], ["AFTER"])
    with pytest.raises(CancelledError):
        left.result()
    assert gate.batches == [["first"], ["after"]]
    assert queue.rows == 0


def test_an_error_reaches_only_the_request_that_caused_it(queue, gate):
    busy(queue, gate)
    good, bad = queue.submit(["good"], soon()), queue.submit(["poison"], soon())
    gate.open.set()
    assert good.result(5) == ["GOOD"]
    with pytest.raises(ValueError, match="poison"):
        bad.result(5)


def test_a_drain_finishes_what_waits_and_accepts_nothing_more(queue, gate):
    first, second = busy(queue, gate), queue.submit(["b"], soon())
    threading.Timer(0.05, gate.open.set).start()
    assert queue.drain(5)
    assert (first.result(0), second.result(0)) == (["FIRST"], ["B"])
    with pytest.raises(Overloaded, match="shutting down"):
        queue.submit(["c"], soon())


def test_a_drain_ends_in_bounded_time_and_tells_those_who_wait(queue, gate):
    busy(queue, gate)
    waiting = queue.submit(["b"], soon())
    started = time.monotonic()
    assert not queue.drain(0.1)
    assert time.monotonic() - started < 1
    with pytest.raises(Overloaded, match="stopped"):
        waiting.result(0)


def test_without_company_each_request_is_worked_alone(gate):
    queue = Queue(gate, queue_rows=6)
    futures = [busy(queue, gate), queue.submit(["b"], soon()), queue.submit(["c"], soon())]
    gate.open.set()
    assert [future.result(5) for future in futures] == [["FIRST"], ["B"], ["C"]]
    assert gate.batches == [["first"], ["b"], ["c"]]
    assert queue.drain(5)


def test_company_is_bounded_by_what_the_items_cost_not_by_their_number(gate):
    queue = Queue(gate, queue_rows=60, together=10, cost=len)
    first = busy(queue, gate)
    later = [queue.submit([text], soon()) for text in ("123456", "1234", "1", "x" * 30, "y")]
    gate.open.set()
    assert [future.result(5)[0] for future in (first, *later)] == ["FIRST", "123456", "1234", "1", "X" * 30, "Y"]
    assert gate.batches == [["first"], ["123456", "1234"], ["1"], ["x" * 30], ["y"]]
    assert queue.drain(5)


def test_nobody_is_admitted_who_would_wait_too_long():
    queue = Queue(lambda items: time.sleep(0.2) or list(items), queue_rows=1000, queue_seconds=0.5)
    assert queue.submit(["a"], soon()).result(5) == ["a"]  # now the pace is known
    waiting = []
    with pytest.raises(Overloaded) as caught:
        for _ in range(10):
            waiting.append(queue.submit(["b"], soon()))
    assert 2 <= len(waiting) <= 5 and queue.full()
    assert caught.value.retry_after == 1
    assert [future.result(5) for future in waiting] == [["b"]] * len(waiting)
    assert not queue.full()
    assert queue.drain(5)
    assert queue.full()


def test_behind_long_work_nobody_is_admitted_who_would_wait_too_long_until_it_is_nearly_done():
    queue = Queue(lambda items: time.sleep(0.1 * len(items)) or list(items), queue_rows=1000, queue_seconds=0.5)
    assert queue.submit(["a"], soon()).result(5) == ["a"]  # now the pace is known
    long = queue.submit(["b"] * 10, soon())
    while queue.rows:
        time.sleep(0.01)
    assert queue.full() and 0.5 < queue.seconds <= 1.2
    time.sleep(0.8)
    assert not queue.full()
    assert queue.submit(["c"], soon()).result(5) == ["c"] and long.done()
    assert queue.seconds == 0
    assert queue.drain(5)


def test_who_works_for_long_hears_that_nobody_waits_any_more():
    heard = []

    def work(items):
        entered.set()
        assert gone.wait(5)
        heard.append(queue.is_wanted())
        return list(items)

    entered, gone = threading.Event(), threading.Event()
    queue = Queue(work, queue_rows=8)
    for leaves in (True, False):
        future = queue.submit(["a"], soon())
        assert entered.wait(5)
        if leaves:
            assert not future.cancel(), "it is being worked"
        gone.set()
        future.result(5)
        entered.clear()
        gone.clear()
    late = queue.submit(["a"], time.monotonic() + 0.05)
    assert entered.wait(5)
    time.sleep(0.1)
    gone.set()
    late.result(5)
    assert heard == [False, True, False] and queue.is_wanted(), "here nothing is worked"
    assert queue.drain(5)


def test_one_worker_that_is_free_is_enough(gate):
    queue = Queue(gate, queue_rows=50, queue_seconds=0.5, workers=2)
    queue.learn(1.0, ["a"])
    first = busy(queue, gate)
    assert not queue.full()
    gate.open.set()
    assert first.result(5) == ["FIRST"] and queue.drain(5)


def test_one_huge_request_does_not_make_the_next_ones_look_huge():
    queue = Queue(list, queue_rows=5_000, queue_seconds=1.0)
    queue.learn(0.001, ["a"])
    assert queue.submit(["b"] * 4_000, soon()).result(5)
    queue.learn(0.001, ["a"])
    assert not queue.full(coming=100)
    assert queue.drain(5)


def test_those_who_are_coming_are_reckoned_with_before_they_have_joined():
    queue = Queue(str.upper, queue_rows=50, queue_seconds=1.0)
    queue.learn(0.1, ["a"])
    assert not queue.full() and not queue.full(coming=10) and queue.full(coming=11)
    assert Queue(str.upper, queue_rows=50).full(coming=50)
    assert queue.drain(5)


def test_who_is_alone_is_answered_in_its_own_thread_when_that_takes_but_a_moment():
    threads = []

    def work(items):
        threads.append(threading.current_thread())
        return list(items)

    queue = Queue(work, queue_rows=8)
    assert queue.at_once(["a"], 1.0) is None  # how long it takes is not known yet
    queue.learn(0.01, ["a"])
    assert queue.at_once(["a"], 0.02) == ["a"]
    assert threads == [threading.current_thread()]
    assert queue.at_once(["a"] * 1000, 0.02) is None
    assert queue.drain(1)
    assert queue.at_once(["a"], 1.0) is None


def test_nobody_is_answered_before_those_who_wait(queue, gate):
    queue.learn(0.001, ["a"])
    first = busy(queue, gate)
    assert queue.at_once(["b"], 1.0) is None
    gate.open.set()
    assert first.result(5) == ["FIRST"]
