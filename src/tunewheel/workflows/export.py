"""export: a version in faster forms, each asked about every frozen test row before it may be served."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import ServingError
from ..registry.packing import REACH
from ..serving.onnx import OnnxEngine
from ..serving.portable import checked_place, write_portable
from ..serving.variant import EIGHT_BITS, FACTS, FIXED, FLOAT, GRAPH, Tolerance, Variant, chosen_of
from ..workspace import Workspace
from .forms import Judged
from .say import Say, Silent

# The scales of activations are learnt from so many validation rows.
ROWS = 256

__all__ = ["Exported", "Tolerance", "export"]


@dataclass(frozen=True)
class Exported:
    """The variants of a version beside the `milliseconds` that it takes itself; the one that is served (`chosen`), the
    fastest that the tolerance allows, or None; and why the others are `refused`."""

    version: str
    milliseconds: float
    variants: list[Variant]
    chosen: str | None
    refused: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """The object of `--json`."""
        return asdict(self)


def export(
    workspace: Workspace,
    *,
    version: str = "live",
    tolerance: Tolerance | None = None,
    output: str | Path | None = None,
    say: Say | None = None,
) -> Exported:
    """Make the ONNX forms of a version (float32; eight bits, for texts and words two ways) and measure them on the
    frozen test.

    With `output` the fastest that the `tolerance` allows is written there, too, as a folder that needs no Tunewheel.
    Raises `ServingError` for a floor, which is served as it is, and what loading a version raises.
    """
    say, tolerance = say or Silent(), tolerance or Tolerance()
    place = None if output is None else checked_place(Path(output))  # before any work is done
    judged = Judged(workspace, version)
    name = judged.version.id
    with say.stage("Exporting", judged.forms) as stage:
        variants = _variants(workspace, judged, stage.advance)
    refused = {one.name: why for one in variants if (why := one.refusal(tolerance))}
    chosen = chosen_of(variants, tolerance)
    if place is not None:
        if chosen is None:
            raise ServingError("no variant is near enough to be written.", mend="Allow more, with a tolerance.")
        best = next(one for one in variants if one.name == chosen)
        graph = workspace.variants.of(name)[chosen].file(GRAPH)
        write_portable(place, graph, best, judged.revived.task, name, judged.pixels)
    return Exported(name, judged.milliseconds, variants, chosen, refused)


def _variants(workspace: Workspace, judged: Judged, advance: Callable[[], None]) -> list[Variant]:
    """Each form, asked and kept."""
    variants = []
    with tempfile.TemporaryDirectory() as folder:
        for name, path in _graphs(judged, Path(folder)):
            variants.append(_kept(workspace, judged, name, path))
            advance()
    return variants


def _graphs(judged: Judged, folder: Path) -> Iterator[tuple[str, Path]]:
    from ..models.onnx.fused import fused
    from ..models.onnx.graphs import view_of, write_graph
    from ..models.onnx.pictures import write_pictures
    from ..models.onnx.quantise import write_quantised
    from ..models.onnx.smooth import smoothed
    from ..models.onnx.static import write_static

    module: Any = judged.revived.engine.module  # type: ignore[attr-defined]
    reads, reach = judged.revived.task.reads, judged.bundle.path / REACH
    view = view_of(module, reads)
    plain = folder / "plain.onnx"
    fixed = folder / "fixed.onnx"
    write_graph(view, reads, plain, judged.pixels)
    yield FLOAT, plain
    if reads == "image":
        if judged.held:  # versions of before have none
            write_pictures(plain, fixed, judged.fed(ROWS))
            yield FIXED, fixed
        return
    small, quick = folder / "small.onnx", folder / "quick.onnx"
    view = fused(view)
    if reach.exists():  # versions of before have none
        from safetensors.torch import load_file

        view = smoothed(view, load_file(reach))
    write_graph(view, reads, quick)
    write_quantised(quick, small)
    yield EIGHT_BITS, small
    if judged.held:  # versions of before have none
        write_static(small, fixed, judged.fed(ROWS))
        yield FIXED, fixed


def _kept(workspace: Workspace, judged: Judged, name: str, path: Path) -> Variant:
    from ..models.onnx.mapped import write_mapped

    variant = judged.variant(name, OnnxEngine(path, judged.revived.task.reads), path)

    def fill(folder: Path) -> None:
        write_mapped(path, folder / GRAPH)
        (folder / FACTS).write_text(json.dumps(variant.to_json(), indent=1), "utf-8")

    workspace.variants.keep(judged.version, name, fill)
    return variant
