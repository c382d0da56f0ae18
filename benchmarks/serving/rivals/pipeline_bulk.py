"""`transformers.pipeline` over a list with `batch_size=32`, in its own process, for so many seconds; prints JSON."""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path

from .mean_pooled import loaded

BATCH = 32
# Texts of one call of the pipeline: it is asked again until the time is over.
CALL = 10 * BATCH


def main() -> None:
    """Measure; the labels of the first texts are told, so that it can be seen that it is the same model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("texts", type=Path)
    parser.add_argument("seconds", type=float)
    given = parser.parse_args()
    pipe, texts = loaded(given.folder), json.loads(given.texts.read_text("utf-8"))
    labels = [answer["label"] for answer in pipe(texts[:CALL], batch_size=BATCH)]
    turns, asked, started = itertools.cycle(texts), 0, time.perf_counter()
    while (taken := time.perf_counter() - started) < given.seconds:
        pipe(list(itertools.islice(turns, CALL)), batch_size=BATCH)
        asked += CALL
    print(json.dumps({"rate": round(asked / taken, 1), "batch": BATCH, "labels": labels}))


if __name__ == "__main__":
    main()
