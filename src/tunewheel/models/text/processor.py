"""TextProcessor: texts and words to flat token ids; nothing is padded and nothing is cut off."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from ...errors import ModelDamaged, RecipeError
from ...records import Batch, Words
from .windows import Window, best_window, windows
from .words import WordPieces

SETTINGS = "processor.json"
SLAB = 4096  # texts tokenised at once, on all cores: what the tokenizer says of a text is much larger than its ids
# Positions that a family does not use for tokens.
UNUSED_POSITIONS = {"roberta": 2, "xlm-roberta": 2, "camembert": 2, "mpnet": 2}
FALLBACK = 256
# Attention costs the square of a window: a stranger's body reads longer ones only when asked (model.max_tokens).
USUAL = 512


class TextProcessor:
    """A tokenizer with its special tokens, prefix and window size.

    `encode` gives `ids` (T,) by `tokens` (B,) and `lengths` (W,) by `windows` (B,); for `Words` also `first`
    (the position of each word's first piece, counted from the example's first token) by `words` (B,).
    """

    def __init__(self, tokenizer: Tokenizer, *, max_tokens: int, prefix: str = "") -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.prefix = prefix
        opening, self.closing = _special_tokens(tokenizer)
        self.opening = opening + tokenizer.encode(prefix, add_special_tokens=False).ids if prefix else opening
        self.bare_opening = opening
        self.pieces = WordPieces(tokenizer)

    @classmethod
    def load(cls, folder: Path, *, max_tokens: int | None = None) -> TextProcessor:
        """From `tokenizer.json` and `processor.json` (or the catalogue's `tunewheel.json`), or for a stranger's folder
        as long as its `config.json` says. Raises `ModelDamaged`, and `RecipeError` for a window that is too long."""
        settings: dict[str, Any] = {}
        for name in ("tunewheel.json", SETTINGS):
            if (folder / name).exists():
                settings |= json.loads((folder / name).read_text("utf-8"))
        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the tokenizers library raises bare Exception
            raise ModelDamaged(f"tokenizer.json cannot be read ({error}).", where=str(folder)) from None
        longest = int(settings.get("max_tokens") or _positions(folder))
        usual = min(longest, USUAL) if "max_tokens" not in settings else longest
        if max_tokens and max_tokens > longest:
            what = f"model.max_tokens is {max_tokens}, but the body reads {longest} tokens at once."
            raise RecipeError(what, mend=f"Choose {longest} or less; longer texts are read in windows.")
        return cls(tokenizer, max_tokens=max_tokens or usual, prefix=str(settings.get("prefix", "")))

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json` and `processor.json` into `folder`."""
        self.tokenizer.save(str(folder / "tokenizer.json"))
        settings = {"max_tokens": self.max_tokens, "prefix": self.prefix}
        (folder / SETTINGS).write_text(json.dumps(settings, indent=1), "utf-8")

    def measure(self, text: str) -> int:
        """How many tokens a text has, special tokens included."""
        ids = self.tokenizer.encode(text, add_special_tokens=False).ids
        return len(ids) + len(self.opening) + len(self.closing)

    def encode(self, contents: Sequence[str | Words]) -> Batch:
        """Texts or `Words` (all of one kind) as a flat batch of B examples, without targets."""
        if contents and isinstance(contents[0], Words):
            return self._encode_words([content for content in contents if isinstance(content, Words)])
        return self._encode_texts([str(content) for content in contents])

    def _encode_texts(self, texts: Sequence[str]) -> Batch:
        flat = _FlatTokens()
        room = self._room(self.opening)
        for start in range(0, len(texts), SLAB):
            slab = list(texts[start : start + SLAB])
            for encoding in self.tokenizer.encode_batch_fast(slab, add_special_tokens=False):
                ids = encoding.ids
                found = windows([1] * len(ids), room, room // 4) if len(ids) > room else [Window(0, len(ids))]
                flat.add([[*self.opening, *ids[w.start : w.end], *self.closing] for w in found])
        return flat.batch()

    def _encode_words(self, contents: Sequence[Words]) -> Batch:
        flat = _FlatTokens()
        first = array("i")
        for content in contents:
            sequences, positions = self._word_windows(self.pieces.of(content))
            flat.add(sequences)
            first.extend(positions)
        words = np.array([len(content) for content in contents], dtype=np.int32)
        return flat.batch().merged(
            Batch({"first": np.frombuffer(first, dtype=np.int32), "words": words}, {"first": "words"})
        )

    def _word_windows(self, pieces: Sequence[Sequence[int]]) -> tuple[list[list[int]], list[int]]:
        """Token ids of each window and, for each word, where its first piece stands in their concatenation."""
        room = self._room(self.bare_opening)
        pieces = [piece[:room] for piece in pieces]
        found = windows([len(piece) for piece in pieces], room, room // 4)
        chosen = best_window(found, len(pieces))
        sequences: list[list[int]] = []
        positions = [0] * len(pieces)
        offset = 0
        for number, window in enumerate(found):
            sequence = list(self.bare_opening)
            for word in range(window.start, window.end):
                if chosen[word] == number:
                    positions[word] = offset + len(sequence)
                sequence.extend(pieces[word])
            sequence.extend(self.closing)
            sequences.append(sequence)
            offset += len(sequence)
        return sequences, positions

    def _room(self, opening: Sequence[int]) -> int:
        return self.max_tokens - len(opening) - len(self.closing)


class _FlatTokens:
    """Collects the windows of example after example."""

    def __init__(self) -> None:
        # Arrays take four bytes a number; a list of a million texts' ids would not fit into memory.
        self.ids, self.lengths, self.windows, self.tokens = (array("i") for _ in range(4))

    def add(self, sequences: Sequence[Sequence[int]]) -> None:
        for sequence in sequences:
            self.ids.extend(sequence)
            self.lengths.append(len(sequence))
        self.windows.append(len(sequences))
        self.tokens.append(sum(map(len, sequences)))

    def batch(self) -> Batch:
        # The arrays are handed over, not copied: the ids of a million texts are 100 MB.
        names = ("ids", "lengths", "windows", "tokens")
        arrays = {name: np.frombuffer(getattr(self, name), dtype=np.int32) for name in names}
        return Batch(arrays, {"ids": "tokens", "lengths": "windows"})


def _positions(folder: Path) -> int:
    """The longest window of the body in `folder`, in tokens."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        return int(config["max_position_embeddings"]) - UNUSED_POSITIONS.get(config["model_type"], 0)
    except (OSError, ValueError, KeyError, TypeError):  # the processor of a bundle has no body beside it
        return FALLBACK


def _special_tokens(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """The ids that the tokenizer puts before and after a text, e.g. [CLS] and [SEP]."""
    bare = tokenizer.encode("a", add_special_tokens=False).ids
    dressed = tokenizer.encode("a").ids
    for start in range(len(dressed) - len(bare) + 1):
        if dressed[start : start + len(bare)] == bare:
            return dressed[:start], dressed[start + len(bare) :]
    return [], []
