"""limits_of: what a server accepts, as a user names it."""

from __future__ import annotations

from collections.abc import Iterable

from ..recipe import options_of
from ..serving import ServingOptions, is_loopback

# Requests a second of one client where the whole network can ask.
RATE = 100.0


def limits_of(host: str, rate: float | None = None, limits: Iterable[str] = ()) -> ServingOptions:
    """The limits of a server at `host`: `limits` (each `max_rows=1000`) over the defaults; without a `rate` as many
    requests a second as anybody likes from this machine, and 100 of one client from others. Raises `RecipeError`."""
    usual = 0.0 if is_loopback(host) else RATE
    return options_of(ServingOptions, [f"rate={usual if rate is None else rate}", *limits], "--limit", "max_rows=1000")
