"""Options: the settings of one room, described field by field, checked once at the edge."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Settings that live with the code that uses them. Every field has a description; unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, protected_namespaces=())
