"""Versions (registered bundles), their aliases, and what a store of them must do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ..errors import VersionMissing, WorkspaceError
from .names import checked_slug, checked_text, checked_title, path_fault

Kind = Literal["module", "floor"]
Status = Literal["ready", "draft", "refused"]
LIVE, CANDIDATE, PREVIOUS = "live", "candidate", "previous"
_ID = re.compile(r"v(\d{4,9})")
_MOST_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is known of a version before it is registered.

    `scores` are numbers by name, `certificate` the proof that served answers equal evaluated ones. `status` is
    "draft" while the test rows have not been asked, and "refused" when that proof failed: such a version may not go
    live. `parent` is the version it was tuned from.
    """

    name: str
    task: str
    kind: Kind
    status: Status = "ready"
    scores: Mapping[str, Any] = field(default_factory=dict)
    certificate: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    notes: str = ""


@dataclass(frozen=True, kw_only=True)
class Version(Draft):
    """A registered bundle. Nothing about it changes later, except which aliases point to it.

    `folder` is relative to the workspace (`versions/v0001`), so that a workspace can be moved. `created` is UTC, ISO
    8601.
    """

    id: str
    created: str
    folder: str


class VersionStore(Protocol):
    """Where versions are kept. Safe for several processes; every change enters the ledger in its own transaction."""

    def reserve(self) -> str:
        """A new id that nobody else gets: `v0001`, `v0002`, ... (a crash may leave a gap)."""

    def add(self, version: Version) -> Version:
        """Keep a version under its reserved id; ledger entry "registered".

        Raises `WorkspaceError` for a bad name or an id that is taken, `VersionMissing` for an unknown parent.
        """

    def get(self, reference: str) -> Version:
        """The version with this id or alias. Raises `VersionMissing`, listing what there is."""

    def list(self) -> Sequence[Version]:
        """All versions, oldest first."""

    def remove(self, reference: str, reason: str = "") -> Version:
        """Forget a draft; ledger entry "removed". Its id is never given again.

        Raises `VersionMissing`, or `WorkspaceError` when it is no draft, an alias points to it, it works beside the
        live version, or another version was tuned from it.
        """

    def set_alias(
        self, alias: str, reference: str, expected: str | None = None, reason: str = "",
        evidence: Mapping[str, Any] | None = None,
    ) -> Version:  # fmt: skip
        """Point `alias` to a version; ledger entry "alias". Setting `live` moves the old one to `previous`.

        With `expected`, only if the alias points to that id now; otherwise raises `Busy`, and nothing changes. The
        entry holds `reason` and `evidence` (plain JSON); with evidence there is one even where nothing changes.
        """

    def aliases(self) -> Mapping[str, str]:
        """Version ids by alias."""


def version_id(number: int) -> str:
    """The id of the version with this number, from 1."""
    return f"v{number:04d}"


def version_number(text: str) -> int | None:
    """The number in an id, or None when `text` is no id."""
    match = _ID.fullmatch(text)
    return int(match[1]) if match else None


def checked_draft(draft: Draft) -> Draft:
    """`draft` if a store may keep it. Raises `WorkspaceError` when a name in it tries to be a path or is broken."""
    checked_title(draft.name)
    checked_slug(draft.task, "task")
    checked_text(draft.notes, "note")
    return draft


def checked_version(version: Version) -> Version:
    """`version` if a store may keep it: a good draft with a real id and a folder inside the workspace."""
    checked_draft(version)
    if version_number(version.id) is None:
        raise VersionMissing(f"{version.id[:80]!r} is no version id.", mend="An id looks like v0001.")
    if fault := path_fault(version.folder):
        raise WorkspaceError(f"the version folder cannot be used: {fault}.", where=repr(version.folder[:80]))
    return version


def checked_alias(alias: str) -> str:
    """`alias` if it can be one: a slug that is not itself a version id."""
    if version_number(alias) is not None:
        raise VersionMissing(f"{alias!r} is a version id, not an alias.", mend="Use a word such as 'live'.")
    return checked_slug(alias, "alias")


def version_missing(reference: str, ids: Sequence[str], aliases: Mapping[str, str]) -> VersionMissing:
    """What to say when nothing goes by the name of `reference`: what there is, and what was probably meant."""
    if not ids:
        return VersionMissing("there is no version yet.", mend="Make the first one with `tunewheel tune FILE`.")
    close = difflib.get_close_matches(reference[:80], [*ids, *aliases], n=1)
    shown = [*(f"{alias} ({ident})" for alias, ident in sorted(aliases.items())), *ids[-_MOST_SHOWN:]]
    more = f" and {len(ids) - _MOST_SHOWN} older ones" if len(ids) > _MOST_SHOWN else ""
    advice = f"Did you mean {close[0]}? " if close else ""
    return VersionMissing(
        f"there is no version or alias {reference[:80]!r}.", mend=f"{advice}There are: {', '.join(shown)}{more}."
    )
