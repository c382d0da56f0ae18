"""A model folder's tokenizer as transformers' own classes want it, and which piece speaks for a word."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """From `tokenizer.json`, with the padding token and the longest input that the model's configuration names."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = json.loads((folder / "config.json").read_text("utf-8"))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=tokenizer.id_to_token(config["pad_token_id"]),
        model_max_length=config["max_position_embeddings"],
    )


def first_pieces(words: Sequence[int | None]) -> list[int | None]:
    """The word of each piece, or None for special tokens and for all pieces but a word's first."""
    before = [None, *words[:-1]]
    return [word if word != previous else None for word, previous in zip(words, before, strict=True)]


def never_moves(folder: Path) -> tuple[str, ...]:
    """Beginnings of the names of parameters that stand still in this body whatever is trained."""
    return tuple(json.loads((folder / "tunewheel.json").read_text("utf-8")).get("frozen", ()))
