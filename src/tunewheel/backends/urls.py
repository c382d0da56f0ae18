"""URLs of databases: which may be used, and how they are written down without a password."""

from __future__ import annotations

import importlib.util

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from ..errors import WorkspaceError

_EXAMPLE = "Give it as postgresql://user@host/database; the password may also come from PGPASSWORD or ~/.pgpass."
_SECRETS = ("password", "sslpassword")


def checked_url(url: str | URL) -> URL:
    """The URL of an SQLite file or a PostgreSQL database, with the driver that is used here.

    Raises `WorkspaceError` when it is none of the two, or the driver is not installed. Never shows a password.
    """
    try:
        made = make_url(url)
    except (ArgumentError, ValueError):
        # Not repeated: what cannot be read may hold a password.
        raise WorkspaceError("the URL of the database cannot be read.", mend=_EXAMPLE) from None
    if made.drivername == "sqlite":
        return made
    if made.drivername not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise WorkspaceError(f"{made.drivername!r} is no database that can be used here.", mend=_EXAMPLE)
    if importlib.util.find_spec("psycopg") is None:
        raise WorkspaceError(
            "PostgreSQL needs the package psycopg.", mend="Install it with `pip install 'tunewheel[postgres]'`."
        )
    return made.set(drivername="postgresql+psycopg")


def without_password(url: URL) -> str:
    """The URL as it may be written down."""
    plain = url.difference_update_query(_SECRETS)
    return URL.create(
        plain.drivername, plain.username, None, plain.host, plain.port, plain.database, plain.query
    ).render_as_string(hide_password=False)
