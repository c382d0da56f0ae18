"""Handover: a workbench in a folder, for another process of the same run, which maps the encoded rows into memory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file

from ...records import Batch, Picture
from ...registry.packing import described
from ...registry.revive import described_task
from ..rows.handed import read_examples, write_examples
from ..say import Silent
from .body import Body
from .workbench import Workbench

WORK, HELD, HEAD = "work.json", "held.jsonl", "head.safetensors"
TRAIN, VALIDATION = "train", "validation"


def handed_bytes(bench: Workbench) -> int:
    """About how much disk `hand_over` takes."""
    arrays = [array for batch in (bench.train, bench.validation) for array in batch.arrays.values()]
    pictures = [example.content.data for example in bench.held if isinstance(example.content, Picture)]
    return sum(array.nbytes for array in arrays) + sum(map(len, pictures)) * 4 // 3  # those as base64


def hand_over(bench: Workbench, folder: Path) -> None:
    """Write all that a training needs into a folder."""
    folder.mkdir(parents=True)
    _write(bench.train, folder / TRAIN)
    _write(bench.validation, folder / VALIDATION)
    write_examples(folder / HELD, bench.held)
    save_file({name: tensor.contiguous() for name, tensor in bench.head.items()}, folder / HEAD)
    body = bench.body
    work = {"task": described(body.task), "body": body.name, "folder": str(body.folder), "cache": str(bench.cache)}
    (folder / WORK).write_text(json.dumps(work, ensure_ascii=False), "utf-8")


def taken_over(folder: Path) -> Workbench:
    """The workbench that was handed over. Its task encodes nothing more: that was done."""
    work = json.loads((folder / WORK).read_text("utf-8"))
    body = Body(work["body"], Path(work["folder"]), described_task(work["task"]))
    train, validation = _read(folder / TRAIN), _read(folder / VALIDATION)
    held, head = read_examples(folder / HELD), load_file(folder / HEAD)
    return Workbench(body, train, validation, held, Path(work["cache"]), Silent(), head)


def _write(batch: Batch, folder: Path) -> None:
    folder.mkdir()
    for name, array in batch.arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    (folder / "by.json").write_text(json.dumps(dict(batch.by)), "utf-8")


def _read(folder: Path) -> Batch:
    arrays = {path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in folder.glob("*.npy")}
    return Batch(arrays, json.loads((folder / "by.json").read_text("utf-8")))
