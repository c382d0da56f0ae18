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
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForSequenceClassification,
    DataCollatorWithPadding,
    PreTrainedModel,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from tunewheel.models.cache import obtain

from .our_ways import tunewheel
from .pace import Pace, Race
from .peak import matmul_peak
from .sets import csv_rows
from .tokenizer import load_tokenizer
from .trainer import settings

MODEL = "minilm-l6"
ROWS = 2000
ROUNDS = 3
PAD_TO = 128
PADDED_BATCH = 16
RATE = 5e-5
EPOCHS = 3
# The rivals move every parameter; so does "Tunewheel" here. As it chooses, word vectors stand still.
OURS, CHOSEN, HALF = "Tunewheel", "Tunewheel, as it chooses", "Tunewheel, half frozen"
RIVALS = PADDED, TRAINER = "plain loop, padded to 128", "transformers.Trainer, defaults"


def fresh_model(race: Race) -> PreTrainedModel:
    """The model as transformers loads it, in float32, with a new head."""
    made = AutoModelForSequenceClassification.from_pretrained(
        race.folder, dtype=torch.float32, num_labels=len(set(race.labels))
    )
    assert isinstance(made, PreTrainedModel)
    return made


def padded(race: Race) -> Pace:
    """The usual tutorial loop: every text padded to 128 tokens, batches of 16, AdamW, float32."""
    tokens = race.tokenizer(
        list(race.texts), padding="max_length", max_length=PAD_TO, truncation=True, return_tensors="pt"
    )
    rows = torch.utils.data.TensorDataset(tokens["input_ids"], tokens["attention_mask"], torch.tensor(race.numbers))
    loader = torch.utils.data.DataLoader(rows, batch_size=PADDED_BATCH, shuffle=True)
    model = fresh_model(race).train()
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


def trainer(race: Race) -> Pace:
    """transformers.Trainer with its defaults and dynamic padding."""
    encoded = race.tokenizer(list(race.texts), truncation=True)
    rows = [
        {"input_ids": ids, "attention_mask": mask, "labels": label}
        for ids, mask, label in zip(encoded["input_ids"], encoded["attention_mask"], race.numbers, strict=True)
    ]
    pace = Pace()
    model = fresh_model(race)

    def count(module: torch.nn.Module, args: tuple[Any, ...], inputs: dict[str, torch.Tensor]) -> None:
        pace.tokens += int(inputs["attention_mask"].sum())

    model.register_forward_pre_hook(count, with_kwargs=True)
    with tempfile.TemporaryDirectory() as folder:
        collator = DataCollatorWithPadding(race.tokenizer)
        Trainer(model, settings(folder), collator, rows, callbacks=[Clock(pace)]).train()
    return pace


WAYS: dict[str, Callable[[Race], Pace]] = {
    PADDED: padded,
    TRAINER: trainer,
    OURS: partial(tunewheel, way="all"),
    CHOSEN: partial(tunewheel, way="chosen"),
    HALF: partial(tunewheel, way="half"),
}


def measure(path: Path, turns: int) -> dict[str, Any]:
    """Median of the rounds for each way, how many times faster Tunewheel is, and how near to the processor's peak."""
    folder = obtain(MODEL)
    found = csv_rows(path)
    sample = random.Random(0).sample(found, min(ROWS, len(found)))
    texts, labels = [row["text"] for row in sample], [row["label"] for row in sample]
    race = Race(folder, load_tokenizer(folder), texts, labels)
    peak = matmul_peak()
    rounds: dict[str, list[float]] = {name: [] for name in WAYS}
    facts: dict[str, dict[str, Any]] = {}
    for number in range(1, turns + 1):
        for name, way in WAYS.items():
            pace = way(race)
            rounds[name].append(round(pace.rate, 1))
            facts[name] = pace.facts
            print(f"round {number} of {turns}, {name}: {rounds[name][-1]:,.0f} tokens/s", file=sys.stderr)
    medians = {name: statistics.median(rates) for name, rates in rounds.items()}
    return {
        "model": MODEL, "rows": len(texts), "threads": torch.get_num_threads(), "rounds": rounds,
        "tokens_per_second": medians, "ratios": ratios(medians),
        "half_ratio": round(medians[HALF] / medians[TRAINER], 2),
        "peak": peaks(peak, medians, facts), "states_seconds": facts[HALF]["states_seconds"],
    }  # fmt: skip


def ratios(medians: Mapping[str, float]) -> dict[str, float]:
    """How many times faster than each rival, every parameter moving."""
    return {name: round(medians[OURS] / rate, 2) for name, rate in medians.items() if name in RIVALS}


def peaks(peak: float, medians: Mapping[str, float], facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The measured peak of bf16 matrix products in GFLOP/s, and the share of it that each of our ways reaches."""
    shares = {
        name: round(medians[name] * facts[name]["work_a_token"] / peak, 3) for name in medians if name not in RIVALS
    }
    return {"bf16_gflops": round(peak / 1e9, 1), "shares": shares}


def main() -> None:
    """Measure and print one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    with redirect_stdout(sys.stderr):
        measured = measure(given.train, given.rounds)
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
