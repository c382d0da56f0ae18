"""Versions by id or alias, within a connection that is open."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from ..registry.versions import version_id, version_missing, version_number
from .tables import aliases, versions


def found_version(connection: Connection, reference: str) -> Row[Any]:
    """The row of a version by id or alias. Raises `VersionMissing`."""
    known = alias_ids(connection)
    number = version_number(known.get(reference, reference))
    row = connection.execute(select(versions).where(versions.c.number == number)).one_or_none()
    if row is None:
        numbers = connection.execute(select(versions.c.number).order_by(versions.c.number)).scalars()
        raise version_missing(reference, [version_id(each) for each in numbers], known)
    return row


def alias_ids(connection: Connection) -> dict[str, str]:
    """Version ids by alias."""
    return {row.alias: version_id(row.version) for row in connection.execute(select(aliases))}
