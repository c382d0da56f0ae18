"""The roll-out in the database. Obeys `registry.rollout.RolloutStore`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ..errors import VersionMissing, WorkspaceError
from ..feedback.limits import GuardLimits
from ..registry.canonical import canonical_json, utc_now
from ..registry.names import checked_text
from ..registry.rollout import Mode, Rollout, checked_share, nothing_to_end
from ..registry.versions import LIVE, version_id
from .counting import current_number, writing
from .database import Database
from .ledger import enter
from .named import alias_ids, found_version
from .tables import rollouts


class SqlRollout:
    """At most one row, named by the ledger entry that began it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> Rollout | None:
        with self._database.reading() as connection:
            return _now(connection)

    def begin(
        self, mode: Mode, reference: str, share: float, reason: str = "", limits: GuardLimits | None = None
    ) -> Rollout:
        checked_share(mode, share)
        checked_text(reason, "reason")
        with writing(self._database) as connection:
            number, live = found_version(connection, reference).number, alias_ids(connection).get(LIVE)
            if live is None:
                raise VersionMissing("nothing is live yet.", mend=f"Promote it: tunewheel promote {reference}")
            if version_id(number) == live:
                raise WorkspaceError(f"{live} is live itself.", mend="Name another version.")
            facts = {"version": version_id(number), "share": float(share), "against": live, "reason": reason}
            begun = Rollout(
                mode=mode, version=version_id(number), share=float(share), began=utc_now(),
                entry=enter(connection, mode, facts).number, said=current_number(connection, "said"),
                limits=limits or GuardLimits(),
            )  # fmt: skip
            connection.execute(delete(rollouts))
            connection.execute(insert(rollouts).values(_columns(begun, number)))
            return begun

    def stop(self, entry: int, reason: str, evidence: Mapping[str, Any] | None = None) -> bool:
        checked_text(reason, "reason")
        with writing(self._database) as connection:
            now = _now(connection)
            if now is None or now.entry != entry or not now.at_work:
                return False
            connection.execute(update(rollouts).values(share=0.0, stopped=reason))
            _over(connection, now, reason, evidence)
            return True

    def end(self, mode: Mode, reason: str = "") -> Rollout:
        checked_text(reason, "reason")
        with writing(self._database) as connection:
            now = _now(connection)
            if now is None or now.mode != mode:
                raise nothing_to_end(mode, now)
            close(connection, reason)
            return now


def _columns(rollout: Rollout, number: int) -> dict[str, Any]:
    return {**vars(rollout), "version": number, "limits": canonical_json(rollout.limits.model_dump())}


def close(connection: Connection, reason: str) -> None:
    """Remove the roll-out, if there is one, within a transaction of `counting.writing`."""
    now = _now(connection)
    if now is not None:
        connection.execute(delete(rollouts))
        _over(connection, now, reason)


def _over(connection: Connection, rollout: Rollout, reason: str, evidence: Mapping[str, Any] | None = None) -> None:
    facts = {"version": rollout.version, "share": 0.0, "before": rollout.share, "reason": reason}
    enter(connection, rollout.mode, {**facts, **({"evidence": evidence} if evidence else {})})


def _now(connection: Connection) -> Rollout | None:
    row = connection.execute(select(rollouts)).one_or_none()
    if row is None:
        return None
    fields = {**row._mapping, "version": version_id(row.version), "limits": GuardLimits(**json.loads(row.limits))}
    return Rollout(**fields)
