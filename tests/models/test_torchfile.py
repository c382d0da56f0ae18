import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tunewheel.errors import ModelDamaged
from tunewheel.models.convert.torchfile import LEGACY_MAGIC, LEGACY_PROTOCOL, read_state_dict

LAYOUTS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def save(value: Any, path: Path, zipped: bool) -> Path:
    torch.save(value, path, _use_new_zipfile_serialization=zipped)
    return path


@LAYOUTS
def test_a_state_dict_reads_as_torch_reads_it(tmp_path: Path, zipped: bool) -> None:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, bias=False), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2))
    path = save(module.state_dict(), tmp_path / "w.pth", zipped)
    expected = torch.load(path, weights_only=True)
    found = read_state_dict(path)
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.numpy().dtype
        np.testing.assert_array_equal(found[name], tensor.numpy())


@LAYOUTS
def test_views_of_one_storage_and_kinds_of_numbers_survive(tmp_path: Path, zipped: bool) -> None:
    whole = torch.arange(24, dtype=torch.float64).reshape(4, 6)
    tensors = {
        "turned": whole.t(),
        "part": whole[1:3, ::2],
        "half": torch.ones(3, dtype=torch.float16),
        "bool": torch.tensor([True, False]),
        "number": torch.tensor(7),
        "empty": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(torch.ones(2)),
    }
    found = read_state_dict(save(tensors, tmp_path / "w.pth", zipped))
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(found[name], tensor.detach().numpy())


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("import pathlib; pathlib.Path('EVIL').touch()",))


@LAYOUTS
def test_code_in_the_file_is_refused_and_not_run(tmp_path: Path, zipped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = save({"w": torch.ones(1), "x": Evil()}, tmp_path / "w.pth", zipped)
    with pytest.raises(ModelDamaged, match=r"w\.pth.*exec.*refused"):
        read_state_dict(path)
    assert not Path("EVIL").exists()


@LAYOUTS
def test_a_whole_module_is_refused(tmp_path: Path, zipped: bool) -> None:
    path = save(torch.nn.Linear(2, 2), tmp_path / "w.pth", zipped)
    with pytest.raises(ModelDamaged, match="refused"):
        read_state_dict(path)


@LAYOUTS
def test_something_else_than_tensors_is_refused(tmp_path: Path, zipped: bool) -> None:
    with pytest.raises(ModelDamaged, match="something else than tensors"):
        read_state_dict(save({"w": torch.ones(1), "epoch": 3}, tmp_path / "w.pth", zipped))


@LAYOUTS
def test_a_cut_file_is_named(tmp_path: Path, zipped: bool) -> None:
    path = save({"w": torch.ones(1000)}, tmp_path / "w.pth", zipped)
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ModelDamaged, match=r"w\.pth: it is not a PyTorch state dict"):
            read_state_dict(path)


class Pretend:
    """Pickles as a call of torch's tensor maker with sizes of the attacker's choice."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return (torch._utils._rebuild_tensor_v2, self.arguments)


class Storage:
    """Stands for a storage that the pickle refers to."""


class Forger(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        return ("storage", torch.FloatStorage, "0", "cpu", 4, None) if isinstance(value, Storage) else None


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(0, (5,), (1,)), (3, (2,), (1,)), (0, (2, 2), (1, 4)), (-1, (1,), (1,)), (0, (1 << 60,), (0,)), (0, (2,), (-1,))],
)
def test_a_tensor_outside_its_storage_is_refused(
    tmp_path: Path, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    path = tmp_path / "w.pth"
    with path.open("wb") as stream:
        for value in (LEGACY_MAGIC, LEGACY_PROTOCOL, {}):
            pickle.dump(value, stream, protocol=2)
        Forger(stream, protocol=2).dump({"w": Pretend(Storage(), offset, shape, strides, False, {})})
        pickle.dump(["0"], stream, protocol=2)
        stream.write((4).to_bytes(8, "little") + bytes(16))
    with pytest.raises(ModelDamaged, match=r"larger than its storage|impossible sizes"):
        read_state_dict(path)


def test_any_bytes_end_in_an_error_and_not_in_a_crash(tmp_path: Path) -> None:
    path = save({"w": torch.ones(4)}, tmp_path / "w.pth", zipped=False)
    whole = bytearray(path.read_bytes())
    random = np.random.default_rng(0)
    outcomes = set()
    for _ in range(300):
        changed = bytearray(whole)
        changed[int(random.integers(len(whole)))] = int(random.integers(256))
        path.write_bytes(changed)
        try:
            outcomes.add(type(read_state_dict(path)))
        except ModelDamaged:
            outcomes.add(ModelDamaged)
    assert outcomes == {dict, ModelDamaged}


def test_nothing_is_imported_by_reading(tmp_path: Path) -> None:
    (tmp_path / "trap.py").write_text("raise SystemExit('imported')")
    path = tmp_path / "w.pth"
    path.write_bytes(b"\x80\x02ctrap\nboom\n.")
    with pytest.raises(ModelDamaged, match="trap boom"):
        read_state_dict(path)
    assert "trap" not in sys.modules
