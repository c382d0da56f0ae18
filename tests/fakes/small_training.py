"""A small training run for a process of its own: `small_training.py MODEL_FOLDER CHECKPOINT_FOLDER`.

Prints the number of each step and saves a checkpoint after every second one.
"""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from small_texts import intents

from tunewheel.models.adapters import choose_moving
from tunewheel.models.backbone import load_backbone, load_processor
from tunewheel.records import Batch, Source, Step
from tunewheel.tasks.text_classification import TextClassification
from tunewheel.training import checkpoints
from tunewheel.training.loop import Session, plan, train
from tunewheel.training.options import TrainingOptions

OPTIONS = TrainingOptions(epochs=6, batch_units=64, learning_rate=2e-3, precision="fp32", dropout=0.2)


def prepared(folder: Path) -> Session:
    """A session of 40 rows at its beginning."""
    task = TextClassification(TextClassification.Options())
    task.facts, task.processor = task.learn(_examples(task)), load_processor(folder)
    torch.manual_seed(0)
    module = task.adapt(load_backbone(folder))
    choose_moving(module, "full")
    return Session(task, module, OPTIONS, seed=0)


def steps(session: Session) -> Iterator[Step]:
    """Train from where the session stands."""
    return train(session, _batch(session), None)


def steps_of(session: Session) -> int:
    """Steps in all."""
    return sum(map(len, plan(_batch(session), session.options, session.seed)))


def trained(session: Session) -> str:
    """Train to the end; the hash of all weights."""
    for _ in steps(session):
        pass
    state = sorted(session.module.state_dict().items())
    return hashlib.sha256(b"".join(tensor.numpy().tobytes() for _, tensor in state)).hexdigest()


def _examples(task: TextClassification) -> list:
    return [task.parse(row, Source("rows", n)) for n, row in enumerate(intents(40))]


def _batch(session: Session) -> Batch:
    return session.task.encode(_examples(session.task))


if __name__ == "__main__":
    running = prepared(Path(sys.argv[1]))
    for step in steps(running):
        if step.number % 2 == 1:
            checkpoints.save(running, Path(sys.argv[2]))
        print(step.number, flush=True)
