"""Rivals read without padding: what transformers' own padded batches answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.budget.rivals.unpadded import Unpadded, firsts, mean
from transformers import BertConfig, BertForSequenceClassification, BertForTokenClassification, DistilBertConfig
from transformers import DistilBertForSequenceClassification as Other

CONFIG = BertConfig(
    vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, num_labels=5
)
ROWS = [np.random.default_rng(n).integers(1, 50, size).tolist() for n, size in enumerate((7, 3, 12, 1, 7, 30))]


def padded() -> dict[str, torch.Tensor]:
    longest = max(map(len, ROWS))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in ROWS])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ROWS])
    return {"input_ids": ids, "attention_mask": mask}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@torch.inference_mode()
def test_texts_get_the_answers_of_padded_batches_in_their_order() -> None:
    model = BertForSequenceClassification(CONFIG).eval()
    found = Unpadded(model).answers(
        ROWS, lambda states, lengths: list(model.classifier(model.bert.pooler(firsts(states, lengths).unsqueeze(1))))
    )
    assert torch.allclose(torch.stack(found), model(**padded()).logits, atol=1e-6)


@torch.inference_mode()
def test_words_get_the_states_of_padded_batches() -> None:
    model = BertForTokenClassification(CONFIG).eval()
    found = Unpadded(model).answers(
        ROWS, lambda states, lengths: list(model.classifier(states).split(lengths.tolist()))
    )
    for row, logits, expected in zip(ROWS, found, model(**padded()).logits, strict=True):
        assert torch.allclose(logits, expected[: len(row)], atol=1e-6)


@torch.inference_mode()
def test_means_leave_padding_out_and_weights_are_those_of_the_moment() -> None:
    model = BertForTokenClassification(CONFIG).eval()
    before = Unpadded(model).answers(ROWS, mean)
    for parameter in model.parameters():
        parameter.mul_(1.5)
    after = Unpadded(model).answers(ROWS, mean)
    states = model.base_model(**padded()).last_hidden_state
    expected = np.stack([states[n, : len(row)].mean(0).numpy() for n, row in enumerate(ROWS)])
    assert np.allclose(np.stack(after), expected, atol=1e-5) and not np.allclose(np.stack(before), expected, atol=1e-2)


def test_a_body_without_a_fast_path_is_refused() -> None:
    with pytest.raises(TypeError, match="distilbert cannot be read without padding"):
        Unpadded(Other(DistilBertConfig(vocab_size=50, dim=32, n_layers=1, n_heads=4, hidden_dim=48)))


def test_no_rival_imports_it_while_its_clock_runs() -> None:
    folder = Path("benchmarks/budget/rivals").resolve() if Path("benchmarks").is_dir() else None
    sources = folder or Path(__file__).parents[2] / "benchmarks" / "budget" / "rivals"
    for path in sources.glob("*.py"):
        lines = path.read_text("utf-8").splitlines()
        assert not [line for line in lines if line.startswith("from .unpadded")], path.name
