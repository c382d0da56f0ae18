"""The workspace: one folder that holds everything a team keeps, and can be moved or copied as it is."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..backends import Store
from ..errors import CertificateMismatch, VersionMissing, WorkspaceError
from ..registry import LIVE, PREVIOUS, BaseStore, Bundle, Draft, Fill, VariantStore, Version, bundle
from ..registry.durable import remove_partial, unwritable
from ..registry.names import checked_text, contained
from ..registry.versions import checked_draft
from .database import DATABASE, is_workspace, open_store
from .frozen import FrozenTest, FrozenTests
from .held import HeldRows
from .locks import FolderLock

DEFAULT_FOLDER = "tunewheel-workspace"
FOLDERS = ("versions", "bases", "reports", "runs", "tests", "locks", "cache", "exports", "held", "logs")
_WAIT_SECONDS = 600.0
_DAY_SECONDS = 86_400.0


class Workspace:
    """A team's folder. Open it with `Workspace.open(path)`; several processes may have it open at once.

    `versions`, `rollout`, `ledger`, `tokens`, `journal`, `bases`, `variants` and `held` are its stores; what is in
    `cache` can be computed again. Only relative paths are kept, so the folder survives a move.
    """

    def __init__(self, path: Path, store: Store) -> None:
        self.path = path
        self.versions = store.versions
        self.rollout = store.rollout
        self.ledger = store.ledger
        self.tokens = store.tokens
        self.journal = store.journal
        self.bases = BaseStore(path / "bases")
        self.variants = VariantStore(path / "exports")
        self.held = HeldRows(path / "held")
        self.cache = path / "cache"
        self._store = store
        self._locks = FolderLock(path / "locks")
        self._tests = FrozenTests(path / "tests", store.seals, self._locks)

    @classmethod
    def open(cls, path: str | Path = DEFAULT_FOLDER, create: bool = True, database: str | None = None) -> Workspace:
        """The workspace at `path`, made there if `create` and the folder is new or empty.

        A new one is kept in an SQLite file, or where `database` (else the variable `TUNEWHEEL_DATABASE`) says: the URL
        of a PostgreSQL database. The folder remembers it, without the password.

        Raises `WorkspaceError` when `path` is a file or somebody else's folder, or there is no workspace, or it is kept
        in another database than the one named.
        """
        if "\0" in str(path):
            raise WorkspaceError(f"{str(path)!r} is not the name of a folder.", mend="Name a folder.")
        folder = Path(path).absolute()
        try:
            _check_place(folder, create)
            folder.mkdir(parents=True, exist_ok=True)
            # The database first: it is what makes a folder a workspace, so a crash here leaves nothing unusable.
            store = open_store(folder, database)
            for name in FOLDERS:
                (folder / name).mkdir(exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error
        remove_partial(folder / "bases", idle=_DAY_SECONDS)
        return cls(folder, store)

    def close(self) -> None:
        """Give back the database connections."""
        self._store.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def register(self, fill: Fill, draft: Draft, manifest: Mapping[str, Any] | None = None) -> Version:
        """Write a bundle (`fill(folder)` writes its files; `manifest` adds entries) and register it as a version.

        All or nothing: until the last step succeeds nobody sees the version. Raises `WorkspaceError` for a bad name or
        a full disk, `VersionMissing` for an unknown parent, `Busy` when somebody else registers for ten minutes.
        """
        checked_draft(draft)
        if draft.parent:
            draft = replace(draft, parent=self.versions.get(draft.parent).id)
        # One at a time, so that whatever half-written folder is found here belongs to a process that died.
        with self._locks.hold("register", wait=_WAIT_SECONDS):
            remove_partial(self.path / "versions")
            return self._registered(fill, draft, manifest or {})

    def remove_draft(self, reference: str, reason: str) -> Version:
        """Remove a draft with its files.

        Raises `WorkspaceError` when it is no draft or something still needs it (see `VersionStore.remove`),
        `VersionMissing`, `Busy` when somebody registers for ten minutes.
        """
        with self._locks.hold("register", wait=_WAIT_SECONDS):
            removed = self.versions.remove(reference, reason)
            self._remove_files(removed.folder, removed.id)
            return removed

    def sweep(self) -> None:
        """Remove what removals of drafts that died halfway left behind. Raises `Busy` as `remove_draft`."""
        with self._locks.hold("register", wait=_WAIT_SECONDS):
            for facts in (entry.facts for entry in self.ledger.entries("removed")):
                if {"folder", "version"} <= facts.keys():  # an entry that somebody broke names nothing
                    self._remove_files(str(facts["folder"]), str(facts["version"]))

    def _remove_files(self, folder: str, version: str) -> None:
        for path in (contained(self.path, folder), contained(self.path / "exports", version)):
            if path.exists():
                shutil.rmtree(path, ignore_errors=True)

    def _registered(self, fill: Fill, draft: Draft, manifest: Mapping[str, Any]) -> Version:
        version = self._free_id()
        entries = {**manifest, "name": draft.name, "task": draft.task, "kind": draft.kind, "version": version}
        written = bundle.write(self.path / "versions" / version, fill, entries)
        created = written.manifest.created
        return self.versions.add(Version(**vars(draft), id=version, created=created, folder=f"versions/{version}"))

    def _free_id(self) -> str:
        """A new id without a folder. There can be one when the database is an older copy; nothing is overwritten."""
        while (self.path / "versions" / (version := self.versions.reserve())).exists():
            pass
        return version

    def bundle(self, reference: str) -> Bundle:
        """The bundle of a version, by id or alias, with every hash checked.

        Raises `VersionMissing`, or `BundleDamaged` naming every damaged, missing and unexpected file.
        """
        version = self.versions.get(reference)
        return bundle.read(contained(self.path, version.folder)).verify()

    def promote(
        self, reference: str, reason: str, expected: str | None = None, evidence: Mapping[str, Any] | None = None
    ) -> Version:  # fmt: skip
        """Make a version live; the one that was live becomes `previous`. The ledger keeps `reason` and `evidence`.

        With `expected`, only if that version is live now; otherwise raises `Busy`. Raises `CertificateMismatch` when
        the version was refused, `BundleDamaged` when its files are not intact.
        """
        version = self.versions.get(reference)
        if version.status == "refused":
            raise CertificateMismatch(
                f"version {version.id} may not go live: its served answers differ from its evaluated ones.",
                mend=f"Look at its certificate with `tunewheel report {version.id}`, and tune again.",
            )
        self.bundle(version.id)
        said = checked_text(reason, "reason")
        return self.versions.set_alias(LIVE, version.id, expected=expected, reason=said, evidence=evidence)

    def rollback(self) -> Version:
        """Make the previous version live again (and the live one `previous`, so that a second call undoes the first).

        Raises `VersionMissing` when there is none, `Busy` when somebody else changed what is live meanwhile.
        """
        aliases = self.versions.aliases()
        if PREVIOUS not in aliases:
            raise VersionMissing("there is no previous version to go back to.", mend="Look at `tunewheel versions`.")
        self.bundle(PREVIOUS)
        return self.versions.set_alias(LIVE, aliases[PREVIOUS], expected=aliases.get(LIVE), reason="rollback")

    def frozen_test(self, name: str) -> FrozenTest | None:
        """The frozen test set of this name, or None. Raises `FrozenTestChanged` when a byte of it was changed."""
        return self._tests.find(name)

    def freeze_test(
        self, name: str, rows: Sequence[Mapping[str, Any]], keys: Sequence[str], facts: Mapping[str, Any]
    ) -> FrozenTest:
        """Freeze `rows` under `name` (a slug); when the name is taken, what was frozen first is returned instead.

        `keys` are the content keys of the examples, `facts` plain JSON: task, fingerprint of the source file, ...
        Compare `content_sha256(rows)` with the answer's `sha256` to see whether the rows are still the same.
        """
        return self._tests.freeze(name, rows, keys, facts)

    def lock(self, name: str, wait: float = 0.0) -> AbstractContextManager[None]:
        """A lock that one process holds at a time; waits up to `wait` seconds, then raises `Busy` naming the holder."""
        return self._locks.hold(name, wait)

    def new_run(self) -> Path:
        """A new folder for the files of one run: `runs/20261123T210509Z-3fa9c1`."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        folder = self.path / "runs" / f"{stamp}-{secrets.token_hex(3)}"
        folder.mkdir()
        return folder

    def report_folder(self, version: Version) -> Path:
        """The folder for the reports of a version: `reports/v0001`."""
        folder = contained(self.path / "reports", version.id)
        folder.mkdir(exist_ok=True)
        return folder


def _check_place(folder: Path, create: bool) -> None:
    """Raise `WorkspaceError` when `folder` is not a workspace and must not become one."""
    if folder.is_file():
        raise WorkspaceError("this is a file, not a workspace folder.", where=str(folder), mend="Name a folder.")
    if is_workspace(folder):
        return
    # Asked again, for another process may just have begun it.
    if folder.is_dir() and any(folder.iterdir()) and not is_workspace(folder):
        raise WorkspaceError(
            f"this folder has other files in it and no {DATABASE}, so it is not a workspace.",
            where=str(folder),
            mend="Name a workspace, or a new or empty folder.",
        )
    if not create:
        raise WorkspaceError(
            "there is no workspace here.", where=str(folder), mend="`tunewheel tune FILE` makes one, or name another."
        )
