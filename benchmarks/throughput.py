"""Throughput: real tokens a second in training, beside a loop that pads to 128 and beside transformers.Trainer.

One model, one sample of rows, rounds in turn in one process: `python -m benchmarks.throughput --train FILE`.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import torch
from accelerate.state import AcceleratorState
from transformers import (
    AutoModelForSequenceClassification,
    DataCollatorWithPadding,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from tunewheel.models.adapters import choose_moving
from tunewheel.models.backbone import load_backbone, load_processor
from tunewheel.models.cache import obtain
from tunewheel.records import Example
from tunewheel.tasks.text_classification import TextClassification
from tunewheel.training.loop import Session, train
from tunewheel.training.precision import measured_lanes, measured_precision
from tunewheel.training.suggest import suggest

from .sets import csv_rows
from .tokenizer import load_tokenizer
from .trainer import settings

MODEL = "minilm-l6"
ROWS = 2000
ROUNDS = 3
SECONDS = 25.0
PAD_TO = 128
PADDED_BATCH = 16
RATE = 5e-5
EPOCHS = 3
# The rivals move every parameter; so does "Tunewheel" here. As it chooses, word vectors stand still.
OURS, CHOSEN = "Tunewheel", "Tunewheel, as it chooses"
PADDED, TRAINER = "plain loop, padded to 128", "transformers.Trainer, defaults"


@dataclass
class Pace:
    """Real tokens trained on (padding is not counted) and the seconds that took."""

    tokens: int = 0
    started: float = 0.0
    ended: float = 0.0

    def start(self) -> None:
        """From here the clock runs: loading and setting up are not counted for anybody."""
        self.started = self.ended = time.perf_counter()

    def step_ends_turn(self) -> bool:
        """Called after each optimiser step: whether the turn is over."""
        self.ended = time.perf_counter()
        return self.ended - self.started > SECONDS

    @property
    def rate(self) -> float:
        return self.tokens / (self.ended - self.started)


@dataclass(frozen=True)
class Contest:
    """What all contestants train: the model folder, texts and labels."""

    folder: Path
    tokenizer: PreTrainedTokenizerFast
    texts: Sequence[str]
    labels: Sequence[str]

    @property
    def numbers(self) -> list[int]:
        places = {label: number for number, label in enumerate(sorted(set(self.labels)))}
        return [places[label] for label in self.labels]

    def model(self) -> PreTrainedModel:
        """The model as transformers loads it, in float32, with a new head."""
        made = AutoModelForSequenceClassification.from_pretrained(
            self.folder, dtype=torch.float32, num_labels=len(set(self.labels))
        )
        assert isinstance(made, PreTrainedModel)
        return made


def padded(contest: Contest) -> Pace:
    """The usual tutorial loop: every text padded to 128 tokens, batches of 16, AdamW, float32."""
    tokens = contest.tokenizer(
        list(contest.texts), padding="max_length", max_length=PAD_TO, truncation=True, return_tensors="pt"
    )
    rows = torch.utils.data.TensorDataset(tokens["input_ids"], tokens["attention_mask"], torch.tensor(contest.numbers))
    loader = torch.utils.data.DataLoader(rows, batch_size=PADDED_BATCH, shuffle=True)
    model = contest.model().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    pace = Pace()
    pace.start()
    for ids, mask, targets in chain.from_iterable(repeat(loader, EPOCHS)):
        loss = model(input_ids=ids, attention_mask=mask, labels=targets).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        pace.tokens += int(mask.sum())
        if pace.step_ends_turn():
            break
    return pace


class Clock(TrainerCallback):
    """Times the Trainer from its first step on and stops it when its turn is over."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self.pace.start()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        control.should_training_stop = self.pace.step_ends_turn()


def trainer(contest: Contest) -> Pace:
    """transformers.Trainer with its defaults and dynamic padding."""
    encoded = contest.tokenizer(list(contest.texts), truncation=True)
    rows = [
        {"input_ids": ids, "attention_mask": mask, "labels": label}
        for ids, mask, label in zip(encoded["input_ids"], encoded["attention_mask"], contest.numbers, strict=True)
    ]
    pace = Pace()
    model = contest.model()

    def count(module: torch.nn.Module, args: tuple[Any, ...], inputs: dict[str, torch.Tensor]) -> None:
        pace.tokens += int(inputs["attention_mask"].sum())

    model.register_forward_pre_hook(count, with_kwargs=True)
    with tempfile.TemporaryDirectory() as folder:
        collator = DataCollatorWithPadding(contest.tokenizer)
        Trainer(model, settings(folder), collator, rows, callbacks=[Clock(pace)]).train()
    return pace


def tunewheel(contest: Contest, *, words: bool) -> Pace:
    """Our loop with the settings that `tunewheel tune` chooses for as many rows; with `words` all parameters move."""
    examples = [Example(text, label) for text, label in zip(contest.texts, contest.labels, strict=True)]
    task = TextClassification(TextClassification.Options())
    task.facts = task.learn(examples)
    task.processor = load_processor(contest.folder)
    precision = measured_precision(task, contest.folder, examples)
    options = suggest("text", len(examples)).model_copy(update={"precision": precision})
    module = task.adapt(load_backbone(contest.folder))
    module.dropout.p = options.dropout
    choose_moving(module, "full", words=words)
    # accelerate keeps one precision a process, and the Trainer has just set its own.
    AcceleratorState._reset_state(reset_partial_state=True)
    batch = task.encode(examples)
    options = options.model_copy(update={"lanes": measured_lanes(task, module, batch, options)})
    session = Session(task, module, options, seed=0)
    pace = Pace()
    pace.start()
    for step in train(session, batch, None):
        pace.tokens += step.units
        if pace.step_ends_turn():
            break
    return pace


WAYS: dict[str, Callable[[Contest], Pace]] = {
    PADDED: padded,
    TRAINER: trainer,
    OURS: partial(tunewheel, words=True),
    CHOSEN: partial(tunewheel, words=False),
}


def measure(path: Path) -> dict[str, Any]:
    """Median of the rounds for each way, and how many times faster Tunewheel is."""
    folder = obtain(MODEL)
    found = csv_rows(path)
    sample = random.Random(0).sample(found, min(ROWS, len(found)))
    texts, labels = [row["text"] for row in sample], [row["label"] for row in sample]
    contest = Contest(folder, load_tokenizer(folder), texts, labels)
    rounds: dict[str, list[float]] = {name: [] for name in WAYS}
    for number in range(1, ROUNDS + 1):
        for name, way in WAYS.items():
            rounds[name].append(round(way(contest).rate, 1))
            print(f"round {number} of {ROUNDS}, {name}: {rounds[name][-1]:,.0f} tokens/s", file=sys.stderr)
    medians = {name: statistics.median(rates) for name, rates in rounds.items()}
    ratios = {name: round(medians[OURS] / rate, 2) for name, rate in medians.items() if name not in (OURS, CHOSEN)}
    return {"model": MODEL, "rows": len(texts), "threads": torch.get_num_threads(), "rounds": rounds,
            "tokens_per_second": medians, "ratios": ratios}  # fmt: skip


def main() -> None:
    """Measure and print one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    given = parser.parse_args()
    with redirect_stdout(sys.stderr):
        measured = measure(given.train)
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
