"""Desk: where a running server takes what people say of its answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..errors import AnswerMissing, Problem, RequestInvalid
from ..feedback.identity import is_id
from ..feedback.journal import Journal
from ..feedback.options import JournalOptions
from ..feedback.remarks import Heard, Remark, hear
from ..registry.canonical import utc_now
from ..serving import Keeper
from ..task import Task

FLUSH_SECONDS = 1.0
# An answer that another process gave a moment ago is in the journal after so long.
PATIENCE_SECONDS, AGAIN_SECONDS = 1.2, 0.3


@dataclass(frozen=True)
class Desk:
    """Takes remarks about answers of the journal, whichever process gave them. `keeper` is that of this process;
    `task` gives the task of the version at work; `patience` is how many seconds an answer may take to arrive."""

    journal: Journal
    task: Callable[[], Task]
    keeper: Keeper | None = None
    options: JournalOptions = field(default_factory=JournalOptions)
    patience: float = PATIENCE_SECONDS

    def take(self, remarks: Sequence[Remark]) -> Sequence[Problem]:
        """Keep all of them, or none; gives what may be a mistake.

        Raises `AnswerMissing` naming every id that no answer has, or `RequestInvalid` naming what cannot be read.
        """
        heard = self._heard(remarks)
        if heard.missing:
            raise AnswerMissing.of(heard.missing)
        if heard.wrong:
            raise RequestInvalid.of(heard.wrong)
        self.journal.say(heard.said)
        return heard.doubts

    def _heard(self, remarks: Sequence[Remark]) -> Heard:
        """The remarks with their answers; those of answers that are still on their way wait for them."""
        latest = time.monotonic() + self.patience
        heard = self._looked_up(remarks)
        if heard.missing and self.keeper is not None:
            self.keeper.flush(FLUSH_SECONDS)
            heard = self._looked_up(remarks)
        while heard.missing and time.monotonic() < latest and any(is_id(remark.asked) for remark in remarks):
            time.sleep(AGAIN_SECONDS)
            heard = self._looked_up(remarks)
        return heard

    def _looked_up(self, remarks: Sequence[Remark]) -> Heard:
        answers = self.journal.find({remark.asked for remark in remarks})
        return hear(remarks, answers, self.task(), origin="api", now=utc_now(), redact=self.options.redact)
