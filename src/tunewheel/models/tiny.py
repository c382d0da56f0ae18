"""Bodies made on the spot, with random weights: small ones for tests, and the network for small pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from .folder import ABOUT, CONFIG, WEIGHTS, write_json

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
HEADS = 4
POSITIONS = 512
MOST_WORDS = 4000
SMALL_CNN = {"model_type": "small-cnn", "channels": [16, 32, 64, 128], "mean": [0.5] * 3, "std": [0.25] * 3}
SMALL_CNN_PROCESSOR = {"size": 32, "smallest": 16, "largest": 48, "resample": "box"}


def tiny_text(
    folder: Path, texts: Sequence[str], *, seed: int = 0, layers: int = 2, width: int = 32, cased: bool = True
) -> Path:
    """A random BERT of `layers` layers of `width` numbers, its WordPiece vocabulary taken from `texts`.

    Chinese characters are pieces of their own. Writes a model folder and returns it. `width` is a multiple of 4.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _wordpiece(texts, cased)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = _bert_config(tokenizer.get_vocab_size(), layers, width)
    save_file(dict(_bert_weights(config, np.random.default_rng(seed))), folder / WEIGHTS, metadata={"format": "pt"})
    write_json(folder / CONFIG, config)
    write_json(folder / ABOUT, {"name": "tiny-text", "licence": "Apache-2.0", "cased": cased, "max_tokens": POSITIONS})
    return folder


def tiny_image(folder: Path, seed: int = 0) -> Path:
    """A random small network for pictures of 16 to 48 pixels, with few channels. Writes a model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_small_cnn(folder, channels=(8, 16, 32), seed=seed)
    write_json(folder / ABOUT, {"name": "tiny-image", "licence": "Apache-2.0"})
    return folder


def write_small_cnn(folder: Path, channels: Sequence[int] = (), seed: int = 0) -> None:
    """The network for small pictures, its weights as PyTorch draws them, into `folder`."""
    import torch
    from safetensors.torch import save_file as save_tensors

    from .images.bodies import build_image_body

    config = {**SMALL_CNN, "channels": list(channels) or SMALL_CNN["channels"]}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        body = build_image_body(config)
    tensors = {name: tensor.contiguous() for name, tensor in body.state_dict().items()}
    save_tensors(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    write_json(folder / CONFIG, config)
    write_json(folder / "processor.json", SMALL_CNN_PROCESSOR)


def _wordpiece(texts: Sequence[str], cased: bool) -> Tokenizer:
    """WordPiece over every character and the most frequent words: unlike a trained one the same every time."""
    normalizer = normalizers.BertNormalizer(lowercase=not cased)
    splitter = pre_tokenizers.BertPreTokenizer()
    words: Counter[str] = Counter()
    for text in texts:
        words.update(word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)))
    letters = sorted({letter for word in words for letter in word})
    frequent = sorted(words, key=lambda word: (-words[word], word))
    pieces = dict.fromkeys((*SPECIAL, *letters, *(f"##{letter}" for letter in letters), *frequent[:MOST_WORDS]))
    tokenizer = Tokenizer(models.WordPiece({piece: place for place, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, splitter
    tokenizer.add_special_tokens(list(SPECIAL))
    places = [(name, SPECIAL.index(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=places
    )
    return tokenizer


def _bert_config(vocabulary: int, layers: int, width: int) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": HEADS,
        "intermediate_size": 4 * width,
        "vocab_size": vocabulary,
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "pad_token_id": 0,
    }


def _bert_weights(config: dict[str, Any], random: np.random.Generator) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Names and tensors as transformers' BertModel has them; normal weights (0.02 is BERT's own), biases zero."""
    width, inner = config["hidden_size"], config["intermediate_size"]

    def normal(*shape: int) -> NDArray[np.float32]:
        return random.normal(0.0, 0.02, shape).astype(np.float32)

    for part in ("vocab_size", "max_position_embeddings", "type_vocab_size"):
        name = {"vocab_size": "word", "max_position_embeddings": "position", "type_vocab_size": "token_type"}[part]
        yield f"embeddings.{name}_embeddings.weight", normal(config[part], width)
    yield from _norm("embeddings.LayerNorm", width)
    for layer in range(config["num_hidden_layers"]):
        shapes = {f"attention.self.{part}": (width, width) for part in ("query", "key", "value")}
        shapes |= {"attention.output.dense": (width, width), "intermediate.dense": (inner, width)}
        shapes["output.dense"] = (width, inner)
        for name, shape in shapes.items():
            yield f"encoder.layer.{layer}.{name}.weight", normal(*shape)
            yield f"encoder.layer.{layer}.{name}.bias", np.zeros(shape[0], np.float32)
        yield from _norm(f"encoder.layer.{layer}.attention.output.LayerNorm", width)
        yield from _norm(f"encoder.layer.{layer}.output.LayerNorm", width)


def _norm(name: str, width: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    yield f"{name}.weight", np.ones(width, np.float32)
    yield f"{name}.bias", np.zeros(width, np.float32)
