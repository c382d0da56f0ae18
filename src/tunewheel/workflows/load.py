"""load: a registered version as a predictor, in the fastest form that answers as it was evaluated."""

from __future__ import annotations

from typing import Literal, get_args

from ..errors import VersionMissing
from ..models.estimate import cores
from ..registry import Version
from ..serving import Predictor
from ..serving.variant import FACTS, GRAPH, Tolerance, Variant, chosen_of
from ..workspace import Workspace

Engine = Literal["auto", "torch", "onnx-fp32", "onnx-int8"]
ENGINES: tuple[Engine, ...] = get_args(Engine)


def load(
    workspace: Workspace, version: str = "live", engine: Engine = "auto", tolerance: Tolerance | None = None
) -> Predictor:
    """The version with this id or alias, ready to answer.

    With `engine` "auto" it is the fastest of its exported variants that the `tolerance` allows, if there is one.
    Raises `VersionMissing`, listing what there is, `BundleDamaged` naming the file, or `ModelError`.
    """
    found = workspace.versions.get(version)
    name = _chosen(workspace, found, engine, tolerance or Tolerance())
    if name is not None:
        return _exported(workspace, found, name)
    from ..registry.revive import revive  # loads torch

    revived = revive(workspace.bundle(found.id), workspace.bases)
    return Predictor(revived.task, revived.encode, revived.engine, found.id)


def kept_variants(workspace: Workspace, version: str) -> list[Variant]:
    """What is known of the variants that a version has."""
    return [Variant.from_json(kept.json(FACTS)) for kept in workspace.variants.of(version).values()]


def _chosen(workspace: Workspace, version: Version, engine: Engine, tolerance: Tolerance) -> str | None:
    if engine == "torch":
        return None
    variants = kept_variants(workspace, version.id)
    if engine == "auto":
        return chosen_of(variants, tolerance)
    if engine not in {one.name for one in variants}:
        mend = f"Make it first: tunewheel export {version.id}"
        raise VersionMissing(f"version {version.id} has no variant {engine}.", mend=mend)
    return engine


def _exported(workspace: Workspace, version: Version, name: str) -> Predictor:
    """A variant at work: no torch is loaded."""
    from ..registry.revive import revive_task
    from ..serving.onnx import OnnxEngine

    task = revive_task(workspace.bundle(version.id))
    engine = OnnxEngine(workspace.variants.of(version.id)[name].file(GRAPH), task.reads, cores())
    return Predictor(task, task.encode, engine, version.id, at_once=cores(), form=name)
