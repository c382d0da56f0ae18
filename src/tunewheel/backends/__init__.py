"""Where things are kept: one database through SQLAlchemy, SQLite by default, PostgreSQL by URL."""

from .store import Store
from .urls import checked_url, without_password

__all__ = ["Store", "checked_url", "without_password"]
