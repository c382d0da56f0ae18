"""The years of a stream, a process a seed, summed up arm by arm."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from . import pools, streams, year
from .cores import side_by_side
from .plan import ARMS, NEVER, ORACLE, SEEDS, SIZES
from .year import Diary

Part = dict[str, Any]
BY_A_POINT = -0.01


def measure(name: str) -> Part:
    """All arms with all seeds, side by side on the cores."""
    if pools.absent(name):
        return {"absent": pools.absent(name)}
    pool = pools.pool(name)
    first = streams.stream(name, pool, SEEDS[0])
    years = side_by_side(partial(_year, name), SEEDS)
    summed = {arm: summary([one[arm] for one in years]) for arm in ARMS}
    return {"size": vars(SIZES[name]), "changes": [turn + 1 for turn in first.changes], "seeds": len(SEEDS),
            "arms": with_shares(summed)}  # fmt: skip


def _year(name: str, seed: int) -> dict[str, Diary]:
    return year.arms(streams.stream(name, pools.pool(name), seed), seed)


def summary(diaries: list[Diary]) -> Part:
    """An arm over all its years: means, and each year where years differ."""
    areas = [float(np.mean(diary.live)) for diary in diaries]
    gains = [gain for diary in diaries for _, gain in diary.promotions]
    errors = [year.error(diary.estimates, diary.live) for diary in diaries if diary.estimates]
    return {
        "area": round(float(np.mean(areas)), 4),
        "areas": [round(area, 4) for area in areas],
        "labels": round(float(np.mean([diary.labels for diary in diaries]))),
        "promotions": round(len(gains) / len(diaries), 2),
        "harmful": round(sum(gain < 0 for gain in gains) / len(diaries), 2),
        "harmful_by_a_point": round(sum(gain < BY_A_POINT for gain in gains) / len(diaries), 2),
        "worst": round(min(gains, default=0.0), 4),
        "seconds": round(float(np.mean([diary.seconds for diary in diaries])), 1),
        "alarms": round(float(np.mean([len(diary.alarms) for diary in diaries])), 2),
        "errors": {key: round(float(np.mean([each[key] for each in errors])), 3) for key in (errors or [{}])[0]},
        "curve": [round(float(value), 4) for value in np.mean([diary.live for diary in diaries], axis=0)],
    }


def with_shares(arms: Mapping[str, Part]) -> dict[str, Part]:
    """Each arm with its share of what the oracle gains over never re-tuning."""
    lowest, highest = arms[NEVER]["area"], arms[ORACLE]["area"]
    gain = highest - lowest
    return {
        name: {**arm, "share": round((arm["area"] - lowest) / gain, 3) if gain > 0 else None}
        for name, arm in arms.items()
    }
