"""The frozen encoder and logistic regression: padded batches of 32 in float32, mean pooling, as tutorials have it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from transformers import AutoModel, PreTrainedTokenizerFast

from ...tokenizer import first_pieces, load_tokenizer
from .contender import Contender, compete

ROWS = 32
ITERATIONS = 1000


class Encoder:
    """A pre-trained body as it is: a vector a text, or a vector a word (that of its first piece)."""

    def __init__(self, folder: Path) -> None:
        about = json.loads((folder / "tunewheel.json").read_text("utf-8"))
        self.prefix: str = about["prefix"]
        self.tokenizer: PreTrainedTokenizerFast = load_tokenizer(folder)
        self.model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """The mean of the last states of each text; sorted by length, as sentence-transformers does."""
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]), reverse=True)
        found = np.empty((len(texts), self.model.config.hidden_size), dtype=np.float32)
        for start in range(0, len(order), ROWS):
            chosen = order[start : start + ROWS]
            batch = self.tokenizer(
                [self.prefix + texts[number] for number in chosen], padding=True, truncation=True, return_tensors="pt"
            )
            states = self.model(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1)
            found[chosen] = ((states * mask).sum(1) / mask.sum(1)).numpy()
        return found

    @torch.inference_mode()
    def words(self, sentences: Sequence[list[str]]) -> list[np.ndarray]:
        """The state of each word's first piece; zeros for words that were cut off."""
        found = [np.zeros((len(words), self.model.config.hidden_size), dtype=np.float32) for words in sentences]
        order = sorted(range(len(sentences)), key=lambda number: len(sentences[number]), reverse=True)
        for start in range(0, len(order), ROWS):
            chosen = order[start : start + ROWS]
            batch = self.tokenizer(
                [sentences[number] for number in chosen],
                is_split_into_words=True, padding=True, truncation=True, return_tensors="pt",
            )  # fmt: skip
            states = self.model(**batch).last_hidden_state.numpy()
            for row, number in enumerate(chosen):
                for piece, word in enumerate(first_pieces(batch.word_ids(row))):
                    if word is not None:
                        found[number][word] = states[row, piece]
        return found

    def read_texts(self, texts: Sequence[str]) -> np.ndarray:
        """The same vectors as `texts`, off the clock: read without padding."""
        from .unpadded import Unpadded, mean

        rows = self.tokenizer([self.prefix + text for text in texts], truncation=True)["input_ids"]
        return np.stack(Unpadded(self.model).answers(rows, mean))

    def read_words(self, sentences: Sequence[list[str]]) -> list[np.ndarray]:
        """The same vectors as `words`, off the clock: read without padding."""
        from .unpadded import Unpadded

        encoded = self.tokenizer(list(sentences), is_split_into_words=True, truncation=True)
        states = Unpadded(self.model).answers(
            encoded["input_ids"], lambda states, lengths: [part.numpy() for part in states.split(lengths.tolist())]
        )
        found = [np.zeros((len(words), self.model.config.hidden_size), dtype=np.float32) for words in sentences]
        for number, pieces in enumerate(states):
            for piece, word in enumerate(first_pieces(encoded.word_ids(number))):
                if word is not None:
                    found[number][word] = pieces[piece]
        return found


def work(contender: Contender) -> None:
    """Encode all training rows, fit once; the clock knows the padded batches only."""
    encoder = Encoder(Path(contender.told["model"]))
    (tag_words if contender.words else label_texts)(contender, encoder)


def label_texts(contender: Contender, encoder: Encoder) -> None:
    """A vector and a label a text."""
    head = LogisticRegression(max_iter=ITERATIONS).fit(encoder.texts(contender.contents), contender.answers)
    contender.read(lambda texts: head.predict(encoder.read_texts(texts)).tolist(), only=True)


def tag_words(contender: Contender, encoder: Encoder) -> None:
    """A vector and a tag a word."""
    vectors = np.concatenate(encoder.words(contender.contents))
    head = LogisticRegression(max_iter=ITERATIONS).fit(vectors, list(chain.from_iterable(contender.answers)))

    def predict(sentences: Sequence[list[str]]) -> list[list[str]]:
        tags = iter(head.predict(np.concatenate(encoder.read_words(sentences))).tolist())
        return [[next(tags) for _ in sentence] for sentence in sentences]

    contender.read(predict, only=True)


if __name__ == "__main__":
    compete(work)
