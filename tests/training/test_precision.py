"""Precision: measured on the body itself, once a machine."""

from pathlib import Path

import pytest
import torch
from small_texts import intents

from tunewheel.models.processors import load_processor
from tunewheel.records import Source
from tunewheel.tasks.text_classification import TextClassification
from tunewheel.training import precision


@pytest.fixture
def task(tiny_folder: Path) -> TextClassification:
    made = TextClassification(TextClassification.Options())
    examples = [made.parse(row, Source()) for row in intents(40)]
    return TextClassification(made.options, made.learn(examples), load_processor(tiny_folder))


@pytest.fixture
def measured_by(task, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Precision where a step takes the given seconds in bf16 and in fp32, and how often it was timed."""
    monkeypatch.setenv("TUNEWHEEL_CACHE", str(tmp_path))
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)

    def measure(bf16: float, fp32: float) -> tuple[str, int]:
        now, steps = [0.0], [0]

        def timed(step, half: bool) -> None:
            now[0] += bf16 if half else fp32
            steps[0] += 1

        monkeypatch.setattr(precision, "_step", lambda *given: lambda half: timed(None, half))
        monkeypatch.setattr(precision.time, "thread_time", lambda: now[0])
        examples = [task.parse(row, Source()) for row in intents(40)]
        return precision.measured_precision(task, tiny_folder, examples), steps[0]

    return measure


def test_the_faster_one_is_chosen_and_a_tie_keeps_the_digits(measured_by, tmp_path: Path) -> None:
    for seconds, wanted in (((1.0, 2.0), "bf16"), ((2.0, 1.0), "fp32"), ((0.95, 1.0), "fp32")):
        (tmp_path / "machine.json").unlink(missing_ok=True)
        assert measured_by(*seconds)[0] == wanted


def test_what_was_measured_is_not_measured_again(measured_by, tmp_path: Path) -> None:
    assert measured_by(1.0, 2.0) == ("bf16", 8)
    assert measured_by(2.0, 1.0) == ("bf16", 0)
    (tmp_path / "machine.json").write_text("[broken")
    assert measured_by(2.0, 1.0) == ("fp32", 8)


def test_a_step_computes_gradients_and_leaves_none(task, tiny_folder: Path) -> None:
    examples = [task.parse(row, Source()) for row in intents(40)]
    step = precision._step(task, tiny_folder, examples)
    for half in (True, False):
        step(half)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(("seconds", "wanted"), [((1.0, 2.0), 1), ((2.0, 1.0), 2), ((0.97, 1.0), 2)])
def test_one_lane_must_win_clearly(small, monkeypatch: pytest.MonkeyPatch, seconds, wanted: int) -> None:
    monkeypatch.setattr("torch.get_num_threads", lambda: 2)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(precision, "_best", lambda run, ways: dict(zip(ways, seconds, strict=True)))
    session = small.session(epochs=100)
    assert precision.measured_lanes(session.task, session.module, small.train, session.options) == wanted


def test_a_short_training_takes_one_lane_without_measuring(small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.get_num_threads", lambda: 2)
    monkeypatch.setattr(precision, "_best", lambda run, ways: pytest.fail("measured"))
    session = small.session(epochs=1)
    assert precision.measured_lanes(session.task, session.module, small.train, session.options) == 1


def test_both_ways_are_really_run(small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.get_num_threads", lambda: 2)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    session = small.session(epochs=100)
    assert precision.measured_lanes(session.task, session.module, small.train, session.options) in (1, 2)
