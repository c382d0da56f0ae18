"""What a workflow says, on the terminal: a calm bar with the time left, or now and then a line in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ..workflows.say import Say, Silent, Stage
from .console import harmless, remarks, say

_SECONDS_BETWEEN_LINES = 30.0
_WORTH_TELLING = 5.0


@contextmanager
def speaker(quiet: bool = False) -> Iterator[Say]:
    """The listener that suits where stderr goes."""
    console = remarks()
    if quiet:
        yield Silent()
    elif console.is_terminal and not console.is_dumb_terminal:
        with _display(console) as display:
            yield Bars(display)
    else:
        yield Lines(console)


class Bars:
    """A progress bar for each stage under way; a finished stage leaves one line with its time."""

    def __init__(self, display: Progress) -> None:
        self._display = display

    def line(self, text: str) -> None:
        """One sentence above the bars."""
        say(self._display.console, text)

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Stage]:
        """A bar that runs to `total`, or back and forth when it is not known."""
        begin, task = time.monotonic(), self._display.add_task(harmless(title), total=total, numbers="")
        try:
            yield _Bar(self._display, task)
        finally:
            self._display.remove_task(task)
        say(self._display.console, f"{title} ({duration(time.monotonic() - begin)})", style="dim")


class _Bar:
    """One bar."""

    def __init__(self, display: Progress, task: TaskID) -> None:
        self._display, self._task = display, task

    def advance(self, amount: int = 1, **numbers: float) -> None:
        """Move the bar; show the numbers when there are new ones."""
        if numbers:
            self._display.update(self._task, advance=amount, numbers=told(numbers))
        else:
            self._display.update(self._task, advance=amount)


class Lines:
    """Plain lines for logs: one when a stage begins, one every half minute, one when a long stage ends."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock

    def line(self, text: str) -> None:
        """One sentence."""
        say(self._console, text)

    def stage(self, title: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """A stage told by lines."""
        return self._stage(title, total)

    @contextmanager
    def _stage(self, title: str, total: int | None) -> Iterator[Stage]:
        begin = self._clock()
        self.line(f"{title} ...")
        yield _Told(self, title, total, self._clock)
        if (seconds := self._clock() - begin) >= _WORTH_TELLING:
            self.line(f"{title}: done in {duration(seconds)}")


class _Told:
    """A stage that speaks rarely."""

    def __init__(self, lines: Lines, title: str, total: int | None, clock: Callable[[], float]) -> None:
        self._lines, self._title, self._total, self._clock = lines, title, total, clock
        self._begin = self._spoke = clock()
        self._done = 0
        self._numbers: dict[str, float] = {}

    def advance(self, amount: int = 1, **numbers: float) -> None:
        """Count; say where things stand when nothing was said for a while."""
        self._done += amount
        self._numbers |= numbers
        if (now := self._clock()) - self._spoke >= _SECONDS_BETWEEN_LINES:
            self._spoke = now
            self._lines.line(f"{self._title}: {self._standing(now - self._begin)}")

    def _standing(self, seconds: float) -> str:
        parts = [f"{self._done}/{self._total}" if self._total else str(self._done)]
        if self._total and self._done:
            parts.append(f"{duration(seconds / self._done * max(self._total - self._done, 0))} left")
        return ", ".join([*parts, *([told(self._numbers)] if self._numbers else [])])


class _TimeColumn(ProgressColumn):
    """Time left where it can be told, otherwise time spent."""

    def __init__(self) -> None:
        super().__init__()
        self._left, self._spent = TimeRemainingColumn(compact=True), TimeElapsedColumn()

    def render(self, task: Task) -> Text:
        if task.total is None or task.time_remaining is None:
            return self._spent.render(task)
        return Text.assemble(self._left.render(task), (" left", "dim"))


def _display(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28, complete_style="cyan", finished_style="cyan", pulse_style="cyan"),
        MofNCompleteColumn(),
        _TimeColumn(),
        TextColumn("{task.fields[numbers]}", style="dim", markup=False),
        console=console,
        transient=True,
    )


def told(numbers: dict[str, float]) -> str:
    """`loss 0.412, accuracy 0.931`."""
    return ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in numbers.items())


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
