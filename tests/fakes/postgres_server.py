"""A real PostgreSQL server of our own for tests: installed where it is not there, in a temporary folder, then gone."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

PROGRAMS = Path("/usr/lib/postgresql")
USER, DATABASE = "tunewheel", "postgres"
_INSTALL = "apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql"
_PATIENCE_SECONDS = 60.0
# The server goes when its standard input closes: also when the tests were killed. At once: nobody needs its data.
_TIED = """
folder=$1; shift
"$@" </dev/null & server=$!
read -r _
kill -QUIT "$server"
wait "$server"
rm -rf "$folder"
"""
# Nothing here has to survive a power failure.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "listen_addresses": "127.0.0.1",
}


class NoServer(Exception):
    """PostgreSQL can neither be found nor installed, or does not start; the text says why."""


@dataclass(frozen=True)
class Server:
    """A running server; everything in it may be changed."""

    port: int
    password: str

    @property
    def url(self) -> str:
        """The URL of its database, with the password."""
        return f"postgresql+psycopg://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def run(self, statement: str) -> None:
        """Run a statement in a connection of its own."""
        with self.connect() as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def connect(self) -> psycopg.Connection[Any]:
        """A connection that commits each statement."""
        plain = self.url.replace("+psycopg", "")
        return psycopg.connect(plain, autocommit=True, connect_timeout=5)

    @contextmanager
    def schema(self) -> Iterator[str]:
        """The URL of a new, empty schema."""
        name = f"test_{secrets.token_hex(6)}"
        self.run(f"CREATE SCHEMA {name}")
        yield f"{self.url}?options=-csearch_path%3D{name}"
        self.run(f"DROP SCHEMA {name} CASCADE")


@contextmanager
def running() -> Iterator[Server]:
    """A throw-away server on a free port of the loopback. Raises `NoServer`."""
    programs = found() or installed()
    folder = Path(tempfile.mkdtemp(prefix="tunewheel-postgres-"))
    try:
        password = secrets.token_urlsafe(12)
        _make_cluster(programs, folder, password)
        with _started(programs, folder, password) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def found() -> Path | None:
    """The folder with the newest `initdb` and `postgres` on this machine."""
    places = sorted(PROGRAMS.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])) if PROGRAMS.is_dir() else []
    on_path = shutil.which("initdb")
    places = places or ([Path(on_path).resolve()] if on_path else [])
    return places[-1].parent if places else None


def installed() -> Path:
    """The same after installing Debian's package, which needs root."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoServer("PostgreSQL is not there, and only root can install it (Debian: apt-get install postgresql)")
    silent = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(["sh", "-c", _INSTALL], env=silent, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        raise NoServer("PostgreSQL cannot be installed: the packages do not come") from None
    folder = found()
    if done.returncode or folder is None:
        raise NoServer(f"PostgreSQL cannot be installed: {done.stderr.strip()[-300:]}")
    return folder


def _owner() -> dict[str, Any]:
    """Who runs the server: initdb refuses root, so it is the user that Debian's package makes."""
    if os.geteuid() != 0:
        return {}
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise NoServer("root may not run PostgreSQL, and there is no user 'postgres'") from None
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _make_cluster(programs: Path, folder: Path, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if _owner():
        shutil.chown(folder, "postgres", "postgres")
        shutil.chown(secret, "postgres", "postgres")
    asked = ["-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    command = [str(programs / "initdb"), "-D", str(folder / "data"), *asked]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, **_owner())
    if done.returncode:
        raise NoServer(f"initdb failed: {done.stderr.strip()[-300:]}")


@contextmanager
def _started(programs: Path, folder: Path, password: str) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        server = Server(free.getsockname()[1], password)
    settings = {**_SETTINGS, "port": str(server.port), "unix_socket_directories": str(folder)}
    flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = ["sh", "-c", _TIED, "sh", str(folder), str(programs / "postgres"), "-D", str(folder / "data"), *flags]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=log, **_owner())
    try:
        _wait(server, process, folder / "log")
        yield server
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=_PATIENCE_SECONDS)


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return server.connect().close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                words = log.read_text(errors="replace").strip()[-300:]
                raise NoServer(f"PostgreSQL does not start: {words or error}") from error
            time.sleep(0.05)
