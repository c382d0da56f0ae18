"""Tunewheel's ways to train, at their pace: all that moves, as it chooses, and the upper half on cached states."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Literal

from accelerate.state import AcceleratorState

from tunewheel.models.adapters import choose_moving
from tunewheel.models.backbone import load_backbone
from tunewheel.models.heads import Headed
from tunewheel.models.processors import load_processor
from tunewheel.records import Batch, Example
from tunewheel.tasks.text_classification import TextClassification
from tunewheel.training.loop import Session, train
from tunewheel.training.options import TrainingOptions
from tunewheel.training.precision import measured_lanes, measured_precision
from tunewheel.training.states import with_states
from tunewheel.training.suggest import suggest

from .pace import Pace, Race
from .peak import work_a_token

Way = Literal["all", "chosen", "half"]


def tunewheel(race: Race, way: Way) -> Pace:
    """Our loop with the settings that `tunewheel tune` chooses for as many rows.

    "all" moves every parameter, as the rivals do; "chosen" leaves the word vectors still; "half" moves the upper
    half of the layers and begins at cached states.
    """
    task, module, batch, options = _prepared(race, way)
    with tempfile.TemporaryDirectory() as folder:
        rows, beginning = _begun(module, batch, Path(folder), options)
        session = Session(task, module, options, seed=0)
        pace = Pace(facts={"work_a_token": work_a_token(module.backbone.blocks()), "states_seconds": beginning})
        pace.start()
        for step in train(session, rows, None):
            pace.tokens += step.units
            if pace.step_ends_turn():
                break
    return pace


def _prepared(race: Race, way: Way) -> tuple[TextClassification, Headed, Batch, TrainingOptions]:
    """The task, a module in which just that moves which is to move, the rows and the settings."""
    examples = [Example(text, label) for text, label in zip(race.texts, race.labels, strict=True)]
    task = TextClassification(TextClassification.Options())
    task.facts = task.learn(examples)
    task.processor = load_processor(race.folder)
    precision = measured_precision(task, race.folder, examples)
    module: Headed = task.adapt(load_backbone(race.folder))  # type: ignore[assignment]
    layers = len(module.backbone.blocks()) // 2
    moves = {"mode": "partial", "layers": layers} if way == "half" else {"mode": "full", "move_words": way == "all"}
    options = suggest("text", len(examples)).model_copy(update={"precision": precision, **moves})
    module.dropout.p = options.dropout
    choose_moving(module, options.mode, layers=options.layers, words=options.move_words)
    # accelerate keeps one precision a process, and the Trainer has just set its own.
    AcceleratorState._reset_state(reset_partial_state=True)
    batch = task.encode(examples)
    options = options.model_copy(update={"lanes": measured_lanes(task, module, batch, options)})
    return task, module, batch, options


def _begun(module: Headed, batch: Batch, folder: Path, options: TrainingOptions) -> tuple[Batch, float]:
    """The rows with the states that never change, and the seconds it took to compute them: once, not an epoch."""
    started = time.perf_counter()
    rows = with_states(module, batch, folder, half=options.precision == "bf16")
    return rows, round(time.perf_counter() - started, 2) if rows is not batch else 0.0
