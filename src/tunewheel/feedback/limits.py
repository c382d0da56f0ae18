"""GuardLimits: what a canary may do before it is stopped."""

from __future__ import annotations

from pydantic import Field

from ..records import Options


class GuardLimits(Options):
    """What a canary may do before it is stopped by itself."""

    differ: float = Field(
        default=0.3, gt=0, lt=1, description="Share of its rows that it may answer differently from the live version."
    )
    slower: float = Field(
        default=2.0, ge=1, description="How many times longer it may take than 95 % of the live version's answers do."
    )
    level: float = Field(
        default=0.01, gt=0, lt=1, description="Chance, for each server process, that one that is not worse is stopped."
    )
