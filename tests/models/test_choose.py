from pathlib import Path
from typing import Any

import pytest

from tunewheel.errors import ModelDamaged
from tunewheel.models import estimate
from tunewheel.models.choose import choose

PLENTY = 16_000


@pytest.mark.parametrize(
    ("profile", "cased_matters", "name"),
    [
        ({"language": "en"}, False, "minilm-l6"),
        ({}, False, "minilm-l6"),
        ({"language": "zh"}, False, "e5-small"),
        ({"language": "de"}, True, "e5-small"),
        ({"language": "en", "languages": {"en": 0.9, "es": 0.1}}, False, "e5-small"),
        ({"language": "en", "languages": {"en": 0.98, "es": 0.02}}, False, "minilm-l6"),
        ({"language": "en", "languages": {"en": 0.4, "und": 0.6}}, False, "minilm-l6"),
        ({"language": "other", "languages": {"und": 1.0}}, False, "e5-small"),
        ({"language": "und", "languages": {"und": 0.97, "pt": 0.03}}, True, "e5-small"),
        ({"language": "en", "cased": 0.2}, True, "e5-small"),
        ({"language": "en", "cased": 0.0}, True, "minilm-l6"),
    ],
)
def test_text_gets_the_body_that_reads_it(profile: dict[str, Any], cased_matters: bool, name: str) -> None:
    choice = choose(profile, "text", cased_matters=cased_matters, memory_mb=PLENTY)
    assert choice.entry.name == name and choice.because and "\n" not in choice.because


def test_a_language_that_cannot_be_told_is_not_called_english() -> None:
    because = choose({"language": "other", "languages": {"und": 1.0}}, "text", memory_mb=PLENTY).because
    assert because == "it cannot be told that the texts are English, and it reads about 100 languages"
    mixed = choose({"language": "other", "languages": {"und": 0.8, "es": 0.2}}, "text", memory_mb=PLENTY).because
    assert "(es)" in mixed


@pytest.mark.parametrize(
    ("side", "name"),
    [(28, "small-cnn"), (48, "small-cnn"), (64, "efficientnet-lite0"), (0, "efficientnet-lite0")],
)
def test_pictures_get_the_body_for_their_size(side: int, name: str) -> None:
    assert choose({"side": side}, "image", memory_mb=PLENTY).entry.name == name


def test_little_memory_gets_a_smaller_body_that_reads_the_same() -> None:
    choice = choose({"side": 200}, "image", memory_mb=1000)
    assert choice.entry.name == "small-cnn" and "1,500 MB" in choice.because


def test_no_smaller_body_for_the_language_is_said_and_not_hidden() -> None:
    choice = choose({"language": "zh"}, "text", memory_mb=1300)
    assert choice.entry.name == "e5-small" and "1,300 MB are free" in choice.because


def test_a_container_has_its_share_of_cores_and_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "CGROUP", tmp_path)
    whole = estimate.available_memory_mb()
    for name, text in {"cpu.max": "100000 100000", "memory.max": "300000000", "memory.current": "100000000"}.items():
        (tmp_path / name).write_text(text + "\n")
    assert estimate.cores() == 1 and estimate.available_memory_mb() == 200 < whole
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert estimate.cores() >= 1 and estimate.available_memory_mb() > 200


def test_time_is_the_median_rate_after_the_first_step() -> None:
    probes = [(100, 9.0), (100, 1.0), (200, 2.0), (100, 5.0)]
    assert estimate.seconds_a_unit(probes) == pytest.approx(0.01)
    assert estimate.seconds_a_unit([(100, 9.0)]) == pytest.approx(0.09)


def test_what_a_body_computes_and_needs_is_told_by_its_file(tiny_folder: Path, tmp_path: Path) -> None:
    layer = 4 * (32 * 32 + 32) + 2 * 4 * 32 * 32 + (4 * 32 + 32) + 4 * 32  # attention, feed-forward, two norms
    assert estimate.computing_weights(tiny_folder) == 2 * layer
    assert 600 <= estimate.needed_memory_mb(tiny_folder) < 610
    (tmp_path / "tunewheel.json").write_text('{"memory_mb": 3200}')
    assert estimate.needed_memory_mb(tmp_path) == 3200
    (tmp_path / "model.safetensors").write_bytes(b"nothing at all")
    with pytest.raises(ModelDamaged, match="cannot be read"):
        estimate.computing_weights(tmp_path)
