"""A model folder: `config.json`, `model.safetensors`, a tokenizer or processor and, if we made it, `tunewheel.json`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ModelDamaged, Problem, WeightsMissing

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
ABOUT = "tunewheel.json"
READERS = ("tokenizer.json", "processor.json")


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A temporary folder that becomes `target` when the block ends well, and vanishes when it does not.

    Safe when two processes make the same folder: the first to finish wins and the other's work is dropped.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield scratch
        _publish(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _publish(scratch: Path, target: Path) -> None:
    for path in scratch.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    scratch.chmod(0o755)
    try:
        scratch.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """A JSON object as a file that a person can read."""
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False), "utf-8")


def check_folder(folder: Path) -> Path:
    """`folder`, if it has what a model folder needs. Raises `WeightsMissing` naming everything that is not there."""
    if not folder.is_dir():
        raise WeightsMissing("there is no such folder.", where=str(folder))
    missing = [Problem(f"there is no {name}.", str(folder)) for name in (CONFIG, WEIGHTS) if not _has(folder, name)]
    if not any(_has(folder, name) for name in READERS):
        missing.append(Problem("there is no tokenizer.json (text) or processor.json (pictures).", str(folder)))
    if missing:
        advice = Problem(
            "A model folder holds config.json, model.safetensors and tokenizer.json.", mend=_save_hint(folder)
        )
        raise WeightsMissing.of([*missing, advice])
    return folder


def _has(folder: Path, name: str) -> bool:
    return (folder / name).is_file()


def _save_hint(folder: Path) -> str:
    if _has(folder, "pytorch_model.bin"):
        return "Pickled weights are not opened: save the model again with save_pretrained(safe_serialization=True)."
    return "transformers writes one with model.save_pretrained(FOLDER) and a fast tokenizer's save_pretrained(FOLDER)."


def config_hash(folder: Path) -> str:
    """12 hex digits of the configuration: the shape of the body, whatever its weights."""
    return hashlib.sha256((folder / CONFIG).read_bytes()).hexdigest()[:12]


def about(folder: Path) -> dict[str, Any]:
    """What is known of the model in `folder` (name, licence, source, languages); empty for a stranger's folder."""
    path = folder / ABOUT
    if not path.exists():
        return {}
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelDamaged(f"{ABOUT} cannot be read ({error}).", where=str(folder)) from None
    return dict(known)
