"""LiteRT: a module as a `.tflite` file, for phones and for teams that deploy there.

The shapes of a graph are fixed. The file holds a graph a length, which share the weights, each a signature of its own:
`tokens_16` and so on read `ids` (1, S) int32 and `mask` (1, S), and give the logits of a text whose tokens are summed,
not averaged, (1, C), or those of every token, (S, C); `pixels` reads one picture of bytes.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ServingError

# A text is padded to the next length, fourfold at most.
SHORTEST, STEP = 16, 4


def write_litert(view: nn.Module, reads: str, path: Path, *, longest: int = 0, pixels: tuple[int, ...] = ()) -> None:
    """Write a view (see `onnx.graphs`). `longest` is the most tokens of a window, `pixels` the shape of a picture.

    Raises `ServingError` when litert-torch is not installed, or cannot write this body.
    """
    with _quiet():
        converter: Any = _converter()
    chosen: dict[str, tuple[nn.Module, dict[str, Tensor]]]
    if reads == "image":
        chosen = {"pixels": (view, {"pixels": torch.zeros((1, *pixels), dtype=torch.uint8)})}
    else:
        whole = _Window(view, reads).eval()
        chosen = {f"tokens_{length}": (whole, _sample(length)) for length in lengths(longest)}
    with _quiet():
        try:
            for name, (module, given) in chosen.items():
                converter = converter.signature(name, module, sample_kwargs=given)
            converter.convert().export(str(path))
        except Exception as error:  # the libraries beneath have no common class of errors
            first = next(iter(str(error).splitlines()), "")
            raise ServingError(f"this body cannot be written for LiteRT ({type(error).__name__}: {first}).") from None


def lengths(longest: int) -> list[int]:
    """The lengths of the graphs, in tokens."""
    found = [SHORTEST]
    while found[-1] * STEP < longest:
        found.append(found[-1] * STEP)
    return [length for length in found if length < longest] + [longest]


class _Window(nn.Module):
    """A view of one window: the text that it is the whole of, its tokens summed; or each of its tokens."""

    def __init__(self, view: nn.Module, reads: str) -> None:
        super().__init__()
        self.view, self.by_token = view, reads == "words"

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        last = torch.arange(ids.shape[1]) if self.by_token else torch.ones((1, 1))
        logits: Tensor = self.view(ids, mask, last)
        return logits


def _sample(length: int) -> dict[str, Tensor]:
    return {"ids": torch.ones((1, length), dtype=torch.int32), "mask": torch.ones((1, length))}


def check_installed() -> None:
    """Raises `ServingError` when litert-torch is not installed; its import, which takes long, is left for later."""
    if find_spec("litert_torch") is None:
        mend = "pip install 'tunewheel[litert]', and keep the torch that is there: add torch==VERSION to the command."
        raise ServingError("to write for LiteRT, litert-torch is needed.", mend=mend)


def _converter() -> Any:
    check_installed()
    import litert_torch

    return litert_torch


@contextmanager
def _quiet() -> Iterator[None]:
    """The converter prints each of its steps, and warns of its own use of torch."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        nowhere = io.StringIO()
        with warnings.catch_warnings(), redirect_stdout(nowhere), redirect_stderr(nowhere):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
