"""The rival on entities: transformers.Trainer with the settings of its token-classification example (run_ner.py).

Run in a process of its own: `python -m benchmarks.trainer --model NAME --train FILE --test FILE`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from seqeval.metrics import accuracy_score, f1_score
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
    set_seed,
)

from tunewheel.models.cache import obtain
from tunewheel.models.folder import about

from .sets import lines
from .tokenizer import first_pieces, load_tokenizer

IGNORED = -100
OUTSIDE = "O"
Encoded = dict[str, list[int]]


@dataclass(frozen=True)
class Sentence:
    """Words and their IOB2 tags."""

    words: list[str]
    tags: list[str]


class Sentences(torch.utils.data.Dataset[Encoded]):
    """Encoded sentences; as in the example the first piece of a word carries its tag, the others are ignored."""

    def __init__(
        self, sentences: Sequence[Sentence], tokenizer: PreTrainedTokenizerFast, places: Mapping[str, int]
    ) -> None:
        encoded = tokenizer([s.words for s in sentences], is_split_into_words=True, truncation=True)
        self.owners = [first_pieces(encoded.word_ids(number)) for number in range(len(sentences))]
        self.rows = [
            {
                "input_ids": encoded["input_ids"][number],
                "attention_mask": encoded["attention_mask"][number],
                "labels": [IGNORED if word is None else places.get(sentence.tags[word], 0) for word in owners],
            }
            for number, (sentence, owners) in enumerate(zip(sentences, self.owners, strict=True))
        ]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> Encoded:
        return self.rows[number]


def read(path: Path) -> list[Sentence]:
    """Sentences of a JSON lines file with `tokens` and `tags`."""
    rows = [json.loads(line) for line in lines(path)]
    return [Sentence(row["tokens"], row["tags"]) for row in rows]


def fine_tune(model_name: str, train: Sequence[Sentence], test: Sequence[Sentence], folder: str) -> dict[str, Any]:
    """Train with the example's settings and score on `test` with seqeval."""
    source = obtain(model_name)
    tokenizer = load_tokenizer(source)
    labels = sorted({tag for sentence in train for tag in sentence.tags}, key=lambda tag: (tag != OUTSIDE, tag))
    places = {label: number for number, label in enumerate(labels)}
    frozen = tuple(about(source).get("frozen", ()))
    chosen = settings(folder)
    set_seed(chosen.seed)  # before the head is made, as the example does
    trainer = Trainer(
        model=load_model(source, places, frozen),
        args=chosen,
        train_dataset=Sentences(train, tokenizer, places),
        data_collator=DataCollatorForTokenClassification(tokenizer),
        processing_class=tokenizer,
    )
    started = time.perf_counter()
    steps = trainer.train().global_step
    seconds = time.perf_counter() - started
    held = Sentences(test, tokenizer, places)
    predicted = answered(trainer.predict(held).predictions, held, test, labels)
    return {**scores(predicted, test), "train_seconds": round(seconds, 1), "steps": steps, "frozen": frozen}


def load_model(source: Path, places: Mapping[str, int], frozen: tuple[str, ...]) -> PreTrainedModel:
    """The body with a new head for the tags in `places`.

    What the catalogue says never moves (the 4-bit word vectors of e5-small) is frozen here too: the same model.
    """
    model: PreTrainedModel = AutoModelForTokenClassification.from_pretrained(
        source,
        dtype=torch.float32,
        num_labels=len(places),
        label2id=dict(places),
        id2label={number: label for label, number in places.items()},
    )
    for name, parameter in model.base_model.named_parameters():
        parameter.requires_grad_(not (frozen and name.startswith(frozen)))
    return model


def scores(predicted: Sequence[Sequence[str]], sentences: Sequence[Sentence]) -> dict[str, float]:
    """Entity F1 and token accuracy as seqeval has them."""
    actual = [sentence.tags for sentence in sentences]
    return {
        "entity_f1": float(f1_score(actual, predicted)),
        "token_accuracy": float(accuracy_score(actual, predicted)),
    }


def settings(folder: str) -> TrainingArguments:
    """The example's settings are the defaults: batch 8, rate 5e-5, linear to 0, 3 epochs, seed 42."""
    return TrainingArguments(
        output_dir=folder,
        use_cpu=True,
        report_to=[],
        save_strategy="no",
        logging_steps=100,
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def answered(
    logits: np.ndarray, held: Sentences, sentences: Sequence[Sentence], labels: Sequence[str]
) -> list[list[str]]:
    """A tag a word, from the word's first piece; words that were cut off are outside."""
    found = [[OUTSIDE] * len(sentence.words) for sentence in sentences]
    for tags, owners, scores in zip(found, held.owners, logits, strict=True):
        for position, word in enumerate(owners):
            if word is not None:
                tags[word] = labels[int(scores[position].argmax())]
    return found


def main() -> None:
    """Train, score, and print one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    given = parser.parse_args()
    # The Trainer prints its progress on stdout, which is kept for the result.
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        found = fine_tune(given.model, read(given.train), read(given.test), folder)
    print(json.dumps({"model": given.model, **found}))


if __name__ == "__main__":
    main()
