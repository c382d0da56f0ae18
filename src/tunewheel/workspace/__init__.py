"""The team's folder: versions and their bundles, frozen test sets, runs, reports, the ledger."""

from .columns import content_sha256
from .frozen import FrozenTest
from .locks import FolderLock
from .workspace import DEFAULT_FOLDER, Workspace

__all__ = ["DEFAULT_FOLDER", "FolderLock", "FrozenTest", "Workspace", "content_sha256"]
