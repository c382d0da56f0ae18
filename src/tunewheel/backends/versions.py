"""Versions and aliases in the database. Obeys `registry.versions.VersionStore`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from ..errors import Busy, WorkspaceError
from ..registry.canonical import canonical_json
from ..registry.names import checked_text
from ..registry.versions import (
    LIVE,
    PREVIOUS,
    Version,
    checked_alias,
    checked_version,
    version_id,
    version_number,
)
from .counting import next_number, writing
from .database import Database
from .ledger import enter
from .named import alias_ids, found_version
from .rollout import close
from .tables import aliases, rollouts, versions


class SqlVersions:
    """Versions as rows; every change enters the ledger in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self) -> str:
        with writing(self._database) as connection:
            return version_id(next_number(connection, "versions"))

    def add(self, version: Version) -> Version:
        checked_version(version)
        with writing(self._database) as connection:
            _refuse_taken(connection, version)
            parent = found_version(connection, version.parent).number if version.parent else None
            connection.execute(insert(versions).values(_columns(version, parent)))
            facts = {"version": version.id, "name": version.name, "task": version.task, "kind": version.kind}
            enter(connection, "registered", {**facts, "status": version.status, "scores": version.scores})
            return version

    def get(self, reference: str) -> Version:
        with self._database.reading() as connection:
            return _version(found_version(connection, reference))

    def list(self) -> Sequence[Version]:
        with self._database.reading() as connection:
            return [_version(row) for row in connection.execute(select(versions).order_by(versions.c.number))]

    def remove(self, reference: str, reason: str = "") -> Version:
        checked_text(reason, "reason")
        with writing(self._database) as connection:
            version = _version(found_version(connection, reference))
            if why := _needed(connection, version):
                raise WorkspaceError(f"{version.id} stays: {why}.", mend="Look at `tunewheel versions --drafts`.")
            connection.execute(delete(versions).where(versions.c.number == version_number(version.id)))
            enter(connection, "removed", {"version": version.id, "folder": version.folder, "reason": reason})
            return version

    def set_alias(
        self, alias: str, reference: str, expected: str | None = None, reason: str = "",
        evidence: Mapping[str, Any] | None = None,
    ) -> Version:  # fmt: skip
        checked_alias(alias)
        with writing(self._database) as connection:
            row, now = found_version(connection, reference), alias_ids(connection).get(alias)
            if expected is not None and now != expected:
                raise _moved(alias, now, expected)
            changes = now != version_id(row.number)
            if changes:
                _point(connection, alias, row.number)
            if changes and alias == LIVE and now is not None:
                _point(connection, PREVIOUS, version_number(now))
            facts = {"alias": alias, "version": version_id(row.number), "before": now, "reason": reason}
            if changes or evidence:
                enter(connection, "alias", {**facts, **({"evidence": evidence} if evidence else {})})
            if changes and alias == LIVE:  # what worked beside another version was never compared with this one
                close(connection, f"{version_id(row.number)} went live")
            return _version(row)

    def aliases(self) -> Mapping[str, str]:
        with self._database.reading() as connection:
            return alias_ids(connection)


def _point(connection: Connection, alias: str, number: int | None) -> None:
    # Delete and insert instead of an upsert, which every database spells differently.
    connection.execute(delete(aliases).where(aliases.c.alias == alias))
    connection.execute(insert(aliases).values(alias=alias, version=number))


def _needed(connection: Connection, version: Version) -> str:
    """Why a version may not go; empty when it may."""
    if version.status != "draft":
        return "it is no draft"
    pointing = [alias for alias, ident in alias_ids(connection).items() if ident == version.id]
    if pointing:
        return f"it is {' and '.join(sorted(pointing))}"
    number = version_number(version.id)
    if connection.execute(select(rollouts.c.entry).where(rollouts.c.version == number)).first():
        return "it works beside the live version"
    child = connection.execute(select(versions.c.number).where(versions.c.parent == number)).scalar()
    return "" if child is None else f"{version_id(child)} was tuned from it"


def _refuse_taken(connection: Connection, version: Version) -> None:
    taken = (versions.c.number == version_number(version.id)) | (versions.c.folder == version.folder)
    if connection.execute(select(versions.c.number).where(taken)).first() is not None:
        raise WorkspaceError(f"the id or folder of version {version.id} is taken.", mend="Reserve a new id.")


def _moved(alias: str, now: str | None, expected: str) -> Busy:
    place = f"points to {now}" if now else "points to nothing"
    return Busy(
        f"the alias {alias!r} {place} now, not to {expected}: somebody else changed it meanwhile.",
        mend="Look at `tunewheel versions`, then decide again.",
    )


def _columns(version: Version, parent: int | None) -> dict[str, Any]:
    return {
        "number": version_number(version.id),
        "name": version.name,
        "task": version.task,
        "kind": version.kind,
        "created": version.created,
        "folder": version.folder,
        "status": version.status,
        "scores": canonical_json(version.scores),
        "certificate": canonical_json(version.certificate),
        "parent": parent,
        "notes": version.notes,
    }


def _version(row: Row[Any]) -> Version:
    fields = {**row._mapping, "parent": None if row.parent is None else version_id(row.parent)}
    fields |= {name: json.loads(fields[name]) for name in ("scores", "certificate")}
    return Version(id=version_id(fields.pop("number")), **fields)
