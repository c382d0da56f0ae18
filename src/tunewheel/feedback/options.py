"""JournalOptions: which answers a server keeps, for how long, and what of them."""

from __future__ import annotations

from pydantic import Field

from ..records import Options


class JournalOptions(Options):
    """What a server keeps of what it answers. A client opts out with the header `Tunewheel-Keep: no`."""

    keep: float = Field(
        default=1.0, ge=0, le=1, description="Share of the answers that is kept, chosen by a hash of their ids."
    )
    days: int = Field(default=90, ge=1, description="How long an answer is kept that nobody said anything of, in days.")
    redact: bool = Field(
        default=True, description="Whether letters and digits of personal data become x and 0 before a row is kept."
    )
    picture_bytes: int = Field(
        default=200_000, ge=0, description="Largest picture that is kept; of a larger one only its answer is."
    )
    waiting_rows: int = Field(
        default=10_000, ge=1, description="Most answers that may wait to be written; more are dropped and counted."
    )
