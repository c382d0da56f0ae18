"""One small run that several stories look at."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from listening import Listening
from live_server import SECRET, Server
from small_texts import banking, intents, write_csv

from tunewheel.registry import Token, digest
from tunewheel.workflows.run import Run
from tunewheel.workflows.tune import tune
from tunewheel.workspace import Workspace

SETTINGS = ("training.epochs=3", "training.batch_units=1024", "training.precision=fp32")


@dataclass(frozen=True)
class Tuned:
    """A finished run: its data, its workspace, and what it said."""

    data: Path
    workspace: Path
    run: Run
    heard: Listening


@pytest.fixture(scope="session")
def tuned(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path, request: pytest.FixtureRequest) -> Tuned:
    """240 questions to a bank of four intents (made ones where the real ones are not at hand)."""
    home = tmp_path_factory.mktemp("story")
    try:
        rows = banking(request.getfixturevalue("shared_data"), 240, labels=4)
    except pytest.skip.Exception:
        rows = intents(240)
    data, heard = write_csv(home / "questions.csv", rows), Listening()
    run = tune(data, workspace=home / "team", model=str(tiny_folder), sets=SETTINGS, say=heard)
    return Tuned(data, home / "team", run, heard)


@pytest.fixture
def subprocess_modules(tmp_path: Path) -> Callable[[str], tuple[set[str], set[str]]]:
    """Packages that some code loads in a fresh interpreter, and the files it made where it ran."""

    def run(code: str) -> tuple[set[str], set[str]]:
        told = f"{code}; import sys; print(*{{name.split('.')[0] for name in sys.modules}})"
        done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, cwd=tmp_path)
        return set(done.stdout.split()), {path.name for path in tmp_path.iterdir()}

    return run


@pytest.fixture
def team(tuned, tmp_path: Path) -> Path:
    """A copy of the tuned workspace, with a token in it."""
    copy = tmp_path / "team"
    shutil.copytree(tuned.workspace, copy)
    with Workspace.open(copy) as workspace:
        workspace.tokens.add(Token("story", "admin", digest(SECRET)))
    return copy


@pytest.fixture
def serve(team: Path) -> Iterator[Callable[..., Server]]:
    """Starts a server on the workspace."""
    started: list[Server] = []

    def start(*arguments: str) -> Server:
        started.append(Server(team, *arguments))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def versions(team: Path) -> Iterator[list[str]]:
    """The live version, and another one."""
    with Workspace.open(team) as workspace:
        live = workspace.versions.aliases()["live"]
        yield [live, next(v.id for v in workspace.versions.list() if v.id != live and v.status != "refused")]
