"""A listener that remembers what a workflow says."""

from contextlib import AbstractContextManager, nullcontext

from tunewheel.workflows.say import Silent


class Listening(Silent):
    """`lines` are the sentences, `stages` the titles of the work, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.stages: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def stage(self, title: str, total: int | None = None) -> AbstractContextManager["Listening"]:
        self.stages.append(title)
        return nullcontext(self)

    @property
    def said(self) -> str:
        """All sentences, one a line."""
        return "\n".join(self.lines)
