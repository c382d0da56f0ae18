"""Adapters: which parameters move. Full, partial (top layers) and LoRA fine-tuning of a headed module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from torch import Tensor, nn

from ..errors import RecipeError
from .backbone import Backbone
from .heads import Headed

# Names of the vectors of word pieces, by family: half of a small body's parameters, few of them in any batch.
WORDS = ("embeddings.word_embeddings.", "embeddings.tok_embeddings.")
Mode = Literal["full", "partial", "lora", "head"]


def choose_moving(module: Headed, mode: Mode, *, layers: int = 2, rank: int = 8, words: bool = True) -> None:
    """Set `requires_grad` throughout `module` in place.

    "full": all but what never moves; "partial": the top `layers` blocks and the head; "lora": low-rank
    adapters of `rank` in every linear layer of the blocks and the head; "head": the head only. Without `words` the
    vectors of word pieces never move either (figures in docs/log.md).
    """
    backbone = module.backbone
    if not words and any(name.removeprefix("body.").startswith(WORDS) for name, _ in backbone.named_parameters()):
        backbone.frozen = tuple(dict.fromkeys((*backbone.frozen, *WORDS)))
    for name, parameter in backbone.named_parameters():
        never = bool(backbone.frozen) and name.removeprefix("body.").startswith(tuple(backbone.frozen))
        parameter.requires_grad_(mode == "full" and not never)
    if mode == "partial":
        _thaw_top(backbone.blocks(), layers)
    elif mode == "lora":
        _insert_lora(backbone, rank)


def standing(backbone: Backbone) -> int:
    """How many of the lowest layers stand still, with all that is below them: what they compute never changes."""
    blocks = backbone.blocks()
    inside = {id(p) for block in blocks for p in block.parameters()}
    if any(p.requires_grad and id(p) not in inside for p in backbone.parameters()):
        return 0
    moves = [any(p.requires_grad for p in block.parameters()) for block in blocks]
    return moves.index(True) if True in moves else len(blocks)


def _thaw_top(blocks: list[nn.Module], layers: int) -> None:
    if layers > len(blocks):
        raise RecipeError(
            f"training.layers is {layers}, but the body has {len(blocks)} layers.",
            mend=f"Choose 1 to {len(blocks)}, or training.mode: full.",
        )
    for block in blocks[len(blocks) - layers :]:
        block.requires_grad_(True)


def _insert_lora(backbone: Backbone, rank: int) -> None:
    """Low-rank adapters (Hu et al. 2021, arXiv 2106.09685) in the linear layers of the blocks."""
    from peft import LoraConfig, inject_adapter_in_model

    inside = {id(part) for block in backbone.blocks() for part in block.modules()}
    targets = [name for name, part in backbone.named_modules() if isinstance(part, nn.Linear) and id(part) in inside]
    if not targets:
        raise RecipeError("this body has no linear layers for LoRA.", mend="Choose training.mode: full or partial.")
    config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=targets)
    inject_adapter_in_model(config, backbone)


def merge_lora(module: nn.Module) -> None:
    """Fold LoRA adapters into the layers they adapt, in place; the module then looks like any other."""
    from peft.tuners.lora import LoraLayer

    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, LoraLayer):
                child.merge()
                setattr(parent, name, child.get_base_layer())


def moving(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Names and tensors that training changes, buffers of normalisation layers included."""
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            yield name, parameter
    for name, buffer in module.named_buffers():
        if name.endswith(("running_mean", "running_var", "num_batches_tracked")):
            yield name, buffer
