"""export: a version in faster forms, each asked about every frozen test row before it may be served."""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import ServingError
from ..evaluation.compare import difference
from ..records import Example
from ..registry import Version
from ..registry.packing import REACH
from ..registry.revive import Revived, revive
from ..serving import Predictor
from ..serving.certificate import SAMPLE, differing, evenly
from ..serving.onnx import OnnxEngine
from ..serving.portable import checked_place, write_portable
from ..serving.recalibrate import confidence_errors, own_temperature
from ..serving.variant import EIGHT_BITS, FACTS, FLOAT, GRAPH, Tolerance, Variant, calibrated, chosen_of
from ..workspace import Workspace
from .rows.frozen import as_example
from .say import Say, Silent

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
    """Make the ONNX forms of a version (float32; eight bits for texts and words) and measure them on the frozen test.

    With `output` the fastest that the `tolerance` allows is written there, too, as a folder that needs no Tunewheel.
    Raises `ServingError` for a floor, which is served as it is, and what loading a version raises.
    """
    say, tolerance = say or Silent(), tolerance or Tolerance()
    place = None if output is None else checked_place(Path(output))  # before any work is done
    found = workspace.versions.get(version)
    if found.kind == "floor":
        raise ServingError(f"{found.id} is a plain floor: it is served as it is.", mend="Export a fine-tuned version.")
    kept = workspace.bundle(found.id)
    revived = revive(kept, workspace.bases)
    test = _test_rows(workspace, revived)
    with say.stage("Exporting", 2 if revived.task.reads != "image" else 1) as stage, tempfile.TemporaryDirectory() as t:
        held = [as_example(row) for row in workspace.held.of(found.id)]
        judged = _Judged(found, revived, test, held)
        variants = []
        for name, path in _graphs(revived, test, kept.path / REACH, Path(t)):
            variants.append(_kept(workspace, judged, name, path))
            stage.advance()
    refused = {one.name: why for one in variants if (why := one.refusal(tolerance))}
    chosen = chosen_of(variants, tolerance)
    if place is not None:
        if chosen is None:
            raise ServingError("no variant is near enough to be written.", mend="Allow more, with a tolerance.")
        own = next(one.temperature for one in variants if one.name == chosen)
        write_portable(place, workspace.variants.of(found.id)[chosen], calibrated(revived.task, own), found.id)
    return Exported(found.id, judged.milliseconds, variants, chosen, refused)


def _test_rows(workspace: Workspace, revived: Revived) -> list[Example]:
    frozen = workspace.frozen_test(revived.task.name)
    if frozen is None:
        raise ServingError("this workspace has no frozen test rows, so nothing can be shown about an export.")
    return [as_example(row) for row in frozen.rows()]


def _graphs(revived: Revived, test: Sequence[Example], reach: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    from ..models.onnx.graphs import view_of, write_graph
    from ..models.onnx.quantise import write_quantised
    from ..models.onnx.smooth import smoothed

    module: Any = revived.engine.module  # type: ignore[attr-defined]
    reads = revived.task.reads
    view = view_of(module, reads)
    plain = folder / "plain.onnx"
    if reads == "image":
        write_graph(view, reads, plain, revived.encode(test[:1])["pixels"].shape[1:])
        yield FLOAT, plain
        return
    write_graph(view, reads, plain)
    yield FLOAT, plain
    smooth, small = plain, folder / "small.onnx"
    if reach.exists():  # versions of before have none
        from safetensors.torch import load_file

        smooth = folder / "smooth.onnx"
        write_graph(smoothed(view, load_file(reach)), reads, smooth)
    write_quantised(smooth, small)
    yield EIGHT_BITS, small


class _Judged:
    """What a variant is compared with: the answers of the version itself to the test rows; and the validation rows that
    its confidences are brought to those of the version on (`held`)."""

    def __init__(
        self, version: Version, revived: Revived, test: Sequence[Example], held: Sequence[Example]
    ) -> None:  # fmt: skip
        self.version, self.revived, self.test, self.held = version, revived, test, held
        predictor = Predictor(revived.task, revived.encode, revived.engine, version.id)
        self.answers = predictor.predict_bulk(test)
        self.milliseconds = _alone(predictor, test)

    def variant(self, name: str, path: Path) -> Variant:
        engine = OnnxEngine(path, self.revived.task.reads)
        temperature = own_temperature(self.revived, engine, self.held) if name == EIGHT_BITS else None
        task = calibrated(self.revived.task, temperature)
        predictor = Predictor(task, task.encode, engine, self.version.id)
        started = time.perf_counter()
        answers = predictor.predict_bulk(self.test)
        seconds = time.perf_counter() - started
        before, after = task.score(self.answers, self.test), task.score(answers, self.test)
        change = difference(after.rows[task.best_by], before.rows[task.best_by])
        return Variant(
            name, task.reads, task.best_by, len(answers), len(answers) - len(differing(self.answers, answers)),
            after[task.best_by], change.value, change.low, change.high,
            _alone(predictor, self.test), round(seconds, 2), path.stat().st_size, temperature,
            **confidence_errors(answers, after.rows[task.best_by]),
            **confidence_errors(self.answers, before.rows[task.best_by], "_trained"),
        )  # fmt: skip


def _alone(predictor: Predictor, test: Sequence[Example]) -> float:
    """Milliseconds to answer one row that comes alone, the median of a sample."""
    taken = []
    for i in evenly(len(test), SAMPLE):
        started = time.perf_counter()
        predictor.predict_examples([test[i]])
        taken.append(time.perf_counter() - started)
    return round(1000 * statistics.median(taken), 2)


def _kept(workspace: Workspace, judged: _Judged, name: str, path: Path) -> Variant:
    variant = judged.variant(name, path)

    def fill(folder: Path) -> None:
        shutil.copyfile(path, folder / GRAPH)
        (folder / FACTS).write_text(json.dumps(variant.to_json(), indent=1), "utf-8")

    workspace.variants.keep(judged.version, name, fill)
    return variant
