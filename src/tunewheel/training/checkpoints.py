"""Checkpoints: a session on disk, complete and atomic. Order of rows and dropout need no saving: they are
functions of (seed, epoch, step)."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..models.adapters import moving
from .loop import Session

FORMAT = 1


def save(session: Session, folder: Path) -> None:
    """Write the session to `folder`, replacing the checkpoint there. A crash leaves the old one or the new one."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    save_file(
        {name: tensor.detach().contiguous() for name, tensor in moving(session.module)}, fresh / "now.safetensors"
    )
    save_file({name: tensor.contiguous() for name, tensor in session.best.items()}, fresh / "best.safetensors")
    save_file(_optimizer_tensors(session), fresh / "optimizer.safetensors")
    facts = {
        "format": FORMAT, "step": session.step, "seconds": session.seconds, "seed": session.seed,
        "best_score": session.best_score, "since_best": session.since_best,
    }  # fmt: skip
    (fresh / "session.json").write_text(json.dumps(facts), "utf-8")
    _sync(fresh)
    old = folder.with_name(folder.name + ".old")
    if folder.exists():  # or else the old one is all there is
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def find(folder: Path) -> Path | None:
    """The newest complete checkpoint at `folder`: itself, or the one before when a crash came between renames."""
    for candidate in (folder, folder.with_name(folder.name + ".old")):
        if (candidate / "session.json").exists():
            return candidate
    return None


def load(session: Session, folder: Path) -> None:
    """Put a saved session back into a fresh one of the same recipe."""
    facts: dict[str, Any] = json.loads((folder / "session.json").read_text("utf-8"))
    session.step, session.seconds = facts["step"], facts["seconds"]
    session.best_score, session.since_best = facts["best_score"], facts["since_best"]
    session.best = load_file(folder / "best.safetensors")
    saved = load_file(folder / "now.safetensors")
    with torch.no_grad():
        for name, tensor in moving(session.module):
            tensor.copy_(saved[name])
    _restore_optimizer(session, load_file(folder / "optimizer.safetensors"))


def _optimizer_tensors(session: Session) -> dict[str, Tensor]:
    """The optimiser's state, as `<parameter number>.<name>`."""
    state = session.optimizer.state_dict()["state"]
    return {
        f"{number}.{name}": torch.as_tensor(value).contiguous()
        for number, entries in state.items()
        for name, value in entries.items()
        if value is not None
    }


def _restore_optimizer(session: Session, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = tensor
    groups = session.optimizer.state_dict()["param_groups"]
    session.optimizer.load_state_dict({"state": state, "param_groups": groups})


def _sync(folder: Path) -> None:
    """Force the files of `folder` to the disk, so that a rename never shows half of them."""
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
