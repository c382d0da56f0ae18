"""The linear floors: logistic regression on TF-IDF n-grams, on feature strings or on pixels."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from ...records import Array
from ...task import Plain
from .floor import Floor, FloorState
from .logistic import Linear, apply, best_strength, fit
from .vectors import MANY_ROWS, TITLES, Vectors, from_facts, has_spaces, learn_vectors

# One for texts: a second brought nothing on many rows, on few it would be chosen by luck, and each costs as much again.
STRENGTHS = {"text": (3.0,), "features": (1.0,), "vectors": (0.01, 0.1)}
FEW_TEXTS = (10.0,)
# Of more characters than these, words alone are learnt in a fifth of the time that all n-grams take.
MUCH_TEXT = 1_000_000


class LinearFloor(Floor):
    """Plain vectors and a logistic regression; its penalty is chosen on validation rows."""

    name = "linear"
    words_only: ClassVar[bool] = False

    def __init__(self, vectors: Vectors, linear: Linear, strength: float) -> None:
        self.vectors = vectors
        self.linear = linear
        self.strength = strength

    @property
    def title(self) -> str:
        return f"{TITLES[self.vectors.kind]} + logistic regression"

    @classmethod
    def learn(cls, train: Plain, validation: Plain, classes: int, seed: int) -> Self:
        assert train.targets is not None and validation.targets is not None
        vectors, features = learn_vectors(train, classes, words_only=cls.words_only)
        strengths = STRENGTHS[train.kind]
        if train.kind == "text" and len(train.items) <= MANY_ROWS:
            strengths = FEW_TEXTS
        linear, strength = best_strength(
            features, train.targets, vectors(validation.items), validation.targets, classes,
            exclusive=train.exclusive, strengths=strengths,
        )  # fmt: skip
        return cls(vectors, linear, strength)

    def relearn(self, plain: Plain, classes: int, seed: int) -> Self:
        assert plain.targets is not None
        vectors, features = learn_vectors(plain, classes, words_only=self.words_only)
        linear = fit(features, plain.targets, classes, exclusive=plain.exclusive, strength=self.strength)
        return type(self)(vectors, linear, self.strength)

    def logits(self, plain: Plain) -> Array:
        return apply(self.vectors(plain.items), self.linear)

    def state(self) -> FloorState:
        arrays: dict[str, Any] = {"weights": self.linear[0], "bias": self.linear[1]}
        arrays |= {f"vectors.{name}": np.asarray(array) for name, array in self.vectors.arrays.items()}
        facts = {"vectors": self.vectors.facts, "kind": self.vectors.kind, "strength": self.strength}
        return FloorState(arrays, facts)

    @classmethod
    def from_state(cls, state: FloorState) -> Self:
        arrays = {k.removeprefix("vectors."): a for k, a in state.arrays.items() if k.startswith("vectors.")}
        vectors = from_facts(state.facts["kind"], state.facts["vectors"], arrays)
        weights, bias = (np.asarray(state.arrays[name], dtype=np.float32) for name in ("weights", "bias"))
        return cls(vectors, (weights, bias), float(state.facts.get("strength", 1.0)))


class WordsFloor(LinearFloor):
    """Words and pairs of words only: of much text a usable version, seconds before the whole one."""

    name = "words"
    words_only = True

    @property
    def title(self) -> str:
        return "TF-IDF of words + logistic regression"

    @classmethod
    def fits(cls, plain: Plain) -> bool:
        return plain.kind == "text" and sum(map(len, plain.items)) > MUCH_TEXT and has_spaces(plain.items)
