"""transformers.Trainer with usual settings: batches of 16, rate 5e-5, linear decay, 3 epochs, dynamic padding."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from ...tokenizer import first_pieces, load_tokenizer, never_moves
from .contender import Contender, compete

BATCH = 16
RATE = 5e-5
EPOCHS = 3
SEED = 42
IGNORED = -100
OUTSIDE = "O"


class Marks(TrainerCallback):
    """Sets the weights aside just before each mark, and stops the training when it is too late."""

    def __init__(self, contender: Contender, model: PreTrainedModel) -> None:
        self.contender, self.model = contender, model
        self.stepped = contender.clock.seconds

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now = self.contender.clock.seconds
        step, self.stepped = now - self.stepped, now
        mark = self.contender.due(2 * step)
        if mark is not None:
            self.contender.set_aside(mark, partial(weights, self.model))
        if self.contender.late:
            self.contender.stop(f"stopped at step {state.global_step} of {state.max_steps}")
            control.should_training_stop = True


def work(contender: Contender) -> None:
    """Fine-tune all that moves in our body, too; the last reading is the finished model, or where it stopped."""
    folder = Path(contender.told["model"])
    tokenizer = load_tokenizer(folder)
    labels = sorted({tag for tags in contender.answers for tag in tags} if contender.words else {*contender.answers})
    set_seed(SEED)  # before the head is made
    model = load(folder, len(labels), words=contender.words)
    encoded = (tagged if contender.words else labelled)(contender, tokenizer, labels)
    predict = partial(tag if contender.words else label, model, tokenizer, labels)
    collate = (DataCollatorForTokenClassification if contender.words else DataCollatorWithPadding)(tokenizer)
    with tempfile.TemporaryDirectory() as scratch:
        Trainer(model, settings(scratch), collate, encoded, callbacks=[Marks(contender, model)]).train()
    model.eval()
    ended, last = contender.clock.seconds, weights(model)

    def restored(kept: dict[str, torch.Tensor]) -> Callable[[Sequence[Any]], list[Any]]:
        model.load_state_dict(kept)
        return predict

    contender.read_aside(restored)
    if not contender.was_read_last:
        contender.read(restored(last), at=ended)


def weights(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """A copy of all weights."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def settings(folder: str) -> TrainingArguments:
    """What most tutorials type."""
    return TrainingArguments(
        output_dir=folder, per_device_train_batch_size=BATCH, learning_rate=RATE, num_train_epochs=EPOCHS, seed=SEED,
        use_cpu=True, report_to=[], save_strategy="no", logging_steps=100, disable_tqdm=True,
        dataloader_pin_memory=False,
    )  # fmt: skip


def load(folder: Path, labels: int, *, words: bool) -> PreTrainedModel:
    """The body with a new head; what never moves in it (4-bit word vectors) is frozen here, too."""
    family = AutoModelForTokenClassification if words else AutoModelForSequenceClassification
    model: PreTrainedModel = family.from_pretrained(folder, dtype=torch.float32, num_labels=labels)
    frozen = never_moves(folder)
    for name, parameter in model.base_model.named_parameters():
        parameter.requires_grad_(not (frozen and name.startswith(frozen)))
    return model


def labelled(contender: Contender, tokenizer: PreTrainedTokenizerFast, labels: Sequence[str]) -> list[dict[str, Any]]:
    """A row a text."""
    places = {name: number for number, name in enumerate(labels)}
    encoded = tokenizer(contender.contents, truncation=True)
    return [
        {"input_ids": ids, "attention_mask": mask, "labels": places[answer]}
        for ids, mask, answer in zip(encoded["input_ids"], encoded["attention_mask"], contender.answers, strict=True)
    ]


def tagged(contender: Contender, tokenizer: PreTrainedTokenizerFast, labels: Sequence[str]) -> list[dict[str, Any]]:
    """A row a sentence; the first piece of a word carries its tag, the others are ignored."""
    places = {name: number for number, name in enumerate(labels)}
    encoded = tokenizer(contender.contents, is_split_into_words=True, truncation=True)
    return [
        {
            "input_ids": encoded["input_ids"][number],
            "attention_mask": encoded["attention_mask"][number],
            "labels": [IGNORED if w is None else places[tags[w]] for w in first_pieces(encoded.word_ids(number))],
        }
        for number, tags in enumerate(contender.answers)
    ]


def label(model: PreTrainedModel, tokenizer: Any, labels: Sequence[str], texts: Sequence[str]) -> list[str]:
    """A label a text; read without padding, see `unpadded`."""
    from .unpadded import Unpadded, firsts

    def best(states: torch.Tensor, lengths: torch.Tensor) -> list[str]:
        pooled = model.base_model.pooler(firsts(states, lengths).unsqueeze(1))
        return [labels[place] for place in model.classifier(pooled).argmax(-1).tolist()]

    return Unpadded(model).answers(tokenizer(list(texts), truncation=True)["input_ids"], best)


def tag(
    model: PreTrainedModel, tokenizer: Any, labels: Sequence[str], sentences: Sequence[list[str]]
) -> list[list[str]]:
    """A tag a word, from its first piece; words that were cut off are outside."""
    from .unpadded import Unpadded

    def best(states: torch.Tensor, lengths: torch.Tensor) -> list[list[int]]:
        return [places.tolist() for places in model.classifier(states).argmax(-1).split(lengths.tolist())]

    encoded = tokenizer(list(sentences), is_split_into_words=True, truncation=True)
    found = [[OUTSIDE] * len(words) for words in sentences]
    for number, places in enumerate(Unpadded(model).answers(encoded["input_ids"], best)):
        for word, place in zip(first_pieces(encoded.word_ids(number)), places, strict=True):
            if word is not None:
                found[number][word] = labels[place]
    return found


if __name__ == "__main__":
    compete(work)
