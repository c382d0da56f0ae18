"""load: a registered version as a predictor, in the fastest form that answers as it was evaluated."""

from __future__ import annotations

from typing import Literal, get_args

from ..errors import VersionMissing
from ..models.estimate import cores
from ..registry import Bundle, Version
from ..serving import Predictor
from ..serving.variant import EIGHT_BITS, FACTS, GRAPH, Tolerance, Variant, calibrated, chosen_of
from ..workspace import Workspace

Engine = Literal["auto", "torch", "onnx-fp32", "onnx-int8", "onnx-int8-static"]
ENGINES: tuple[Engine, ...] = get_args(Engine)


def load(
    workspace: Workspace,
    version: str = "live",
    engine: Engine = "auto",
    tolerance: Tolerance | None = None,
    threads: int = 0,
    spread: int = 0,
    lone: int = 1,
) -> Predictor:
    """The version with this id or alias, ready to answer on so many `threads` (0: as many as there are cores). An
    exported form spreads many rows of one caller over so many cores (0: as many as `threads`), and uses `lone`
    cores for a row that comes alone.

    With `engine` "auto" it is the fastest of its exported variants that the `tolerance` allows, if there is one.
    Raises `VersionMissing`, listing what there is, `BundleDamaged` naming the file, or `ModelError`.
    """
    found = workspace.versions.get(version)
    chosen = None if engine == "torch" else _chosen(workspace, found, engine, tolerance or Tolerance())
    if chosen is not None:
        threads = threads or cores()
        return _exported(workspace, found, chosen, threads, spread or threads, lone)
    from ..registry.revive import revive  # loads torch

    if threads:
        import torch

        torch.set_num_threads(threads)
    revived = revive(workspace.bundle(found.id), workspace.bases)
    if found.kind == "module" and revived.task.reads != "image":
        _ask_ahead()
    return Predictor(revived.task, revived.encode, revived.engine, found.id)


def _ask_ahead() -> None:
    """What is measured once a machine is known before the first long text waits for it."""
    import torch

    from ..models.text.attention import least_fused

    least_fused(torch.float32)


def _chosen(workspace: Workspace, version: Version, engine: Engine, tolerance: Tolerance) -> Bundle | None:
    """The variant to answer with; None where there is none, or none is near enough."""
    kept = workspace.variants.of(version.id)  # every hash is checked here, once
    if engine == "auto":
        name = chosen_of([Variant.from_json(one.json(FACTS)) for one in kept.values()], tolerance)
        return None if name is None else kept[name]
    if engine not in kept:
        mend = f"Make it first: tunewheel export {version.id}"
        raise VersionMissing(f"version {version.id} has no variant {engine}.", mend=mend)
    return kept[engine]


def _exported(
    workspace: Workspace, version: Version, variant: Bundle, threads: int, spread: int, lone: int
) -> Predictor:  # fmt: skip
    """A variant at work: no torch is loaded."""
    from ..registry.revive import revive_task
    from ..serving.onnx import OnnxEngine

    task = calibrated(revive_task(workspace.bundle(version.id)), Variant.from_json(variant.json(FACTS)).temperature)
    engine = OnnxEngine(variant.file(GRAPH), task.reads, spread, lone)
    form = variant.manifest.name
    alike = form != EIGHT_BITS
    return Predictor(task, task.encode, engine, version.id, threads, form, alike, engine.alone)
