"""Where things are kept: one database through SQLAlchemy, SQLite by default, PostgreSQL by URL."""

from .store import Store

__all__ = ["Store"]
