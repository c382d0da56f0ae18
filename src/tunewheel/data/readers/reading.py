"""Reading: one file being read, with what was decided about it and what had to be left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import Problem, ReadError

Numbered = tuple[int, dict[str, Any]]

LINE_LIMIT = 16 * 2**20
MOST_COLUMNS = 2000
_MOST_BROKEN = 10_000
_SHOWN = 20


@dataclass
class Reading:
    """The file, its encoding, and the sentences and problems its reader leaves behind.

    `facts` are short ("UTF-8 text", "3 columns") and told in one breath; `notes` are sentences of their own.
    `unit` is what row numbers count ("row", "line", "item"); `consumed` grows with the characters or bytes read,
    so that rows can be gathered in chunks of bounded size.
    """

    path: Path
    encoding: str = ""
    sheet: str | None = None
    unit: str = "row"
    facts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    consumed: int = 0

    def place(self, number: int) -> str:
        """Where a person finds a row: "reviews.csv row 7"."""
        return f"{self.path.name} {self.unit} {number}"

    def broken(self, number: int, what: str, mend: str = "") -> None:
        """Note a row that is left out. Raises `ReadError` when there are too many to be a mishap."""
        self.problems.append(Problem(what, self.place(number), mend))
        if len(self.problems) > _MOST_BROKEN:
            raise self.refusal(f"more than {_MOST_BROKEN:,} rows cannot be read.")

    def error(self, what: str, mend: str = "", number: int = 0) -> ReadError:
        """The file cannot be read at all, or not beyond row `number`."""
        return ReadError(what, where=self.place(number) if number else str(self.path), mend=mend)

    def refusal(self, what: str) -> ReadError:
        """The file is refused for its broken rows: a first sentence, then the first of them."""
        listed = [Problem(what, str(self.path)), *self.problems[:_SHOWN]]
        if len(self.problems) > _SHOWN:
            listed.append(Problem(f"and {len(self.problems) - _SHOWN:,} more like these."))
        error = ReadError.of(listed)
        assert isinstance(error, ReadError)
        return error
