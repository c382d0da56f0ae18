"""Which database a workspace is kept in: a file of its folder, or PostgreSQL, whose URL the folder remembers."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from ..backends import Store, checked_url, without_password
from ..errors import WorkspaceError
from ..registry.durable import PARTIAL, sync

DATABASE = "tunewheel.db"
PLACE = "database.json"
VARIABLE = "TUNEWHEEL_DATABASE"


@dataclass(frozen=True, slots=True)
class Place:
    """What `database.json` holds: a URL without its password, and the name by which database and folder know each
    other."""

    url: str
    workspace: str


def is_workspace(folder: Path) -> bool:
    """Whether the folder has a database or knows of one."""
    return (folder / DATABASE).is_file() or (folder / PLACE).is_file()


def open_store(folder: Path, database: str | None = None) -> Store:
    """The store of the workspace in `folder`; a new one is begun in `database`, or what `TUNEWHEEL_DATABASE` names, or
    else a file.

    Raises `WorkspaceError` when the workspace is kept in another database than the one named, when the database
    belongs to another workspace or was emptied, and when it cannot be used.
    """
    named, place = database or os.environ.get(VARIABLE, ""), _read(folder)
    if not named and place is None:
        return Store.in_file(folder / DATABASE)
    if (folder / DATABASE).is_file():
        raise _begun_elsewhere(folder, f"the file {DATABASE}")
    url = checked_url(named or (place.url if place else ""))
    if url.get_backend_name() == "sqlite":
        raise WorkspaceError(
            "a workspace keeps its SQLite file inside its folder.",
            where=str(folder),
            mend=f"Leave {VARIABLE} (or `database`) empty, or name a PostgreSQL database.",
        )
    _same(folder, place, without_password(url))
    store = Store(url)
    try:
        _claim(folder, store, without_password(url))
    except BaseException:
        store.close()
        raise
    return store


def _claim(folder: Path, store: Store, url: str) -> None:
    """Make folder and database each other's, or see that they are.

    The file comes first: who finds a database that has an owner finds the file too, also when two begin at once.
    """
    owner = store.owner()
    place = _read(folder)
    if owner is None:
        _refuse_emptied(folder, url)
        place = place or _write(folder, Place(url, secrets.token_hex(16)))
        _same(folder, place, url)
        owner = store.claim(place.workspace)
    if place is None or owner != place.workspace:
        raise WorkspaceError(
            "this database belongs to another workspace.",
            where=url,
            mend="Give each workspace a database or a schema of its own (…/database?options=-csearch_path%3Dschema).",
        )


def _refuse_emptied(folder: Path, url: str) -> None:
    versions = folder / "versions"
    if versions.is_dir() and any(versions.iterdir()):
        raise WorkspaceError(
            "this database is empty, but there are versions in the workspace.",
            where=url,
            mend=f"Restore the database from a copy, or name the right one in {folder / PLACE}.",
        )


def _same(folder: Path, place: Place | None, url: str) -> None:
    """Raise `WorkspaceError` when the folder remembers another database than `url`."""
    if place is not None and place.url != url:
        raise _begun_elsewhere(folder, place.url)


def _begun_elsewhere(folder: Path, where: str) -> WorkspaceError:
    return WorkspaceError(
        f"this workspace keeps its versions and decisions in {where}, and another database was named.",
        where=str(folder),
        mend=f"Unset {VARIABLE} (or leave `database` out) to use it, or begin a new workspace in the other database. "
        f"If the database has moved to another address, write that into {PLACE}.",
    )


def _read(folder: Path) -> Place | None:
    path = folder / PLACE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Place(str(found["url"]), str(found["workspace"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise WorkspaceError("this file is damaged.", where=str(path), mend="Restore it from a copy.") from None


def _write(folder: Path, place: Place) -> Place:
    """Write the file, whole and only once: what somebody else wrote first counts."""
    temporary = folder / f".{PLACE}-{secrets.token_hex(4)}{PARTIAL}"
    temporary.write_text(json.dumps({"url": place.url, "workspace": place.workspace}, indent=2) + "\n", "utf-8")
    try:
        sync(temporary)
        # A link, because renaming would replace what is there.
        (folder / PLACE).hardlink_to(temporary)
        sync(folder)
    except FileExistsError:
        return _read(folder) or place
    finally:
        temporary.unlink(missing_ok=True)
    return place
