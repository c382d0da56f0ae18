"""Weighing: a task whose loss lets the rows of rare classes count more than those of common ones."""

from __future__ import annotations

import numpy as np

from ..records import Array
from ..task import Task


def weighed(task: Task, targets: Array, balance: float) -> Task:
    """The task with class weights in inverse proportion to the rows of a class, to the power of `balance`: with 0 every
    row counts the same, with 1 every class does. Over all rows the mean weight is 1.

    `targets` of the training rows are class numbers (N,), or shares or indicators (N, C).
    """
    if balance == 0:
        return task
    classes = len(task.facts["labels"])
    counts = np.bincount(targets, minlength=classes) if targets.ndim == 1 else targets.sum(0)
    weights = np.maximum(counts, 1.0) ** -balance
    weights *= counts.sum() / (counts * weights).sum()
    return type(task)(task.options, {**task.facts, "class_weights": weights.tolist()}, task.processor)
