from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tunewheel.errors import BundleDamaged, ModelDamaged
from tunewheel.registry import BaseStore


@pytest.fixture
def source(tmp_path: Path) -> Path:
    save_file({"embedding": np.ones((4, 8), np.float32)}, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


@pytest.fixture
def bases(tmp_path: Path) -> BaseStore:
    return BaseStore(tmp_path / "bases")


def test_tensors_are_kept_once_under_their_hash(bases: BaseStore, source: Path) -> None:
    digest = bases.keep(source)
    assert bases.keep(source) == digest == hashlib.sha256(source.read_bytes()).hexdigest()
    assert [path.name for path in bases.folder.iterdir()] == [f"{digest}.safetensors"]
    assert bases.path(digest).read_bytes() == source.read_bytes()


def test_keeping_mends_a_damaged_copy(bases: BaseStore, source: Path) -> None:
    digest = bases.keep(source)
    bases.path(digest).write_bytes(b"short")
    assert bases.keep(source) == digest
    assert bases.path(digest).read_bytes() == source.read_bytes()


def test_changed_tensors_are_named(bases: BaseStore, source: Path) -> None:
    path = bases.path(bases.keep(source))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(BundleDamaged, match=path.name):
        bases.path(path.stem)


@pytest.mark.parametrize("digest", ["0" * 64, "../model", "/etc/passwd", "", "x\0"])
def test_missing_tensors_and_path_tricks_are_refused(bases: BaseStore, source: Path, digest: str) -> None:
    with pytest.raises(BundleDamaged, match="are missing"):
        bases.path(digest)


def test_what_is_not_safetensors_is_refused(bases: BaseStore, tmp_path: Path) -> None:
    (tmp_path / "fake.safetensors").write_bytes(b"\x80\x04 pickle?")
    (tmp_path / "model.bin").write_bytes(b"x")
    for name in ("fake.safetensors", "model.bin", "nowhere.safetensors"):
        with pytest.raises(ModelDamaged, match=name):
            bases.keep(tmp_path / name)
    assert not bases.folder.exists()
