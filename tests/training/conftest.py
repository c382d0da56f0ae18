"""A small task with rows, and sessions of it that always start alike."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from small_texts import intents

from tunewheel.models.adapters import choose_moving
from tunewheel.models.backbone import load_backbone
from tunewheel.models.processors import load_processor
from tunewheel.records import Batch, Example, Scores, Source
from tunewheel.tasks.text_classification import TextClassification
from tunewheel.training.loop import Session
from tunewheel.training.options import TrainingOptions
from tunewheel.training.reading import ModuleEngine


@dataclass
class Small:
    """Thirty training rows and twelve validation rows of three intents."""

    task: TextClassification
    folder: Path
    train: Batch
    held: Batch
    held_examples: list[Example]

    def session(self, seed: int = 0, **changes: Any) -> Session:
        """A fresh one; the same arguments give the same weights."""
        settings = {"epochs": 3, "batch_units": 80, "learning_rate": 2e-3, "precision": "fp32", "patience": 1000}
        options = TrainingOptions(**{**settings, **changes})
        torch.manual_seed(seed)
        module = self.task.adapt(load_backbone(self.folder))
        module.dropout.p = options.dropout
        choose_moving(module, options.mode, layers=1, rank=4)
        return Session(self.task, module, options, seed)

    def validator(self, session: Session) -> Callable[[], Scores]:
        def validate() -> Scores:
            outputs = ModuleEngine(session.module, half=session.half)(self.held)
            return self.task.score(self.task.decode(outputs, self.held), self.held_examples)

        return validate


@pytest.fixture(scope="session")
def small(tiny_folder: Path) -> Small:
    task = TextClassification(TextClassification.Options())
    examples = [task.parse(row, Source("rows.csv", n)) for n, row in enumerate(intents(42), start=2)]
    task = TextClassification(task.options, task.learn(examples), load_processor(tiny_folder))
    return Small(task, tiny_folder, task.encode(examples[:30]), task.encode(examples[30:]), examples[30:])


@pytest.fixture(scope="session")
def weights() -> Callable[[Session], dict[str, torch.Tensor]]:
    """All tensors of a session's module, copied."""

    def copied(session: Session) -> dict[str, torch.Tensor]:
        return {name: tensor.detach().clone() for name, tensor in session.module.state_dict().items()}

    return copied


@pytest.fixture(scope="session")
def same() -> Callable[..., bool]:
    """Whether two sets of tensors are equal to the last bit."""

    def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
        return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)

    return equal
