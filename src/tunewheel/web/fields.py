"""fields_of: the headers of a request by name, read once for all who look at them; and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.types import Scope

_KEPT = "tunewheel.fields"


def fields_of(scope: Scope) -> Mapping[str, Sequence[str]]:
    """The values of each header, in the order in which they came, by its name in lower case."""
    found: dict[str, list[str]] | None = scope.get(_KEPT)
    if found is None:
        found = scope[_KEPT] = {}
        for name, value in scope["headers"]:
            found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def field_of(scope: Scope, name: str, default: str = "") -> str:
    """The first value of a header, or `default`; its name is given in lower case."""
    values = fields_of(scope).get(name)
    return values[0] if values else default


def address_of(scope: Scope) -> str:
    """The address of who asks."""
    return str((scope.get("client") or ("unknown",))[0])
