"""Averages of weights: of trainings that began at one place, and of a training and its beginning."""

from pathlib import Path

import pytest
import torch

from tunewheel.models.adapters import choose_moving
from tunewheel.models.backbone import load_backbone
from tunewheel.models.heads import Headed, TextHead
from tunewheel.training.options import TrainingOptions
from tunewheel.workflows.tuning.average import MOST, NEAR, Averager, part_of_the_way
from tunewheel.workflows.tuning.trial import Ended, Trial

WARM = TrainingOptions(warm_head=True)


@pytest.fixture
def module(tiny_folder: Path) -> Headed:
    made = TextHead(load_backbone(tiny_folder), 3)
    choose_moving(made, "full")
    return made


def trained(
    module: Headed, by: float, score: float, options: TrainingOptions = WARM, ended: Ended = "finished"
) -> Trial:
    """The module with every weight moved by so much."""
    beginning = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    moved = part_of_the_way(module, {name: tensor - 2 * by for name, tensor in beginning.items()}, 0.5)
    choose_moving(moved, "full")
    moved.load_state_dict({name: tensor + by for name, tensor in beginning.items()})
    return Trial(moved, options, 0, score, 1.0, [], [], ended)


def head_of(module: Headed) -> torch.Tensor:
    return module.head.weight.detach()


def test_the_average_lies_in_the_middle_of_the_good_ones(module: Headed) -> None:
    averager = Averager()
    assert averager.with_another(trained(module, 1.0, 0.90)) is None
    mean = averager.with_another(trained(module, 3.0, 0.91))
    assert mean is not None and averager.count == 2
    torch.testing.assert_close(head_of(mean), head_of(module) + 2.0)


def test_a_training_far_below_the_best_would_spoil_it(module: Headed) -> None:
    averager = Averager()
    averager.with_another(trained(module, 1.0, 0.9))
    assert averager.with_another(trained(module, 3.0, 0.9 - 2 * NEAR)) is None
    assert averager.with_another(trained(module, 5.0, 0.9)) is not None and averager.count == 2


@pytest.mark.parametrize(
    ("options", "ended"),
    [
        (TrainingOptions(warm_head=False), "finished"),
        (TrainingOptions(warm_head=True, mode="lora"), "finished"),
        (WARM, "time was up"),
    ],
)
def test_what_began_elsewhere_or_was_cut_short_is_not_averaged(
    module: Headed, options: TrainingOptions, ended: Ended
) -> None:
    averager = Averager()
    averager.with_another(trained(module, 1.0, 0.9))
    assert averager.with_another(trained(module, 3.0, 0.9, options, ended)) is None


def test_trainings_that_moved_other_layers_are_averaged_apart(module: Headed) -> None:
    averager = Averager()
    upper = TrainingOptions(warm_head=True, mode="partial", layers=1)
    averager.with_another(trained(module, 1.0, 0.9))
    assert averager.with_another(trained(module, 3.0, 0.9, upper)) is None


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_weights_go_a_share_of_the_way_from_their_beginning(module: Headed, share: float) -> None:
    beginning = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    end = trained(module, 4.0, 0.9).module
    gone = part_of_the_way(end, beginning, share)
    torch.testing.assert_close(head_of(gone), head_of(module) + 4.0 * share)
    torch.testing.assert_close(head_of(end), head_of(module) + 4.0, msg="the trained module stays as it is")


def test_what_did_not_move_is_shared_and_not_copied(module: Headed) -> None:
    beginning = dict(module.state_dict())
    beginning["head.weight"] = beginning["head.weight"] + 1.0
    half = part_of_the_way(module, beginning, 0.5)
    torch.testing.assert_close(head_of(half), head_of(module) + 0.5)
    words = "backbone.body.embeddings.word_embeddings.weight"
    assert half.state_dict()[words].data_ptr() == module.state_dict()[words].data_ptr()
    assert half.head.weight.data_ptr() != module.head.weight.data_ptr()


def test_no_more_than_a_few_are_kept_whatever_moved_in_them(module: Headed) -> None:
    averager = Averager()
    for number in range(12):
        options = TrainingOptions(warm_head=True, mode="partial", layers=1 + number % 3)
        averager.with_another(trained(module, 1.0, 0.5 + number / 100, options))
    assert len(averager._best) == MOST
