import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tunewheel.models.adapters import choose_moving
from tunewheel.models.backbone import load_backbone
from tunewheel.models.heads import TextHead
from tunewheel.training.optimizers import make_optimizer, rate, set_rate
from tunewheel.training.options import TrainingOptions
from tunewheel.training.suggest import suggest


def options(**changes) -> TrainingOptions:
    return TrainingOptions(**changes)


@given(st.integers(1, 500), st.floats(0, 0.9), st.sampled_from(["cosine", "linear", "constant"]))
def test_the_rate_rises_to_its_peak_and_never_leaves_zero_to_one(total: int, warmup: float, schedule: str) -> None:
    shares = [rate(step, total, options(warmup=warmup, schedule=schedule)) for step in range(total)]
    assert all(0 < share <= 1 for share in shares)
    top = shares.index(max(shares))
    assert shares[: top + 1] == sorted(shares[: top + 1])
    assert shares[top:] == sorted(shares[top:], reverse=True)
    assert top <= math.ceil(warmup * total)


def test_the_schedules_end_where_they_should() -> None:
    at = {name: rate(99, 100, options(warmup=0.1, schedule=name)) for name in ("cosine", "linear", "constant")}
    assert at["constant"] == 1.0
    assert at["linear"] == pytest.approx(1 / 90)
    assert at["cosine"] == pytest.approx(0.5 * (1 + math.cos(math.pi * 89 / 90)))
    assert rate(0, 100, options(warmup=0.0)) == 1.0


def test_the_head_learns_at_its_own_rate_and_norms_and_biases_are_not_decayed(tiny_folder: Path) -> None:
    module = TextHead(load_backbone(tiny_folder), 3)
    choose_moving(module, "partial", layers=1)
    optimizer = make_optimizer(module, options(learning_rate=1e-4, head_learning_rate=1e-2, weight_decay=0.3))
    assert set_rate(optimizer, 0.5) == 0.5e-4
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    groups = {names[id(p)]: group for group in optimizer.param_groups for p in group["params"]}
    assert groups.keys() == {name for name, p in module.named_parameters() if p.requires_grad}
    assert groups["head.weight"]["lr"] == 0.5e-2 and groups["head.weight"]["weight_decay"] == 0.3
    for name, group in groups.items():
        assert (group["weight_decay"] == 0.0) == (name.endswith("bias") or "LayerNorm" in name), name


@pytest.mark.parametrize(
    ("name", "kind"), [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)]
)
def test_the_optimiser_is_the_one_that_was_asked_for(tiny_folder: Path, name: str, kind: type) -> None:
    module = TextHead(load_backbone(tiny_folder), 3)
    assert type(make_optimizer(module, options(optimizer=name))) is kind


@pytest.mark.parametrize("reads", ["text", "words", "image"])
def test_fewer_rows_get_more_epochs(reads) -> None:
    epochs = [suggest(reads, rows).epochs for rows in (100, 500, 2_000, 10_000, 50_000, 1_000_000)]
    assert epochs == sorted(epochs, reverse=True) and epochs[-1] >= 2


def test_a_body_with_frozen_words_learns_texts_more_slowly() -> None:
    assert suggest("text", 100, frozen_words=True).learning_rate < suggest("text", 100).learning_rate


def test_parameters_of_one_rate_and_decay_are_taken_together(tiny_folder: Path) -> None:
    module = TextHead(load_backbone(tiny_folder), 3)
    choose_moving(module, "full")
    assert len(make_optimizer(module, options()).param_groups) == 4
