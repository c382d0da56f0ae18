"""States: what the layers that stand still make of every row, computed once and kept on disk for all later epochs,
runs and trials."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch

from ..models.adapters import standing
from ..models.heads import Headed
from ..models.lanes import lanes
from ..models.tensors import to_tensors
from ..models.text.encoder import STATES, FlatEncoder
from ..records import Array, Batch
from ..records.batch import ranges
from .batches import Indices, sizes, sorted_batches

UNITS = 2048
# Half precision: twice bf16's digits where states lie (layer norms keep them small), half of float32's space.
KIND = np.dtype(np.float16)
MOST_BYTES = 10 * 2**30
SHARE_OF_DISK = 0.5


def with_states(module: Headed, batch: Batch, folder: Path, *, half: bool) -> Batch:
    """The batch with the states below the first layer that moves, and the body told to begin there.

    They are kept in `folder` by content of rows and weights, mapped into memory and never read whole. The batch is
    given back as it is where nothing stands still, where the body cannot go on from states, or the disk is too small.
    """
    body = module.backbone
    if not isinstance(body, FlatEncoder) or not len(batch):
        return batch
    begun = standing(body)
    if not begun:
        return batch
    folder.mkdir(parents=True, exist_ok=True)
    body.begun = begun
    path = folder / f"{_key(body, batch, half)}.npy"
    states = _kept(path)
    if states is None:
        needed = int(sizes(batch).sum()) * body.width * KIND.itemsize
        if needed > min(MOST_BYTES, SHARE_OF_DISK * shutil.disk_usage(folder).free):
            return batch  # and the body begins where it always did: other rows may have their states
        _make_room(folder, needed)
        states = _write(path, body, batch, half)
    return batch.merged(Batch({STATES: states}, {STATES: "tokens"}))


def _kept(path: Path) -> Array | None:
    """The states in a file, mapped; None where there is none, or another process has just removed it."""
    try:
        os.utime(path)  # the least recently used are the first to go
        mapped: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        return None
    return mapped


def _key(body: FlatEncoder, batch: Batch, half: bool) -> str:
    """Names all that the states depend on: the rows, the weights below, the arithmetic."""
    device = next(body.parameters()).device.type
    facts = [body.begun, half, str(KIND), device, torch.__version__, body.config]
    digest = hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16)
    for array in (batch["ids"], batch["lengths"], batch["windows"]):
        digest.update(np.ascontiguousarray(array).data)
    above = {id(p) for block in body.blocks()[body.begun :] for p in block.parameters()}
    for tensor in body.body.parameters():
        if id(tensor) not in above:
            digest.update(tensor.detach().contiguous().view(-1).view(torch.uint8).cpu().numpy().data)
    return digest.hexdigest()


def _write(path: Path, body: FlatEncoder, batch: Batch, half: bool) -> Array:
    """Compute all states into a file that appears when it is complete; gives them, mapped."""
    counts = sizes(batch)
    starts = np.cumsum(counts) - counts
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".states-", suffix=".npy")
    os.close(handle)
    try:
        target = np.lib.format.open_memmap(name, "w+", KIND, (int(counts.sum()), body.width))
        device = next(body.parameters()).device
        body.eval()

        def keep(rows: Indices) -> None:
            with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=half):
                states = body.begin(to_tensors(batch.select(rows), device))
            target[ranges(starts[rows], counts[rows])] = states.to("cpu", torch.float16).numpy()

        lanes().each(keep, sorted_batches(counts, UNITS))
        target.flush()
        Path(name).replace(path)
        mapped: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        return mapped
    finally:
        Path(name).unlink(missing_ok=True)


def _make_room(folder: Path, needed: int) -> None:
    """Remove the least recently used files until `needed` bytes more are within the limit."""
    with os.scandir(folder) as found:  # names with a dot are still being written
        facts = [(entry.stat(), entry.path) for entry in found if entry.name[0] != "." and entry.is_file()]
    total = sum(stat.st_size for stat, _ in facts)
    for stat, path in sorted(facts, key=lambda fact: fact[0].st_mtime):
        if total + needed <= MOST_BYTES:
            return
        total -= stat.st_size
        Path(path).unlink(missing_ok=True)
