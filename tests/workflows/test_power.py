import threading
import time
from functools import partial

import pytest
from keyword_task import predictor, slow

from tunewheel.workflows import power
from tunewheel.workflows.at_work import Job


def exported(engine):
    made = predictor(engine)
    made.form = "onnx-int8"
    return made


@pytest.fixture
def chosen(monkeypatch, tmp_path):
    """The power that is chosen for a predictor on a machine of so many cores and megabytes."""

    def choose(made, cores=2, megabytes=8_000, wide=None, **settings):
        wide = wide or made
        monkeypatch.setattr(power, "load", partial(loading, made, wide))
        monkeypatch.setattr(power, "cores", lambda: cores)
        monkeypatch.setattr(power, "available_memory_mb", lambda: megabytes)
        monkeypatch.setattr(power, "held_memory_mb", iter([100.0, 400.0]).__next__)
        workers = settings.pop("workers", 0)
        return power.power_of(None, Job(tmp_path, **settings), workers)

    return choose


def loading(made, wide, _workspace, _version, _engine, _tolerance, threads=0, lone=1):
    """As `load`: so many threads may answer at once."""
    if threads and lone == 1:
        made._turn = threading.Semaphore(threads)
    return wide if lone > 1 else made


def apart(at_once):
    """An engine whose callers do not disturb each other, as on cores of their own."""
    made = exported(slow(0.01))
    made._turn = threading.Semaphore(at_once)
    return made


def test_where_cores_add_up_each_has_a_process(chosen):
    found = chosen(apart(2))
    assert (found.workers, found.job.threads) == (2, 1)
    assert found.told[-1].startswith("2 processes answer, on one core each: 2 rows at once take ")


def test_where_cores_do_not_add_up_one_process_answers(chosen):
    found = chosen(exported(slow(0.01)))  # one caller at a time
    assert found.workers == 1
    assert any("One process answers: 2 rows at once take" in line for line in found.told)


def test_workers_fit_into_half_of_the_memory_that_is_left(chosen):
    assert chosen(apart(8), cores=8, megabytes=1_900).workers == 3
    assert chosen(apart(8), cores=8, megabytes=500).workers == 1


def test_torch_uses_all_cores_itself(chosen):
    found = chosen(predictor())
    assert found.workers == 1
    assert "each request uses all cores" in found.told[-1]


def test_cores_that_are_named_are_shared_by_as_many_processes_as_there_is_room_for(chosen):
    found = chosen(apart(2), threads=1)
    assert (found.workers, found.job.threads) == (2, 1)
    found = chosen(apart(8), cores=8, threads=4)
    assert (found.workers, found.job.threads) == (2, 4)
    assert any(line.startswith("2 processes answer, on 4 cores each") for line in found.told)
    assert chosen(apart(2), threads=2).workers == 1


def test_what_is_named_is_not_measured(chosen):
    def measured(batch):
        raise AssertionError("measured")

    found = chosen(exported(measured), workers=2, threads=1)
    assert (found.workers, found.job.threads, found.job.lone) == (2, 1, 1)
    found = chosen(exported(measured), workers=3, threads=5)
    assert (found.workers, found.job.threads, found.job.lone) == (3, 5, power.MOST_ALONE)


def test_the_cores_are_shared_by_the_workers_that_are_named(chosen):
    assert chosen(exported(slow(0.001)), workers=2).job.threads == 1
    assert chosen(exported(slow(0.001)), cores=8, workers=2).job.threads == 4


def test_who_comes_alone_gets_more_cores_where_that_is_clearly_faster(chosen):
    found = chosen(exported(slow(0.01)), wide=exported(slow(0.005)))
    assert found.job.lone == 2 and "A request that comes alone is computed on 2 cores." in found.told
    assert chosen(exported(slow(0.01)), wide=exported(slow(0.0099))).job.lone == 1
    assert chosen(exported(slow(0.01)), wide=exported(slow(0.005)), cores=16).job.lone == power.MOST_ALONE
    assert chosen(exported(slow(0.01)), wide=exported(slow(0.005)), threads=1).job.lone == 1


def test_the_rate_is_that_of_whole_answers():
    made = exported(slow(0.02))
    started = time.perf_counter()
    assert 20 < power._rate(made.predict_examples, made.parse(made.task.sample[:1])) < 50
    assert time.perf_counter() - started < 2
