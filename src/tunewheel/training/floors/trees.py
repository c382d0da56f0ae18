"""The trees floor, for pixels: extremely randomised trees (Geurts et al. 2006), kept as plain arrays."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

from ...records import Array
from ...task import Plain
from .floor import Floor, FloorState

TREES = 100
LEAF = -1


class TreesFloor(Floor):
    """A forest as arrays over all nodes of all trees: what to ask, where to go, and the shares in each leaf."""

    name = "trees"

    def __init__(self, arrays: dict[str, Array]) -> None:
        self.arrays = arrays

    @property
    def title(self) -> str:
        return "Pixels + extra trees"

    @classmethod
    def fits(cls, plain: Plain) -> bool:
        return plain.kind == "vectors" and plain.exclusive

    @classmethod
    def learn(cls, train: Plain, validation: Plain, classes: int, seed: int) -> Self:
        assert train.targets is not None
        targets = train.targets if train.targets.ndim == 1 else train.targets.argmax(1)
        forest = ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=seed, n_jobs=-1)
        forest.fit(train.items, targets)
        trees = [estimator.tree_ for estimator in forest.estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
        shares = np.zeros((sum(tree.node_count for tree in trees), classes), dtype=np.float16)
        shares[:, forest.classes_.astype(int)] = np.concatenate([tree.value[:, 0] for tree in trees])
        arrays = {
            "roots": roots.astype(np.int32),
            "feature": np.concatenate([tree.feature for tree in trees]).astype(np.int32),
            "threshold": _rounded_down(np.concatenate([tree.threshold for tree in trees])),
            "left": _shifted([tree.children_left for tree in trees], roots),
            "right": _shifted([tree.children_right for tree in trees], roots),
            "shares": shares,
        }
        return cls(arrays)

    def logits(self, plain: Plain) -> Array:
        total = np.zeros((len(plain.items), self.arrays["shares"].shape[1]), dtype=np.float32)
        for root in self.arrays["roots"]:
            total += np.asarray(self.arrays["shares"][self._leaves(plain.items, int(root))], dtype=np.float32)
        shares = total / len(self.arrays["roots"])
        return np.log(np.maximum(shares, 1e-4))

    def _leaves(self, items: Array, root: int) -> NDArray[np.int32]:
        """The leaf that each item reaches from `root`; all items go down one level at a time."""
        left, right = self.arrays["left"], self.arrays["right"]
        node = np.full(len(items), root, dtype=np.int32)
        going = np.flatnonzero(left[node] != LEAF)
        while len(going):
            here = node[going]
            goes_left = items[going, self.arrays["feature"][here]] <= self.arrays["threshold"][here]
            node[going] = np.where(goes_left, left[here], right[here])
            going = going[left[node[going]] != LEAF]
        return node

    def state(self) -> FloorState:
        return FloorState(self.arrays, {})

    @classmethod
    def from_state(cls, state: FloorState) -> Self:
        return cls(state.arrays)


def _rounded_down(thresholds: Array) -> NDArray[np.float32]:
    """As float32, never above the float64 value: a float32 item then takes the same turn at every node."""
    exact = np.asarray(thresholds, dtype=np.float64)
    nearest = exact.astype(np.float32)
    return np.where(nearest > exact, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def _shifted(children: list[Array], roots: Array) -> Array:
    """Child numbers within each tree to node numbers within the forest."""
    shifted = [np.where(child == LEAF, LEAF, child + root) for child, root in zip(children, roots, strict=True)]
    return np.concatenate(shifted).astype(np.int32)
