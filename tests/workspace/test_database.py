from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import Server

from tunewheel.errors import WorkspaceError
from tunewheel.registry import Draft
from tunewheel.workspace import Workspace

DRAFT = Draft(name="reviews", task="text_classification", kind="floor")


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    with postgres.schema() as found:
        yield found


def fill(folder: Path) -> None:
    (folder / "labels.json").write_text("[]")


def test_a_workspace_in_postgres_is_found_again_without_naming_it(
    tmp_path: Path, url: str, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workspace.open(tmp_path / "team", database=url) as begun:
        version = begun.register(fill, DRAFT)
        begun.promote(version.id, "the first")
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    with Workspace.open(tmp_path / "team", create=False) as again:
        assert again.bundle("live").path == tmp_path / "team" / "versions" / "v0001"
        again.ledger.verify()
    assert not (tmp_path / "team" / "tunewheel.db").exists()
    assert not list((tmp_path / "team").glob("*.partial"))


def test_the_password_is_nowhere_in_the_folder(tmp_path: Path, url: str, postgres: Server) -> None:
    Workspace.open(tmp_path / "team", database=url).close()
    texts = [path.read_text() for path in (tmp_path / "team").rglob("*") if path.is_file()]
    assert any(f"@127.0.0.1:{postgres.port}/" in text for text in texts)
    assert not any(postgres.password in text for text in texts)
    with pytest.raises(WorkspaceError, match="no password"):
        Workspace.open(tmp_path / "team")


def test_a_pgpass_file_gives_the_password(
    tmp_path: Path, url: str, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    Workspace.open(tmp_path / "team", database=url).close()
    secret = tmp_path / "pgpass"
    secret.write_text(f"127.0.0.1:{postgres.port}:*:tunewheel:{postgres.password}\n")
    secret.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(secret))
    Workspace.open(tmp_path / "team").close()


def test_the_environment_names_the_database(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNEWHEEL_DATABASE", url)
    with Workspace.open(tmp_path / "team") as begun:
        begun.register(fill, DRAFT)
    assert (tmp_path / "team" / "database.json").is_file()
    with Workspace.open(tmp_path / "team", database=url) as again:
        assert len(again.versions.list()) == 1


def test_a_workspace_begun_in_a_file_does_not_become_empty_elsewhere(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workspace.open(tmp_path / "team") as begun:
        begun.register(fill, DRAFT)
    monkeypatch.setenv("TUNEWHEEL_DATABASE", url)
    with pytest.raises(WorkspaceError, match=r"in the file tunewheel.db, and another .*Unset TUNEWHEEL_DATABASE"):
        Workspace.open(tmp_path / "team")
    monkeypatch.delenv("TUNEWHEEL_DATABASE")
    assert len(Workspace.open(tmp_path / "team").versions.list()) == 1


def test_a_workspace_in_postgres_does_not_become_empty_in_another_database(
    tmp_path: Path, url: str, postgres: Server
) -> None:
    Workspace.open(tmp_path / "team", database=url).close()
    with postgres.schema() as other, pytest.raises(WorkspaceError, match="another database was named") as caught:
        Workspace.open(tmp_path / "team", database=other)
    assert postgres.password not in str(caught.value)


def test_two_workspaces_do_not_share_a_database(tmp_path: Path, url: str) -> None:
    Workspace.open(tmp_path / "team", database=url).close()
    with pytest.raises(WorkspaceError, match="belongs to another workspace"):
        Workspace.open(tmp_path / "others", database=url)
    assert not (tmp_path / "others" / "database.json").exists()


def test_a_database_that_was_emptied_is_noticed(tmp_path: Path, url: str, postgres: Server) -> None:
    with Workspace.open(tmp_path / "team", database=url) as begun:
        begun.register(fill, DRAFT)
    schema = url.rpartition("%3D")[2]
    postgres.run(f"DROP SCHEMA {schema} CASCADE")
    postgres.run(f"CREATE SCHEMA {schema}")
    with pytest.raises(WorkspaceError, match="this database is empty, but there are versions"):
        Workspace.open(tmp_path / "team", database=url)


def test_a_beginning_that_was_cut_off_is_completed(tmp_path: Path, url: str) -> None:
    Workspace.open(tmp_path / "team", database=url).close()
    place = json.loads((tmp_path / "team" / "database.json").read_text())
    shutil.rmtree(tmp_path / "team")
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "database.json").write_text(json.dumps(place))
    Workspace.open(tmp_path / "team", database=url).close()
    assert (tmp_path / "team" / "versions").is_dir()


def test_processes_that_begin_at_once_begin_one_workspace(tmp_path: Path, url: str) -> None:
    script = "import sys; from tunewheel.workspace import Workspace; Workspace.open(sys.argv[1], database=sys.argv[2])"
    command = [sys.executable, "-c", script, str(tmp_path / "team"), url]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=60)[1] for process in started] == [""] * 3


def test_a_server_that_is_away_leaves_no_workspace_behind(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="127.0.0.1:1/team: the database cannot be used"):
        Workspace.open(tmp_path / "team", database="postgresql://ann@127.0.0.1:1/team")
    Workspace.open(tmp_path / "team").close()


def test_a_file_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="inside its folder"):
        Workspace.open(tmp_path / "team", database=f"sqlite:///{tmp_path / 'x.db'}")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "database.json").write_text('{"url": 1')
    with pytest.raises(WorkspaceError, match="database.json: this file is damaged"):
        Workspace.open(tmp_path)
