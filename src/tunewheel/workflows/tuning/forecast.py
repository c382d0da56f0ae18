"""Forecast: what a run will cost, said before it and graded after it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...recipe import Recipe

PLANS = "plans"
# What is settled by measuring on the way, or names the same rows otherwise, makes no other plan.
UNTOLD = {"data": {"path", "validation", "test"}, "training": {"precision", "lanes"}}


@dataclass(frozen=True)
class Forecast:
    """Seconds from start to end, and the most memory held, in MB; seconds to learn once from all training rows, which
    say more of a run with a budget, for that uses all of it (0: not told)."""

    seconds: float
    memory_mb: float
    pass_seconds: float = 0.0


def graded(
    forecast: Forecast, seconds: float, memory_mb: float, pass_seconds: float = 0.0
) -> dict[str, dict[str, float]]:  # fmt: skip
    """The forecast beside what happened; `error` is the share by which it was too high (below 0: too low). A pass is
    graded where there was one."""
    pairs = {"seconds": (forecast.seconds, seconds), "memory_mb": (forecast.memory_mb, memory_mb)}
    if forecast.pass_seconds and pass_seconds:
        pairs["pass_seconds"] = (forecast.pass_seconds, pass_seconds)
    return {
        name: {"forecast": round(said, 2), "actual": round(was, 2), "error": round(said / was - 1, 3) if was else 0.0}
        for name, (said, was) in pairs.items()
    }


def mark(recipe: Recipe[Any], fingerprints: Mapping[str, str], budget: float | None) -> str:
    """Names a run before it is made: by the content of its files, its settings and its budget in seconds."""
    settings = recipe.model_dump(mode="json", exclude=UNTOLD)
    facts = json.dumps([settings, sorted(fingerprints.values()), budget], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def keep(cache: Path, name: str, forecast: Forecast, plan: Mapping[str, Any]) -> Path:
    """Keep the forecast for the run of this name, and the whole plan beside it, in the workspace's `cache`."""
    path = cache / PLANS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {**asdict(forecast), "plan": dict(plan)}
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1), "utf-8")
    return path


def kept(cache: Path, name: str) -> Forecast | None:
    """The forecast that was kept for the run of this name."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads((cache / PLANS / f"{name}.json").read_text("utf-8"))
        seconds, memory_mb = float(found["seconds"]), float(found["memory_mb"])
        return Forecast(seconds, memory_mb, float(found.get("pass_seconds", 0.0)))
    return None
