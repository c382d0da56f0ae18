"""Revive: from a bundle's files to something that answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import tasks
from ..errors import BundleDamaged
from ..records import Batch, Example
from ..task import Engine, Task
from .bases import BaseStore
from .bundle import Bundle
from .packing import BACKBONE, BASE, FLOOR, PROCESSOR, TASK, WEIGHTS


@dataclass(frozen=True)
class Revived:
    """A version at work: `task.decode(engine(batch), batch)` with `batch = encode(examples)`."""

    task: Task
    encode: Callable[[Sequence[Example]], Batch]
    engine: Engine


def revive(bundle: Bundle, bases: BaseStore) -> Revived:
    """The version that a bundle holds, ready to answer. Raises `BundleDamaged`."""
    if FLOOR in bundle:
        return _revive_floor(bundle, task_of(bundle))
    return _revive_module(bundle, revive_task(bundle), bases)


def revive_task(bundle: Bundle) -> Task:
    """The task of a module's bundle, ready to encode; without the module, and without torch."""
    from ..models.processors import load_processor

    bundle.verify(full=False)
    task = task_of(bundle)
    task.processor = load_processor(bundle.path / PROCESSOR)
    return task


def task_of(bundle: Bundle) -> Task:
    """The task of a bundle with its options and facts: enough to parse rows and read labels."""
    return described_task(bundle.json(TASK))


def described_task(described: Mapping[str, Any]) -> Task:
    """The task that `packing.described` described."""
    kind = tasks.find(described["name"])
    return kind(kind.Options(**described["options"]), described["facts"])


def _revive_floor(bundle: Bundle, task: Task) -> Revived:
    from safetensors.numpy import load_file

    from ..training.floors import FLOORS, FloorState
    from ..training.floors.floor import answer

    described = bundle.json(FLOOR)
    state = FloorState(load_file(bundle.file(WEIGHTS)), described["facts"])
    floor = FLOORS[described["name"]].from_state(state)
    return Revived(task, lambda examples: floor.encode(task, examples), answer)


def _revive_module(bundle: Bundle, task: Task, bases: BaseStore) -> Revived:
    from ..models.backbone import build_backbone
    from ..training.reading import ModuleEngine

    module: Any = task.adapt(build_backbone(bundle.json(BACKBONE)))
    tensors = _tensors(bundle, bases)
    if not module.backbone.separable:  # bodies of transformers compute in one type throughout
        tensors = {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}
    missing = module.load_state_dict(tensors, strict=False, assign=True).missing_keys
    if missing:
        raise BundleDamaged(f"the weights lack {', '.join(missing[:3])}.", where=str(bundle.path))
    module.eval().requires_grad_(False)
    return Revived(task, task.encode, ModuleEngine(module))


def _tensors(bundle: Bundle, bases: BaseStore) -> dict[str, Any]:
    """What the bundle holds, and what never moved from the base it names."""
    from safetensors import safe_open
    from safetensors.torch import load_file

    tensors: dict[str, Any] = load_file(bundle.file(WEIGHTS))
    if BASE in bundle:
        base = bundle.json(BASE)
        with safe_open(bases.path(base["sha256"]), framework="pt") as kept:
            for name, there in base["tensors"].items():
                tensors[name] = kept.get_tensor(there)
    return tensors
