"""Live accuracy from 200 audit labels beside the truth: the census as years go by, and traffic with new topics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tunewheel.feedback.estimate import confidence_only

from ..sets import shared
from . import pools
from .audits import History, Window, drawn, estimated, told
from .drifting import Watch
from .plan import SEEDS, TURNS
from .version import Rows, fitted
from .year import error

Part = dict[str, Any]
Floats = NDArray[np.float64]
LABELS = 200
CENSUS = "drift_tabular/us_census_employment_ma"
# So often the same years with other draws: they cost little, and the error is known to a few hundredths.
CENSUS_YEARS = 40
# As the product has it: with what earlier audits of the version taught; and other ways beside it.
WAYS = ("audit", "audit alone", "confidences alone", "random sample")
WINDOW, NEW, TRAINED = 2_000, 0.2, 2_400
TOPICS_OUT = 2


class Tries:
    """Estimates of many windows beside the truth, in all ways."""

    def __init__(self) -> None:
        self.truth: list[float] = []
        self.found: dict[str, list[Mapping[str, float]]] = {way: [] for way in WAYS}

    def window(self, window: Window, right: Floats, history: History, seed: int) -> None:
        """Draw an audit of a window of N answers and estimate; `right` (N,) is the truth."""
        audit = drawn(window, LABELS, seed)
        labelled = right[audit.places]
        sample = float(np.random.default_rng(seed).choice(right, LABELS, replace=False).mean())
        found = (
            told(history.estimate(audit, labelled)), told(estimated(audit, labelled)),
            told(confidence_only(window.confidences)), {"value": sample, "low": 0.0, "high": 1.0},
        )  # fmt: skip
        self.truth.append(float(right.mean()))
        for way, one in zip(WAYS, found, strict=True):
            self.found[way].append(one)

    def told(self) -> Part:
        """Errors of each way in points."""
        spread = {"lowest": round(min(self.truth), 4), "highest": round(max(self.truth), 4)}
        errors = {name: error(found, self.truth) for name, found in self.found.items()}
        return {"windows": len(self.truth), "labels": LABELS, "truth": spread, **errors}


def census() -> Part:
    """A model of 2015 on the people of 2016 to 2018, in 26 windows; its own confidences and answers."""
    folder = shared() / CENSUS
    if not (folder / "analysis.parquet").is_file():
        return {"absent": f"not run: there is no {folder}; name the folder of the shared data in TUNEWHEEL_SHARED"}
    asked = pq.read_table(folder / "analysis.parquet", columns=["prediction", "predicted_probability"])
    actual = pq.read_table(folder / "analysis_target.parquet", columns=["employed"])["employed"].to_numpy()
    shares = asked["predicted_probability"].to_numpy()
    confidences = np.maximum(shares, 1 - shares)
    right = (asked["prediction"].to_numpy() == actual).astype(np.float64)
    tries = Tries()
    for year in range(CENSUS_YEARS):
        history = History()
        for turn, rows in enumerate(np.array_split(np.arange(len(right)), TURNS)):
            tries.window(Window(confidences[rows]), right[rows], history, 1_000 * year + turn)
    return tries.told()


def new_topics() -> Part:
    """CLINC150 without two of its topics in training: a year of known topics only, then one with one fifth of new ones,
    of the same version, its earlier audits being of the first year at first."""
    if pools.absent("clinc150"):
        return {"absent": pools.absent("clinc150")}
    pool = pools.pool("clinc150")
    tries = {"known": Tries(), "new": Tries()}
    for seed in SEEDS:
        generator = np.random.default_rng(seed)
        topics = generator.permutation(sorted(set(pool.segments) - {"oos"}))
        old = generator.permutation(np.flatnonzero(np.isin(pool.segments, topics[TOPICS_OUT:])))
        new = np.flatnonzero(np.isin(pool.segments, topics[:TOPICS_OUT]))
        version = fitted(pool, Rows(old[:TRAINED], pool.labels[old[:TRAINED]]))
        history, watch = History(), Watch(pool, version)  # of one version, which the new topics take by surprise
        for name, share in (("known", 0.0), ("new", NEW)):
            sizes = (WINDOW - round(share * WINDOW), round(share * WINDOW))
            for turn in range(TURNS):
                parts = zip((old[TRAINED:], new), sizes, strict=True)
                rows = np.concatenate([generator.choice(part, size, False) for part, size in parts])
                window = Window(version.confidences[rows], watch.look(rows).region)
                tries[name].window(window, version.right(pool, rows), history, 1_000 * seed + turn)
    return {name: one.told() for name, one in tries.items()}
