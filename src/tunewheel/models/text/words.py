"""WordPieces: the token ids of single words, with and without a space before them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from tokenizers import Tokenizer

from ...records import Words

METASPACE = "▁"


class WordPieces:
    """Looks up the pieces of each word; words repeat (Zipf), so each is tokenised once and remembered.

    A piece never spans two words, also where no spaces are written (Chinese): the tag of a word is read at
    its own first piece. Tokenizers that mark spaces (SentencePiece, byte-level BPE) get the mark exactly
    where the text has a space.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        described = repr(tokenizer.pre_tokenizer)
        self.byte_level = "ByteLevel" in described
        self.metaspace = "Metaspace" in described
        self.mark = tokenizer.token_to_id(METASPACE)
        self.unknown = _unknown_id(tokenizer)
        self._pieces = lru_cache(maxsize=200_000)(self._tokenise)

    def of(self, content: Words) -> list[Sequence[int]]:
        """Token ids of each word; a word that normalises to nothing becomes the unknown token."""
        text = content.text
        return [self._pieces(text[start:end], start == 0 or text[start - 1].isspace()) for start, end in content.bounds]

    def _tokenise(self, word: str, spaced: bool) -> tuple[int, ...]:
        if self.byte_level:
            ids = self.tokenizer.encode(f" {word}" if spaced else word, add_special_tokens=False).ids
        elif self.metaspace and not spaced:
            ids = self._without_mark(word)
        else:
            ids = self.tokenizer.encode(word, add_special_tokens=False).ids
            if len(ids) > 1 and ids[0] == self.mark:
                ids = ids[1:]  # a lone space mark says nothing about the word, and the first piece carries the tag
        return tuple(ids) or (self.unknown,)

    def _without_mark(self, word: str) -> list[int]:
        """Pieces of a word that follows another without a space: normalised, but not marked."""
        normalizer = self.tokenizer.normalizer
        plain = normalizer.normalize_str(word) if normalizer else word
        return [token.id for token in self.tokenizer.model.tokenize(plain.lstrip(METASPACE + " "))]


def _unknown_id(tokenizer: Tokenizer) -> int:
    for token in ("[UNK]", "<unk>", "<|endoftext|>"):
        found = tokenizer.token_to_id(token)
        if found is not None:
            return int(found)
    return 0
