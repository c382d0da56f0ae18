"""The flat encoder against transformers' own forward pass as the oracle."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_texts import intents

from tunewheel.errors import ModelDamaged, ModelError
from tunewheel.models.backbone import Backbone, load_backbone
from tunewheel.models.tensors import to_tensors
from tunewheel.models.text.bodies import build_text_backbone, load_text_backbone
from tunewheel.models.text.encoder import Layout
from tunewheel.models.text.processor import TextProcessor

NEARLY = 1e-4
SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "vocab_size": 90,
    "max_position_embeddings": 70, "pad_token_id": 1, "embedding_size": 16,
}  # fmt: skip
SETTINGS: dict[str, dict[str, Any]] = {
    "bert": {"pad_token_id": 0},
    "bert with relu": {"model_type": "bert", "hidden_act": "relu", "pad_token_id": 0},
    "roberta": {"type_vocab_size": 1},
    "xlm-roberta": {"type_vocab_size": 1},
    "camembert": {"type_vocab_size": 1},
    "electra": {"pad_token_id": 0},
}


def flat(lengths: list[int], vocabulary: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random tokens, none of them padding."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(2, vocabulary, (sum(lengths),), generator=generator, dtype=torch.int32)
    return {"ids": ids, "lengths": torch.tensor(lengths, dtype=torch.int32)}


def twin(backbone: Backbone) -> torch.nn.Module:
    """transformers' own body with the same weights."""
    from transformers import CONFIG_MAPPING, AutoModel

    config = CONFIG_MAPPING[backbone.config["model_type"]].from_dict(backbone.config)
    made = AutoModel.from_config(config, attn_implementation="eager")
    left = made.load_state_dict(backbone.body.state_dict(), strict=False)
    assert not left.unexpected_keys and all(name.startswith("pooler.") for name in left.missing_keys)
    return made.eval()


def own_forward(body: torch.nn.Module, tensors: dict[str, torch.Tensor], padding: int) -> torch.Tensor:
    """What transformers answers to the same tokens, padded and masked by hand, as (T, H)."""
    texts = torch.split(tensors["ids"].long(), tensors["lengths"].tolist())
    ids = torch.nn.utils.rnn.pad_sequence(list(texts), batch_first=True, padding_value=padding)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(text) for text in texts], batch_first=True)
    return body(input_ids=ids, attention_mask=mask).last_hidden_state[mask.bool()]


@pytest.fixture(params=SETTINGS)
def backbone(request: pytest.FixtureRequest) -> Backbone:
    """A random body of each family; its biases and norms are random, too."""
    config = {"model_type": request.param, **SMALL, **SETTINGS[request.param]}
    made = build_text_backbone(config)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return made.eval()


def test_hidden_states_are_those_of_transformers(backbone: Backbone) -> None:
    tensors = flat([7, 1, 23, 12], SMALL["vocab_size"])
    with torch.no_grad():
        mine, theirs = backbone(tensors), own_forward(twin(backbone), tensors, backbone.config["pad_token_id"])
    assert mine.shape == (43, 32)
    torch.testing.assert_close(mine, theirs, atol=NEARLY, rtol=NEARLY)


def test_gradients_are_those_of_transformers(backbone: Backbone) -> None:
    tensors = flat([7, 1, 23, 12], SMALL["vocab_size"])
    pull, oracle = torch.randn(43, 32, generator=torch.Generator().manual_seed(5)), twin(backbone)
    (backbone(tensors) * pull).sum().backward()
    (own_forward(oracle, tensors, backbone.config["pad_token_id"]) * pull).sum().backward()
    mine, theirs = (
        {name: p.grad for name, p in body.named_parameters() if p.grad is not None} for body in (backbone.body, oracle)
    )
    assert mine.keys() == theirs.keys() and len(mine) > 30
    for name in mine:
        scale = theirs[name].abs().max().clamp(min=1.0)
        torch.testing.assert_close(mine[name] / scale, theirs[name] / scale, atol=NEARLY, rtol=0, msg=name)


def test_a_text_is_read_alike_alone_and_in_company(backbone: Backbone) -> None:
    lengths = [7, 1, 23, 12]
    tensors = flat(lengths, SMALL["vocab_size"])
    with torch.no_grad():
        together = torch.split(backbone(tensors), lengths)
        for text, ids in zip(together, torch.split(tensors["ids"], lengths), strict=True):
            alone = backbone({"ids": ids, "lengths": torch.tensor([len(ids)])})
            torch.testing.assert_close(alone, text, atol=NEARLY, rtol=NEARLY)


def test_each_window_of_a_text_is_read_by_itself(tiny_folder: Path) -> None:
    backbone = load_backbone(tiny_folder).eval()
    text = " ".join(row["text"] for row in intents(20))
    batch = TextProcessor.load(tiny_folder, max_tokens=32).encode([text])
    windows = np.split(batch["ids"], np.cumsum(batch["lengths"])[:-1])
    with torch.no_grad():
        whole = backbone(to_tensors(batch))
        parts = [backbone({"ids": torch.tensor(w), "lengths": torch.tensor([len(w)])}) for w in windows]
    torch.testing.assert_close(whole, torch.cat(parts), atol=NEARLY, rtol=NEARLY)


def test_padding_is_undone_exactly() -> None:
    lengths = torch.tensor([2, 0, 5])
    layout, rows = Layout(lengths), torch.arange(14.0).view(7, 2)
    padded = layout.pad(rows)
    assert padded.shape == (3, 5, 2)
    assert torch.equal(layout.unpad(padded), rows)
    assert padded[0, 2:].abs().sum() == padded[1].abs().sum() == 0
    assert layout.positions.tolist() == [0, 1, 0, 1, 2, 3, 4]


# Loading


def test_a_checkpoint_with_a_head_and_old_names_gives_the_same_body(tiny_folder: Path, tmp_path: Path) -> None:
    """As bert-base-uncased is published: under "bert.", norms called gamma and beta, with parts of its old task."""
    old = {
        "bert."
        + name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in load_file(tiny_folder / "model.safetensors").items()
    }
    old["cls.predictions.bias"], old["bert.pooler.dense.bias"] = torch.zeros(3), torch.zeros(3)
    save_file(old, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_bytes((tiny_folder / "config.json").read_bytes())
    loaded, expected = load_text_backbone(tmp_path), load_text_backbone(tiny_folder)
    for (name, one), (_, other) in zip(loaded.named_parameters(), expected.named_parameters(), strict=True):
        assert torch.equal(one, other), name


def test_a_body_with_a_missing_and_a_misshapen_tensor_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    tensors = load_file(tiny_folder / "model.safetensors")
    del tensors["encoder.layer.1.output.dense.bias"]
    tensors["embeddings.LayerNorm.weight"] = torch.ones(3)
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_bytes((tiny_folder / "config.json").read_bytes())
    with pytest.raises(ModelDamaged, match=r"missing \['encoder.layer.1.output.dense.bias'\], misshapen \['embeddings"):
        load_text_backbone(tmp_path)


def test_a_family_that_cannot_be_read_is_named_with_those_that_can() -> None:
    with pytest.raises(ModelError, match="'gpt2' is not supported.*bert, roberta"):
        build_text_backbone({"model_type": "gpt2"})


def test_modules_of_one_body_share_what_never_moves_and_nothing_else(tiny_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_folder, tmp_path / "body")
    note = json.loads((tmp_path / "body" / "tunewheel.json").read_text())
    (tmp_path / "body" / "tunewheel.json").write_text(json.dumps({**note, "frozen": ["embeddings.word_embeddings."]}))
    one, other = (dict(load_backbone(tmp_path / "body").named_parameters()) for _ in range(2))
    for name in one:
        shared = one[name].data_ptr() == other[name].data_ptr()
        assert shared == ("word_embeddings" in name) and torch.equal(one[name], other[name])
