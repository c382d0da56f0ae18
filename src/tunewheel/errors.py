"""Every error a user can cause.

TunewheelError                  what was asked for cannot be done; says what, where and what to do next
├── DataError                   a file or a table
│   ├── ReadError               the file cannot be read as rows (encoding, format, broken lines)
│   ├── ColumnError             a needed column is missing, doubled or cannot be told
│   ├── LabelError              labels are missing, of one class only, or of the wrong kind
│   ├── SpanError               a character span lies outside its text or between its words
│   └── SplitError              the rows cannot be divided as asked
├── RecipeError                 a setting is unknown, of the wrong type or out of range
├── ModelError                  a pre-trained model
│   ├── WeightsMissing          its weights cannot be had here; says which package or folder would help
│   └── ModelDamaged            its files are not what they should be
├── WorkspaceError              the team's folder
│   ├── BundleDamaged           a saved version does not match its hashes
│   ├── VersionMissing          no such version or alias
│   ├── AnswerMissing           no answer is kept under this id (HTTP 404)
│   ├── FrozenTestChanged       the frozen test set was edited
│   └── Busy                    another process holds what is needed
└── ServingError                a request or a server
    ├── RequestInvalid          a request that cannot be answered as it is (HTTP 422)
    ├── RequestTooLarge         over a stated limit (HTTP 413)
    ├── Overloaded              the queue is full (HTTP 503, Retry-After)
    ├── Unauthorized            token missing or wrong (HTTP 401)
    └── CertificateMismatch     served answers differ from evaluated ones; the version may not go live

A user's mistake ends in exit code 2 and no stack trace; several mistakes are reported together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: what is wrong, where it is, and what mends it."""

    what: str
    where: str = ""
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" {self.mend}" if self.mend else ""
        return f"{place}{self.what}{advice}"


class TunewheelError(Exception):
    """What was asked for cannot be done. Carries one or more `Problem`s.

    `TunewheelError("no column 'label'.", where="reviews.csv", mend="Name it with --label COLUMN.")`
    or `TunewheelError.of([Problem(...), Problem(...)])`.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem(what, where, mend),)
        super().__init__(what, where, mend)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> TunewheelError:
        """One error for all `problems` (at least one), so that a user mends them in one go."""
        error = cls(problems[0].what, where=problems[0].where, mend=problems[0].mend)
        error.problems = tuple(problems)
        return error

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class DataError(TunewheelError):
    """A file or a table cannot be used as it is."""


class ReadError(DataError):
    """The file cannot be read as rows."""


class ColumnError(DataError):
    """A needed column is missing, doubled or cannot be told."""


class LabelError(DataError):
    """Labels are missing, of one class only, or of the wrong kind."""


class SpanError(DataError):
    """A character span lies outside its text or between its words."""


class SplitError(DataError):
    """The rows cannot be divided as asked."""


class RecipeError(TunewheelError):
    """A setting is unknown, of the wrong type or out of range."""


class ModelError(TunewheelError):
    """A pre-trained model cannot be used."""


class WeightsMissing(ModelError):
    """The weights cannot be had here."""


class ModelDamaged(ModelError):
    """A model's files are not what they should be."""


class WorkspaceError(TunewheelError):
    """The team's folder cannot give what was asked."""


class BundleDamaged(WorkspaceError):
    """A saved version does not match its hashes."""


class VersionMissing(WorkspaceError):
    """There is no such version or alias."""


class AnswerMissing(WorkspaceError):
    """No answer is kept under this id."""


class FrozenTestChanged(WorkspaceError):
    """The frozen test set is not the one that was frozen."""


class Busy(WorkspaceError):
    """Another process holds what is needed."""


class ServingError(TunewheelError):
    """A request or a server cannot go on."""


class RequestInvalid(ServingError):
    """The request cannot be answered as it is."""


class RequestTooLarge(ServingError):
    """The request is over a stated limit."""


class Overloaded(ServingError):
    """The queue is full; try again in `retry_after` seconds."""

    retry_after = 1


class Unauthorized(ServingError):
    """The token is missing or wrong."""


class CertificateMismatch(ServingError):
    """Served answers differ from evaluated ones."""
