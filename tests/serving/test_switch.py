import threading

import pytest
from keyword_task import KeywordTask, PictureTask, predictor, slow, softmax

from tunewheel.errors import ServingError
from tunewheel.serving import Predictor, Service, Switch


def service(version, engine=softmax, task=None):
    started = Service(predictor(engine, task, version))
    started.start()
    return started


@pytest.fixture
def switch():
    made = Switch(service("v0001"))
    yield made
    made.stop(5)


def test_another_service_takes_over_and_the_one_before_stays_warm(switch):
    switch.use(service("v0002"))
    assert (switch.version, switch.before, switch.ready) == ("v0002", "v0001", True)
    switch.back()
    assert (switch.version, switch.before) == ("v0001", "v0002")
    assert switch.submit([{"text": "card"}], 5).result(5)[0]["label"] == "cards"


def test_who_asked_before_is_answered_by_whom_they_asked():
    switch = Switch(service("v0001", slow(0.3)))
    waiting = [switch.current.submit([{"text": "card"}], 5) for _ in range(3)]
    switch.use(service("v0002"))
    switch.use(service("v0003"))  # the first is let go now, and still finishes
    assert [future.result(5)[0]["label"] for future in waiting] == ["cards"] * 3
    assert (switch.version, switch.before) == ("v0003", "v0002")
    assert switch.stop(5)


def test_a_service_that_was_let_go_takes_nothing_more(switch):
    first = switch.current
    for version in ("v0002", "v0003"):
        switch.use(service(version))
    for thread in threading.enumerate():
        if thread.name.startswith("Thread-"):
            thread.join(5)
    assert first.full and not first.ready


def test_a_version_that_reads_something_else_is_refused(switch):
    pictures = service("v0002", task=PictureTask())
    with pytest.raises(ServingError, match="reads image.*Stop the server"):
        switch.use(pictures)
    assert switch.version == "v0001"
    pictures.stop(1)


def test_a_retired_switch_is_not_ready_whoever_takes_over(switch):
    switch.retire()
    switch.use(service("v0002"))
    assert not switch.ready
    assert isinstance(switch.current.predictor, Predictor) and isinstance(switch.current.predictor.task, KeywordTask)
