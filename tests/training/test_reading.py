import numpy as np
import pytest
import torch

from tunewheel.data.words import join_words
from tunewheel.models.backbone import load_backbone
from tunewheel.models.heads import TextHead, WordHead
from tunewheel.models.processors import load_processor
from tunewheel.models.tensors import segment_mean, to_tensors
from tunewheel.training import reading
from tunewheel.training.floors import frozen
from tunewheel.training.reading import ModuleEngine, features


@pytest.fixture(autouse=True)
def many_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "UNITS", 40)


def test_answers_come_in_the_order_of_the_rows(small) -> None:
    module = small.session().module.eval()
    with torch.no_grad():
        expected = module(to_tensors(small.train))["logits"].numpy()
    np.testing.assert_allclose(ModuleEngine(module)(small.train)["logits"], expected, atol=1e-5)


def test_answers_by_word_come_in_the_order_of_the_words(tiny_folder) -> None:
    contents = [join_words(["fee"] * length) for length in (9, 1, 0, 17, 4)]
    batch = load_processor(tiny_folder).encode(contents)
    module = WordHead(load_backbone(tiny_folder), 4).eval()
    with torch.no_grad():
        expected = module(to_tensors(batch))["logits"].numpy()
    assert expected.shape == (31, 4)
    np.testing.assert_allclose(ModuleEngine(module)(batch)["logits"], expected, atol=1e-5)
    np.testing.assert_allclose(features(module, batch) @ module.head.weight.detach().numpy().T
                               + module.head.bias.detach().numpy(), expected, atol=1e-5)  # fmt: skip


def test_the_head_sees_the_mean_of_a_texts_tokens() -> None:
    values, counts = torch.arange(12.0).view(6, 2), torch.tensor([1, 3, 2])
    expected = torch.stack([values[:1].mean(0), values[1:4].mean(0), values[4:].mean(0)])
    torch.testing.assert_close(segment_mean(values, counts), expected)


def test_half_precision_is_near_and_answers_are_float32(small) -> None:
    module = small.session().module
    whole, half = (ModuleEngine(module, half=half)(small.train)["logits"] for half in (False, True))
    assert half.dtype == whole.dtype == np.float32
    assert 0 < np.abs(whole - half).max() < 0.05


def test_the_frozen_floor_is_a_regression_on_the_bodys_vectors(small, tiny_folder) -> None:
    from sklearn.linear_model import LogisticRegression

    module = TextHead(load_backbone(tiny_folder), 3, dropout=0.0)
    vectors, targets = features(module, small.train), small.train["targets"]
    held = features(module, small.held)
    frozen.fit_head(module, vectors, targets, held, small.held["targets"], exclusive=True)
    found = ModuleEngine(module)(small.held)["logits"]
    scale = vectors.std(0)
    fits = [
        LogisticRegression(C=s / 32, max_iter=300, tol=1e-4)
        .fit(vectors / scale, targets)
        .predict_log_proba(held / scale)
        for s in frozen.STRENGTHS
    ]
    mine = found - np.log(np.exp(found).sum(1, keepdims=True))
    assert min(np.abs(mine - theirs).max() for theirs in fits) < 0.02


def test_what_hardly_varies_in_a_body_gets_no_large_weights(small, tiny_folder) -> None:
    """The body could not move such a feature by a hair without the logits bursting."""
    module = TextHead(load_backbone(tiny_folder), 3, dropout=0.0)
    vectors, held = features(module, small.train), features(module, small.held)
    targets, answers = small.train["targets"], small.held["targets"]
    for rows, labels in ((vectors, targets), (held, answers)):
        rows[:, 7] = 0.4 + 1e-5 * labels  # it would even tell the classes
    frozen.fit_head(module, vectors, targets, held, answers, exclusive=True)
    weights = module.head.weight.detach().abs()
    assert weights[:, 7].max() < weights.max()


def test_many_decisions_are_sampled_by_whole_rows(small, monkeypatch) -> None:
    monkeypatch.setattr(frozen, "MOST_DECISIONS", 7)
    chosen = frozen.sample(small.train, seed=0)
    assert len(chosen) == 7
    assert chosen["ids"].tolist() == frozen.sample(small.train, seed=0)["ids"].tolist()
