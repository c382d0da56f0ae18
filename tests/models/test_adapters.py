import copy
from pathlib import Path

import pytest
import torch

from tunewheel.errors import RecipeError
from tunewheel.models.adapters import choose_moving, merge_lora, moving
from tunewheel.models.backbone import load_backbone
from tunewheel.models.heads import Headed, PictureHead, TextHead

BODY = "backbone.body."
BLOCK = BODY + "encoder.layer."


def module(folder: Path, frozen: tuple[str, ...] = ()) -> TextHead:
    torch.manual_seed(0)
    backbone = load_backbone(folder)
    backbone.frozen = frozen
    return TextHead(backbone, 3, dropout=0.0)


def tensors() -> dict[str, torch.Tensor]:
    ids = torch.arange(10, 22, dtype=torch.int32)
    return {
        "ids": ids,
        "lengths": torch.tensor([5, 7]),
        "tokens": torch.tensor([5, 7]),
        "windows": torch.tensor([1, 1]),
    }


def moved(made: Headed) -> set[str]:
    """Names of the tensors that three steps of training change."""
    before = copy.deepcopy(made.state_dict())
    chosen = [p for p in made.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(chosen, lr=1.0)
    for _ in range(3):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(made(tensors())["logits"], torch.tensor([0, 2])).backward()
        optimizer.step()
    after = made.state_dict()
    return {name for name in before if not torch.equal(before[name], after[name])}


def named(made: Headed) -> set[str]:
    return {name for name, _ in moving(made)}


def test_full_moves_everything(tiny_folder: Path) -> None:
    made = module(tiny_folder)
    choose_moving(made, "full")
    assert named(made) == {name for name, _ in made.named_parameters()}
    # Keys' biases cancel out in the softmax.
    assert named(made) - moved(made) <= {f"{BLOCK}{layer}.attention.self.key.bias" for layer in (0, 1)}


def test_full_leaves_alone_what_never_moves(tiny_folder: Path) -> None:
    made = module(tiny_folder, frozen=("embeddings.word_embeddings",))
    choose_moving(made, "full")
    still = f"{BODY}embeddings.word_embeddings.weight"
    assert still not in named(made) | moved(made)
    assert f"{BODY}embeddings.position_embeddings.weight" in moved(made)


def test_head_moves_the_head_alone(tiny_folder: Path) -> None:
    made = module(tiny_folder)
    choose_moving(made, "head")
    assert named(made) == moved(made) == {"head.weight", "head.bias"}


def test_partial_moves_the_top_layers_and_the_head(tiny_folder: Path) -> None:
    made = module(tiny_folder)
    choose_moving(made, "partial", layers=1)
    expected = {name for name, _ in made.named_parameters() if name.startswith((f"{BLOCK}1.", "head."))}
    assert named(made) == expected
    assert expected - moved(made) <= {f"{BLOCK}1.attention.self.key.bias"}
    assert moved(made) <= expected


def test_more_layers_than_there_are_is_a_mistake_of_the_recipe(tiny_folder: Path) -> None:
    with pytest.raises(RecipeError, match=r"training.layers is 3, but the body has 2 layers. Choose 1 to 2"):
        choose_moving(module(tiny_folder), "partial", layers=3)


def test_lora_moves_only_its_adapters_and_the_head(tiny_folder: Path) -> None:
    made = module(tiny_folder)
    choose_moving(made, "lora", rank=4)
    adapters = {name for name in named(made) if ".lora_" in name}
    assert named(made) == adapters | {"head.weight", "head.bias"}
    # Six linear layers in each of two blocks, two small matrices each.
    assert len(adapters) == 2 * 6 * 2
    assert moved(made) == named(made)


def test_lora_changes_nothing_before_it_has_learnt(tiny_folder: Path) -> None:
    plain, adapted = module(tiny_folder), module(tiny_folder)
    choose_moving(adapted, "lora", rank=4)
    assert torch.equal(plain(tensors())["logits"], adapted(tensors())["logits"])


def test_merged_lora_answers_as_before_and_looks_like_any_module(tiny_folder: Path) -> None:
    plain, adapted = module(tiny_folder), module(tiny_folder)
    choose_moving(adapted, "lora", rank=4)
    moved(adapted)
    adapted.eval()
    before = adapted(tensors())["logits"]
    merge_lora(adapted)
    torch.testing.assert_close(adapted(tensors())["logits"], before, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(before, plain(tensors())["logits"], atol=1e-3)
    assert adapted.state_dict().keys() == plain.state_dict().keys()


def test_lora_needs_linear_layers(tiny_pictures: Path) -> None:
    made = PictureHead(load_backbone(tiny_pictures), 2)
    with pytest.raises(RecipeError, match="no linear layers for LoRA"):
        choose_moving(made, "lora")


def test_running_means_of_pictures_move_too(tiny_pictures: Path) -> None:
    made = PictureHead(load_backbone(tiny_pictures), 2)
    choose_moving(made, "full")
    assert any(name.endswith("running_mean") for name in named(made))


def test_vectors_of_words_stand_still_unless_asked_and_are_then_named_as_frozen(tiny_folder: Path) -> None:
    for words in (True, False):
        made = module(tiny_folder)
        choose_moving(made, "full", words=words)
        still = [name for name, p in made.named_parameters() if not p.requires_grad]
        assert still == ([] if words else ["backbone.body.embeddings.word_embeddings.weight"])
        assert ("embeddings.word_embeddings." in made.backbone.frozen) != words
