"""Families without a fast path, against their own forward pass."""

from typing import Any

import pytest
import torch
from transformers import CONFIG_MAPPING, AutoModel

from tunewheel.models.backbone import Backbone
from tunewheel.models.text.bodies import build_text_backbone, fill

NEARLY = 1e-4
FAMILIES: dict[str, dict[str, Any]] = {
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "pad_token_id": 0},
    "mpnet": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64},
    "deberta-v2": {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
        "relative_attention": True, "position_buckets": 8, "pos_att_type": ["p2c", "c2p"], "pad_token_id": 0,
    },
    "modernbert": {
        "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64,
        "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3,
    },
}  # fmt: skip
LENGTHS = [9, 1, 21]


@pytest.fixture(params=FAMILIES)
def pair(request: pytest.FixtureRequest) -> tuple[Backbone, torch.nn.Module]:
    """The body behind the flat interface, and transformers' own with the same weights."""
    config = {"model_type": request.param, "vocab_size": 90, "max_position_embeddings": 64, **FAMILIES[request.param]}
    theirs = AutoModel.from_config(CONFIG_MAPPING[request.param].from_dict(config)).eval()
    mine = build_text_backbone(config).eval()
    fill(mine, {name: tensor.clone() for name, tensor in theirs.state_dict().items()}, "here")
    return mine, theirs


def tokens() -> torch.Tensor:
    return torch.randint(4, 90, (sum(LENGTHS),), generator=torch.Generator().manual_seed(0))


def test_the_answers_are_those_of_each_text_alone(pair: tuple[Backbone, torch.nn.Module]) -> None:
    mine, theirs = pair
    ids = tokens()
    with torch.no_grad():
        found = mine({"ids": ids.int(), "lengths": torch.tensor(LENGTHS)})
        alone = [theirs(input_ids=text[None]).last_hidden_state[0] for text in torch.split(ids, LENGTHS)]
    assert found.shape == (31, 32) == (31, mine.width)
    torch.testing.assert_close(found, torch.cat(alone), atol=NEARLY, rtol=NEARLY)


def test_its_layers_are_known_for_partial_training(pair: tuple[Backbone, torch.nn.Module]) -> None:
    mine, _ = pair
    layers = FAMILIES[mine.config["model_type"]].get("num_hidden_layers", 2)
    assert len(mine.blocks()) == layers
    inside = sum(p.numel() for block in mine.blocks() for p in block.parameters())
    assert 0 < inside < sum(p.numel() for p in mine.parameters())
