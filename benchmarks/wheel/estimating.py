"""Live accuracy from 200 audit labels beside the truth: the census as years go by, and traffic with new topics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tunewheel.feedback.audit import draw
from tunewheel.feedback.estimate import confidence_only, live_accuracy

from ..sets import shared
from . import pools
from .drifting import Watch
from .plan import SEEDS, TURNS
from .version import Rows, fitted
from .year import error

Part = dict[str, Any]
Floats = NDArray[np.float64]
LABELS = 200
CENSUS = "drift_tabular/us_census_employment_ma"
# Draws of each window of the census; they cost nothing.
CENSUS_DRAWS = 10
WINDOW, NEW, TRAINED = 2_000, 0.2, 2_400
TOPICS_OUT = 2


class Tries:
    """Estimates of many windows beside the truth, and of two plain ways: the confidences alone, a random sample."""

    def __init__(self) -> None:
        self.truth: list[float] = []
        self.found: dict[str, list[dict[str, float]]] = {"audit": [], "confidences alone": [], "random sample": []}

    def window(self, confidences: Floats, right: Floats, seed: int, region: Floats | None = None) -> None:
        """Draw an audit of a window, (N,) each, and estimate."""
        drawn = draw(LABELS, confidences, drifted=region, seed=seed)
        places = np.array([each.position for each in drawn])
        probabilities = np.array([each.probability for each in drawn])
        estimate = live_accuracy(confidences, places, right[places], probabilities)
        alone = confidence_only(confidences)
        sample = np.random.default_rng(seed).choice(right, LABELS, replace=False).mean()
        self.truth.append(float(right.mean()))
        self.found["audit"].append({"value": estimate.value, "low": estimate.low, "high": estimate.high})
        self.found["confidences alone"].append({"value": alone.value, "low": alone.low, "high": alone.high})
        self.found["random sample"].append({"value": float(sample), "low": 0.0, "high": 1.0})

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
    for turn, rows in enumerate(np.array_split(np.arange(len(right)), TURNS)):
        for seed in range(CENSUS_DRAWS):
            tries.window(confidences[rows], right[rows], 1000 * seed + turn)
    return tries.told()


def new_topics() -> Part:
    """CLINC150 without two of its topics in training: windows of known topics only, and with one fifth of new ones."""
    if pools.absent("clinc150"):
        return {"absent": pools.absent("clinc150")}
    pool = pools.pool("clinc150")
    known, mixed = Tries(), Tries()
    for seed in SEEDS:
        generator = np.random.default_rng(seed)
        topics = generator.permutation(sorted(set(pool.segments) - {"oos"}))
        old = generator.permutation(np.flatnonzero(np.isin(pool.segments, topics[TOPICS_OUT:])))
        new = np.flatnonzero(np.isin(pool.segments, topics[:TOPICS_OUT]))
        train, rest = old[:TRAINED], old[TRAINED:]
        version = fitted(pool, Rows(train, pool.labels[train]))
        watch = Watch(pool, version)
        for turn in range(TURNS):
            for tries, share in ((known, 0.0), (mixed, NEW)):
                count = round(share * WINDOW)
                rows = np.concatenate([generator.choice(rest, WINDOW - count, False), generator.choice(new, count, False)])
                seen = watch.look(rows, seed)
                region = seen.region if seen.alarm else None
                tries.window(version.confidences[rows], version.right(pool, rows), 1000 * seed + turn, region)
    return {"known": known.told(), "new": {"share": NEW, **mixed.told()}}
