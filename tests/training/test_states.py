"""States of layers that stand still: computed once, kept by content, and as good as computing them every time."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tunewheel.models.adapters import choose_moving, standing
from tunewheel.models.backbone import load_backbone
from tunewheel.models.text.encoder import STATES
from tunewheel.training import states
from tunewheel.training.loop import Session, train
from tunewheel.training.reading import ModuleEngine, features
from tunewheel.training.states import with_states


@pytest.fixture
def module(small):
    def make(mode: str = "partial"):
        torch.manual_seed(0)
        made = small.task.adapt(load_backbone(small.folder))
        made.dropout.p = 0.0
        choose_moving(made, mode, layers=1, rank=4)
        return made

    return make


@pytest.mark.parametrize(("mode", "layers"), [("full", 0), ("partial", 1), ("head", 2), ("lora", 0)])
def test_layers_below_the_first_that_moves_stand_still(module, mode: str, layers: int) -> None:
    assert standing(module(mode).backbone) == layers


def test_without_moving_words_the_rest_of_the_embeddings_still_moves(small) -> None:
    made = small.task.adapt(load_backbone(small.folder))
    choose_moving(made, "full", words=False)
    assert standing(made.backbone) == 0


@pytest.mark.parametrize("mode", ["partial", "head"])
def test_features_from_states_are_those_of_the_whole_body(small, module, tmp_path: Path, mode: str) -> None:
    made = module(mode)
    whole = features(made, small.train)
    kept = with_states(made, small.train, tmp_path, half=False)
    assert kept[STATES].shape == (int(small.train["tokens"].sum()), made.backbone.width)
    assert np.abs(features(made, kept) - whole).max() < 5e-3
    assert np.abs(features(made, small.train) - whole).max() < 1e-6, "rows without states are read from their ids"


def test_training_from_states_learns_what_training_from_ids_learns(small, module, tmp_path: Path) -> None:
    answers = []
    for cached in (False, True):
        made = module()
        rows = with_states(made, small.train, tmp_path, half=False) if cached else small.train
        options = small.session(mode="partial", dropout=0.0).options
        losses = [step.loss for step in train(Session(small.task, made, options, 0), rows, None)]
        answers.append((losses, ModuleEngine(made)(small.held)["logits"]))
    (losses, logits), (from_states, logits_from_states) = answers
    assert from_states == pytest.approx(losses, abs=0.01)
    assert np.abs(logits - logits_from_states).max() < 0.05


def test_states_are_computed_once_and_again_when_rows_or_weights_are_others(
    small, module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    write = states._write
    monkeypatch.setattr(states, "_write", lambda path, *rest: (written.append(path), write(path, *rest)))
    for _ in range(2):
        with_states(module(), small.train, tmp_path, half=False)
    assert len(written) == 1
    with_states(module(), small.held, tmp_path, half=False)
    with_states(module("head"), small.train, tmp_path, half=False)
    changed = module()
    with torch.no_grad():
        changed.backbone.body.embeddings.word_embeddings.weight[5] += 1
    with_states(changed, small.train, tmp_path, half=False)
    assert len(written) == len(set(written)) == 4


def test_the_least_recently_used_states_make_room(small, module, tmp_path: Path, monkeypatch) -> None:
    made = module()
    size = int(small.train["tokens"].sum()) * made.backbone.width * 2
    monkeypatch.setattr(states, "MOST_BYTES", int(2.5 * size))
    for number, name in enumerate(("oldest", "newer")):
        (tmp_path / f"{name}.npy").write_bytes(bytes(size))
        states.os.utime(tmp_path / f"{name}.npy", (number, number))
    with_states(made, small.train, tmp_path, half=False)
    assert sorted(path.stem for path in tmp_path.glob("*.npy") if len(path.stem) < 10) == ["newer"]


def test_where_nothing_stands_still_or_the_disk_is_small_rows_stay_as_they_are(
    small, module, tmp_path: Path, monkeypatch
) -> None:
    assert with_states(module("full"), small.train, tmp_path, half=False) is small.train
    monkeypatch.setattr(states, "MOST_BYTES", 100)
    assert with_states(module(), small.train, tmp_path, half=False) is small.train
    assert not list(tmp_path.iterdir())
