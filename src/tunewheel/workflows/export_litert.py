"""export_litert: a version as a folder with a LiteRT file, asked about every frozen test row before it is written."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ..errors import ServingError
from ..serving.litert import LiteRtEngine
from ..serving.portable import checked_place, write_portable
from ..serving.variant import LITERT, Tolerance
from ..workspace import Workspace
from .export import Exported
from .forms import Judged
from .say import Say, Silent


def export_litert(
    workspace: Workspace,
    output: str | Path,
    *,
    version: str = "live",
    tolerance: Tolerance | None = None,
    say: Say | None = None,
) -> Exported:
    """Write a version as a new folder that answers with ai-edge-litert (and tokenizers or Pillow) alone.

    Raises `ServingError` when litert-torch is not installed, when the folder is there, when the answers are not as near
    as the `tolerance` asks, for a floor, and what loading a version raises.
    """
    from ..models.litert import check_installed

    say, tolerance = say or Silent(), tolerance or Tolerance()
    place = checked_place(Path(output))
    check_installed()  # before the version is loaded and the test rows are answered
    judged = Judged(workspace, version)
    task = judged.revived.task
    with say.stage("Exporting", 2) as stage, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        _write(judged, path)
        stage.advance()
        variant = judged.variant(LITERT, LiteRtEngine(path, task.reads), path)
        stage.advance()
        if (why := variant.refusal(tolerance)) is not None:
            raise ServingError(f"the LiteRT form is not near enough: {why}.", mend="Allow more, with a tolerance.")
        write_portable(place, path, variant, task, judged.version.id, judged.pixels)
    return Exported(judged.version.id, judged.milliseconds, [variant], LITERT, {})


def _write(judged: Judged, path: Path) -> None:
    from ..models.litert import write_litert
    from ..models.onnx.graphs import view_of

    task, module = judged.revived.task, judged.revived.engine.module  # type: ignore[attr-defined]
    processor: Any = task.processor
    longest = 0 if task.reads == "image" else processor.max_tokens
    write_litert(view_of(module, task.reads), task.reads, path, longest=longest, pixels=judged.pixels)
