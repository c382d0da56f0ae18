"""The ids of answers: unique without asking anybody, not to be guessed, and growing with time."""

from __future__ import annotations

import os
import time
import uuid

# Ids of older servers are random throughout.
_VERSIONS = (7, 4)


def new_id() -> str:
    """A UUID of version 7 (RFC 9562, 5.7): milliseconds since 1970, then 74 random bits.

    A database puts what grows at the end of its index; random ids touch another page each, which costs a journal of a
    million answers twice the computing time.
    """
    drawn = int.from_bytes(os.urandom(10))
    milliseconds = time.time_ns() // 1_000_000
    bits = milliseconds << 80 | 7 << 76 | (drawn >> 68) << 64 | 2 << 62 | drawn & (1 << 62) - 1
    digits = f"{bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_id(text: str) -> bool:
    """Whether this looks like an id that a server makes."""
    try:
        return uuid.UUID(text).version in _VERSIONS
    except ValueError:
        return False
