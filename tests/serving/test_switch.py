import threading

import pytest
from keyword_task import KeywordTask, PictureTask, predictor, slow, softmax

from tunewheel.errors import ServingError
from tunewheel.serving import Beside, Predictor, Service, Shadow, Switch


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
    before = switch.warm("v0001")
    assert (switch.version, before.ready, switch.ready) == ("v0002", True, True)
    switch.use(before)
    assert switch.version == "v0001" and switch.warm("v0002").ready and switch.warm("v0003") is None
    pending = switch.ask([{"text": "card"}], 5)
    assert (pending.version, pending.answers.result(5)[0]["label"]) == ("v0001", "cards")


def test_who_asked_before_is_answered_by_whom_they_asked():
    switch = Switch(service("v0001", slow(0.3)))
    waiting = [switch.current.submit([{"text": "card"}], 5) for _ in range(3)]
    switch.use(service("v0002"))
    switch.use(service("v0003"))  # the first is let go now, and still finishes
    assert [future.result(5)[0]["label"] for future in waiting] == ["cards"] * 3
    assert switch.version == "v0003" and switch.warm("v0002") and not switch.warm("v0001")
    assert switch.stop(5)


def test_a_service_that_was_let_go_takes_nothing_more(switch):
    first = switch.current
    for version in ("v0002", "v0003"):
        switch.use(service(version))
    for thread in threading.enumerate():
        if thread.name.startswith("Thread-"):
            thread.join(5)
    assert first.full() and not first.ready


def test_a_version_that_reads_something_else_is_refused(switch):
    pictures = service("v0002", task=PictureTask())
    with pytest.raises(ServingError, match="reads image.*Stop the server"):
        switch.use(pictures)
    beside = Beside(switch.idle)
    with pytest.raises(ServingError, match="reads image"):
        switch.try_out(Shadow(pictures, beside))
    assert switch.version == "v0001" and switch.trial is None
    beside.close()
    pictures.stop(1)


def test_a_retired_switch_is_not_ready_whoever_takes_over(switch):
    switch.retire()
    switch.use(service("v0002"))
    assert not switch.ready
    assert isinstance(switch.current.predictor, Predictor) and isinstance(switch.current.predictor.task, KeywordTask)


def tried(switch, candidate):
    trial = Shadow(candidate, Beside(switch.idle))
    switch.try_out(trial)
    return trial


def stopped(service):
    """Whether a service that was let go has ended by now."""
    for thread in threading.enumerate():
        if thread.name.startswith("Thread-"):
            thread.join(5)
    return service.full()


def test_a_candidate_that_goes_live_is_warm_already_and_its_trial_is_over(switch):
    candidate = service("v0002")
    trial = tried(switch, candidate)
    assert switch.warm("v0002") is candidate
    switch.use(candidate)
    assert switch.version == "v0002" and switch.trial is None and switch.warm("v0001")
    trial.beside.offer(candidate, [{"text": "card"}], [{"id": "a"}])
    assert trial.beside.ends["dropped"] == 1  # it asks no more
    assert not stopped(candidate)


def test_a_candidate_that_is_not_needed_any_more_is_let_go_unless_it_is_the_one_before(switch):
    first, second = service("v0002"), service("v0003")
    tried(switch, first)
    tried(switch, second)
    assert stopped(first) and not stopped(second)
    switch.try_out(None)
    assert stopped(second)
    switch.use(service("v0004"))
    before = switch.warm("v0001")
    tried(switch, before)
    switch.try_out(None)
    assert not stopped(before)
