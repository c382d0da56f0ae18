"""Look: two bodies as they came, each under a logistic regression on the same training rows, compared on the same
validation rows: a cheap hint at which of them is worth fine-tuning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...models.backbone import load_backbone
from ...models.heads import Headed
from ...records import Batch, Example, Scores
from ...task import Task
from ...training.floors import frozen
from ...training.precision import device
from ...training.reading import decided, features
from .body import Body
from .learn import Learner

# Of what is read, so much are validation rows.
HELD_SHARE = 0.3
# One penalty for both bodies: the middle one of those that a frozen encoder chooses from.
STRENGTH = frozen.STRENGTHS[1]


@dataclass(frozen=True)
class Looked:
    """The metric that decides, on so many `held` validation rows, of the first body and of the other, after so many
    training `rows`."""

    rows: int
    held: int
    first: float
    other: float

    @property
    def gain(self) -> float:
        return self.other - self.first


def look(first: Learner, body: Body, units: int, *, half: bool, other_half: bool) -> Looked:
    """Compare the body of `first` with another one on rows of so many of its `units` (tokens, pictures); each may read
    in bf16 (`half`). Both heads are fitted alike, so that nothing but the bodies differs."""
    train = frozen.sampled(first.train, first.seed, int((1 - HELD_SHARE) * units))
    held = frozen.sampled(first.validation, first.seed, int(HELD_SHARE * units))
    learnt, steered = [first.sets.train[i] for i in train], [first.sets.validation[i] for i in held]
    ours = first.train.select(train), first.validation.select(held)
    theirs = body.task.encode(learnt), body.task.encode(steered)
    scores = [
        _scored(first.fresh_module(first.seed), first.task, *ours, steered, half=half),
        _scored(_module(body), body.task, *theirs, steered, half=other_half),
    ]
    best_by = first.task.best_by
    return Looked(len(train), len(held), *(one[best_by] for one in scores))


def _module(body: Body) -> Headed:
    module: Headed = body.task.adapt(load_backbone(body.folder))  # type: ignore[assignment]
    return module.to(device())


def _scored(
    module: Headed, task: Task, train: Batch, held: Batch, examples: Sequence[Example], *, half: bool
) -> Scores:
    """Scores on the validation `examples`, encoded as `held`."""
    exclusive = task.plain(examples[:1]).exclusive
    vectors, held_vectors = (features(module, batch, half=half) for batch in (train, held))
    frozen.fit_head(
        module, vectors, train["targets"], held_vectors, held["targets"], exclusive=exclusive, strengths=(STRENGTH,)
    )
    return task.score(task.decode(decided(module, held_vectors), held), examples)
