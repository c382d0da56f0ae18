"""What all tests share: no network but loopback, one thread, fixed seeds, tiny bodies, real data where it is found."""

import os

# Before anything imports torch or a tokenizer.
for name, value in {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
}.items():
    os.environ.setdefault(name, value)
# A workspace of a test is kept where the test says.
os.environ.pop("TUNEWHEEL_DATABASE", None)

import ipaddress
import random
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent / "fakes"))

if TYPE_CHECKING:
    from postgres_server import Server

# A busy machine is no failure, and every run tries the same examples.
settings.register_profile("tunewheel", deadline=None, derandomize=True, database=None)
settings.load_profile("tunewheel")


# The same examples in every run, and no deadline: machines are shared, and a timing is never a failure.
settings.register_profile("tunewheel", derandomize=True, deadline=None)
settings.load_profile("tunewheel")


class NetworkBlocked(RuntimeError):
    """A test tried to leave this machine. Not an OSError, so that no code takes it for a server that is down."""


def _refuse_elsewhere(host: Any, *, asked: bool = False) -> None:
    """Raise `NetworkBlocked` for a host that is not this machine; to look up an address in numbers asks nobody."""
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost").partition("%")[0]
    try:
        address = ipaddress.ip_address(name)
        allowed = asked or address.is_loopback
    except ValueError:
        allowed = name == "localhost"
    if not allowed:
        raise NetworkBlocked(f"tests have no network; {name!r} was asked for")


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Connections and name look-ups that leave this machine fail with a sentence."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(method: Any) -> Any:
        def call(self: socket.socket, address: Any) -> Any:
            if isinstance(address, tuple):  # everything else is a file
                _refuse_elsewhere(address[0])
            return method(self, address)

        return call

    def guarded_look_up(host: Any, *arguments: Any, **named: Any) -> Any:
        _refuse_elsewhere(host, asked=True)
        return look_up(host, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(connect))
        patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture(autouse=True)
def fixed_seeds() -> None:
    """Python's and numpy's global generators start alike in every test; torch's too, once something has loaded it."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder: a random BERT of two layers of 32 numbers that knows the words of `small_texts`."""
    from small_texts import every_text

    from tunewheel.models.tiny import tiny_text

    return tiny_text(tmp_path_factory.mktemp("tiny") / "text", every_text())


@pytest.fixture(scope="session")
def tiny_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder: a random network for small pictures."""
    from tunewheel.models.tiny import tiny_image

    return tiny_image(tmp_path_factory.mktemp("tiny") / "image")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the real data sets; skips where it is not at hand."""
    root = Path(os.environ.get("TUNEWHEEL_SHARED") or Path(__file__).parents[2] / "shared")
    if not (root / "data").is_dir():
        pytest.skip(f"no shared data in {root} (name another folder in TUNEWHEEL_SHARED)")
    return root / "data"


@pytest.fixture(scope="session")
def postgres() -> Iterator["Server"]:
    """A real PostgreSQL server, started once; skips where it can neither be found nor installed."""
    server = pytest.importorskip("postgres_server", reason="psycopg is not installed", exc_type=ImportError)
    with ExitStack() as stack:
        try:
            started = stack.enter_context(server.running())
        except server.NoServer as why:
            pytest.skip(str(why))
        yield started


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, once for each kind there is."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'tunewheel.db'}"
        return
    with request.getfixturevalue("postgres").schema() as url:
        yield url
