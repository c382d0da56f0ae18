"""Packing: a trained module or floor as the files of a bundle."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..records import Example
from ..task import Task
from .bases import BaseStore

if TYPE_CHECKING:
    from ..models.heads import Headed
    from ..training.floors import Floor

TASK = "task.json"
FLOOR = "floor.json"
BACKBONE = "backbone.json"
BASE = "base.json"
WEIGHTS = "weights.safetensors"
REACH = "reach.safetensors"
PROCESSOR = "processor"


def pack_module(folder: Path, task: Task, module: Headed, bases: BaseStore, source: Path) -> None:
    """Write a module's files into `folder`.

    What never moves is not written again: it is kept once in `bases`, as the pre-trained file `source`.
    """
    from safetensors.torch import save_file

    _pack_task(folder, task)
    frozen = _frozen_names(module)
    state = {name: tensor.contiguous() for name, tensor in module.state_dict().items() if name not in frozen}
    save_file(state, folder / WEIGHTS)
    _dump(folder / BACKBONE, module.backbone.config)
    (folder / PROCESSOR).mkdir()
    assert task.processor is not None
    task.processor.save(folder / PROCESSOR)
    if frozen:
        _dump(folder / BASE, {"sha256": bases.keep(source), "tensors": _names_in(source, frozen)})


def pack_reach(folder: Path, task: Task, module: Headed, rows: Sequence[Example]) -> None:
    """Write how large the activations of the module become on `rows`: that is needed to give them eight bits, when the
    rows are no longer at hand. Pictures have none."""
    from safetensors.torch import save_file

    from ..models.onnx.smooth import reach_of

    if task.reads != "image":
        save_file(dict(reach_of(module, task.reads, task.encode(rows))), folder / REACH)


def pack_floor(folder: Path, task: Task, floor: Floor) -> None:
    """Write a floor's files into `folder`: its arrays as safetensors, its facts as JSON."""
    import numpy as np
    from safetensors.numpy import save_file

    _pack_task(folder, task)
    state = floor.state()
    save_file({name: np.ascontiguousarray(array) for name, array in state.arrays.items()}, folder / WEIGHTS)
    _dump(folder / FLOOR, {"name": floor.name, "facts": state.facts})


def _frozen_names(module: Headed) -> set[str]:
    """The module's names of tensors that never move."""
    prefixes = tuple(f"backbone.body.{name}" for name in module.backbone.frozen)
    return {name for name in module.state_dict() if name.startswith(prefixes)} if prefixes else set()


def _names_in(source: Path, frozen: set[str]) -> dict[str, str]:
    """The module's names of tensors, each with its name in the pre-trained file."""
    from safetensors import safe_open

    from ..models.text.bodies import plain_name

    with safe_open(source, framework="np") as kept:
        there = {plain_name(name): name for name in kept.keys()}  # noqa: SIM118 (not a mapping)
    return {name: there[name.removeprefix("backbone.body.")] for name in sorted(frozen)}


def described(task: Task) -> dict[str, Any]:
    """A task without its processor, as plain values; `revive.described_task` makes it of them again."""
    return {"name": task.name, "options": task.options.model_dump(mode="json"), "facts": task.facts}


def _pack_task(folder: Path, task: Task) -> None:
    _dump(folder / TASK, described(task))


def _dump(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")
