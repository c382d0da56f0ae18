"""What is said on the way: bars on a terminal, rare plain lines elsewhere."""

import io
import re

import pytest
from rich.console import Console

from tunewheel.cli.progress import Bars, Lines, _display, duration, speaker
from tunewheel.workflows.say import Silent


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_a_line_at_the_start_every_half_minute_and_at_the_end() -> None:
    out, clock = io.StringIO(), Clock()
    with Lines(Console(file=out, width=200), clock).stage("Training", 100) as stage:
        for _ in range(100):
            clock.now += 1
            stage.advance(1, loss=0.4123)
    assert out.getvalue().splitlines() == [
        "Training ...",
        "Training: 30/100, 1 min 10 s left, loss 0.412",
        "Training: 60/100, 40 s left, loss 0.412",
        "Training: 90/100, 10 s left, loss 0.412",
        "Training: done in 1 min 40 s",
    ]


def test_a_short_stage_is_one_line_and_one_of_unknown_length_counts() -> None:
    out, clock = io.StringIO(), Clock()
    lines = Lines(Console(file=out, width=200), clock)
    with lines.stage("Reading"):
        clock.now += 1
    with lines.stage("Waiting") as stage:
        clock.now += 40
        stage.advance(7)
    assert out.getvalue().splitlines() == ["Reading ...", "Waiting ...", "Waiting: 7", "Waiting: done in 40 s"]


def terminal(**settings: object) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=120, highlight=False, markup=False, **settings), out


def test_a_terminal_shows_the_bar_the_numbers_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    console, out = terminal(no_color=True)
    with _display(console) as display:
        bars = Bars(display)
        bars.line("77 labels [ok]")
        with bars.stage("Training", 3) as stage:
            stage.advance(1, loss=0.5, validation_accuracy=0.91)
            stage.advance()
            display.refresh()
    said = out.getvalue()
    assert "77 labels [ok]" in said
    assert "2/3" in said
    assert "loss 0.5, validation accuracy 0.91" in said
    assert re.search(r"Training \(\d\.\d s\)", said)
    assert "\x1b[36m" not in said


def test_a_failed_stage_leaves_no_line_that_says_it_is_done() -> None:
    console, out = terminal()
    with pytest.raises(KeyboardInterrupt), _display(console) as display, Bars(display).stage("Training", 3):
        raise KeyboardInterrupt
    assert "Training (" not in out.getvalue()


def test_without_a_terminal_there_are_no_control_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with speaker() as say, say.stage("Reading", 2) as stage:
        stage.advance(2)
        say.line("done \x1b[2J")
    assert capsys.readouterr().err == "Reading ...\ndone \\x1b[2J\n"


def test_a_quiet_listener_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with speaker(quiet=True) as say, say.stage("Reading", 2) as stage:
        stage.advance(1, loss=0.1)
        say.line("x")
    assert isinstance(say, Silent)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")],
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words
