"""ServingOptions: what a server accepts, how long it may take, how much may wait."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from ..records import Options


class ServingOptions(Options):
    """Limits of a server. The defaults suit one small machine."""

    model_config = ConfigDict(allow_inf_nan=False)

    max_text_body: int = Field(default=1_000_000, ge=1_000, description="Largest request body in bytes for texts.")
    max_image_body: int = Field(default=10_000_000, ge=1_000, description="Largest request body in bytes for pictures.")
    max_rows: int = Field(default=256, ge=1, description="Most rows in one request.")
    max_characters: int = Field(default=100_000, ge=1, description="Longest text in characters.")
    max_pixels: int = Field(default=25_000_000, ge=1, description="Largest picture in pixels, read from its header.")
    max_depth: int = Field(default=16, ge=3, description="Deepest nesting of a JSON body.")
    max_headers: int = Field(default=64, ge=8, description="Most headers in one request.")
    max_header_bytes: int = Field(
        default=16_384, ge=1_024, description="Largest sum of header names and values in bytes."
    )
    max_connections: int = Field(
        default=2_048, ge=1, description="Most connections open at a time; each worker process has as many."
    )
    seconds: float = Field(default=30.0, gt=0, description="Longest time a request may take, waiting included.")
    drain_seconds: float = Field(
        default=30.0, gt=0, description="Longest time to finish what is in flight when told to stop."
    )
    head_seconds: float = Field(default=10.0, gt=0, description="Longest time in which a client may send its headers.")
    idle_seconds: int = Field(default=15, ge=1, description="How long a connection may stay open without a request.")
    queue_rows: int = Field(default=2_048, ge=1, description="Most rows that may wait; beyond it the answer is 503.")
    queue_seconds: float = Field(
        default=1.0, gt=0, description="Longest time that a request may have to wait for others; beyond it it is a 503."
    )
    batch_bytes: int = Field(
        default=16_384, ge=1, description="Most bytes of text of different requests answered together, if that pays."
    )
    rate: float = Field(
        default=0.0, ge=0, description="Most requests a second of one client of one worker process; 0 for any number."
    )
    top: int = Field(
        default=5, ge=1, description="How many labels with their probabilities an answer lists, best first."
    )
