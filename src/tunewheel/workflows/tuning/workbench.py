"""Workbench: one body, rows that are encoded for it, and trainings of the one on the others. It can be handed to
another process, see `handover`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch

from ...models.adapters import choose_moving
from ...models.backbone import load_backbone
from ...models.heads import Headed
from ...records import Batch, Example, Scores
from ...task import Task
from ...training.batches import order, sizes
from ...training.loop import Session
from ...training.options import TrainingOptions
from ...training.precision import device
from ...training.reading import ModuleEngine
from ...training.states import with_states
from ...training.weighing import weighed
from ..say import Say
from .body import Body
from .trial import Trial, Watch, run_trial

Head = dict[str, torch.Tensor]


@dataclass(eq=False)
class Workbench:
    """A body with training and validation rows as it reads them; `held` are the latter, before they were encoded.

    States of layers that stand still are kept in `cache`. `head` is that of the frozen encoder, with which warm heads
    begin; it has not seen the validation rows.
    """

    body: Body
    train: Batch = field(repr=False)
    validation: Batch = field(repr=False)
    held: Sequence[Example] = field(repr=False)
    cache: Path
    say: Say = field(repr=False)
    head: Head = field(default_factory=dict, repr=False)

    @property
    def task(self) -> Task:
        """The task as it reads for this body."""
        return self.body.task

    def fresh_module(self, seed: int, dropout: float = 0.0, head: Head | None = None) -> Headed:
        """The pre-trained body under a new head, or under a copy of `head`; the same seed gives the same head."""
        torch.manual_seed(seed)
        module: Headed = self.task.adapt(load_backbone(self.body.folder))  # type: ignore[assignment]
        module.dropout.p = dropout
        if head:
            module.head.load_state_dict(head)
        return module.to(device())

    def prepared(self, options: TrainingOptions, seed: int, head: Head | None = None) -> Headed:
        """A fresh module in which just that moves which is to move."""
        module = self.fresh_module(seed, options.dropout, head if options.warm_head else None)
        choose_moving(module, options.mode, layers=options.layers, rank=options.lora_rank, words=options.move_words)
        return module

    def trial(
        self, options: TrainingOptions, seed: int, folder: Path, watch: Watch | None = None,
        start: Mapping[str, torch.Tensor] | None = None,
    ) -> Trial:  # fmt: skip
        """One training, steered by the validation rows, from the weights of `start` or of the pre-trained body."""
        rows = read_at_all(self.train, options, seed)
        session, rows, held = self.session(options, seed, rows, self.validation, self.head, start)
        return run_trial(session, rows, partial(self.scores, held=held), folder, self.say, watch)

    def session(
        self, options: TrainingOptions, seed: int, rows: Batch, held: Batch, head: Head,
        start: Mapping[str, torch.Tensor] | None = None,
    ) -> tuple[Session, Batch, Batch]:  # fmt: skip
        """A fresh session, and the training and validation rows as it reads them."""
        module = self.prepared(options, seed, head)
        if start:
            module.load_state_dict(start)
        # Layers that stand still read each row once, not once an epoch.
        half = options.precision == "bf16"
        rows, held = (with_states(module, batch, self.cache, half=half) for batch in (rows, held))
        return Session(weighed(self.task, rows["targets"], options.class_weighting), module, options, seed), rows, held

    def scores(self, engine: ModuleEngine, held: Batch) -> Scores:
        """Scores on the validation rows, as `held` has them."""
        return self.task.score(self.task.decode(engine(held), held), self.held)


def read_at_all(batch: Batch, options: TrainingOptions, seed: int) -> Batch:
    """The rows that a training of less than one pass reads: no others need their states computed."""
    steps = order(sizes(batch), options.batch_units, seed=seed, epoch=0)
    if options.steps is None or options.steps >= len(steps):
        return batch
    return batch.select(np.sort(np.concatenate(steps[: options.steps])))
