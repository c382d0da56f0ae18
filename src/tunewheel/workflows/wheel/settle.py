"""Settle: the gate of a turn: a candidate against the live version, with all that is known by now."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import ServingError, TunewheelError
from ...feedback.gate import Guard
from ...records import Example
from ...registry import CANDIDATE, LIVE, Version
from ...serving import Predictor
from ...serving.certificate import evenly
from ...workspace import Workspace
from ..export import export
from ..load import load
from ..promotion import promote_if_proved
from ..rows.frozen import as_example
from ..rows.gather import gather, open_table
from ..rows.sets import Sets
from ..say import Say
from .evidence import audited_evidence

# A candidate may take so much longer than the live version, and be so much larger.
SLOWER, LARGER = 2.0, 2.0
TIMED_ROWS = 40
QUICK_MS = 10.0  # whoever answers sooner than this is quick enough beside any plain floor
MOST_TOLD = 5


@dataclass(frozen=True)
class Limits:
    """What a candidate must keep to: cases in a file that it must answer right where the live version does, and how
    many times slower it may be."""

    cases: Path | None = None
    slower: float = SLOWER


def settle(workspace: Workspace, limits: Limits, say: Say) -> Version | None:
    """Let the gate decide on the candidate that waits, where audited rows have been labelled since it learnt; gives
    the candidate, or None where there was nothing to decide."""
    aliases = workspace.versions.aliases()
    if LIVE not in aliases or aliases.get(CANDIDATE) in (None, aliases[LIVE]):
        return None
    candidate, live = workspace.versions.get(CANDIDATE), workspace.versions.get(LIVE)
    if candidate.task != live.task or audited_evidence(workspace, candidate.id, live.id) is None:
        return None
    decided(workspace, candidate, frozen_sets(workspace, candidate.task), say, limits)
    return candidate


def decided(workspace: Workspace, version: Version, sets: Sets, say: Say, limits: Limits) -> bool:
    """Whether the version is live now, by the gate with everything that a turn looks at."""
    live = workspace.versions.aliases().get(LIVE)
    if live is None or version.status == "refused" or workspace.versions.get(live).task != version.task:
        return promote_if_proved(workspace, version, sets, say)
    _export_alike(workspace, version, live, say)
    audited = audited_evidence(workspace, version.id, live)
    guards = _guards(workspace, version.id, live, sets.test, limits)
    return promote_if_proved(workspace, version, sets, say, audited=audited, guards=guards)


def frozen_sets(workspace: Workspace, task: str) -> Sets:
    """The frozen test rows of a task, where nothing is to be learnt."""
    frozen = workspace.frozen_test(task)
    return Sets([], [], [as_example(row) for row in frozen.rows()], frozen.sha256) if frozen else Sets([], [], [], "")


def _export_alike(workspace: Workspace, version: Version, live: str, say: Say) -> None:
    """A candidate of a live version that is served in a faster form gets one, too, or it would only seem slower."""
    if version.kind == "floor" or not workspace.variants.of(live) or workspace.variants.of(version.id):
        return
    try:
        export(workspace, version=version.id, say=say)
    except ServingError as error:
        say.line(f"{version.id} has no faster form: {error}")


def _guards(
    workspace: Workspace, version: str, live: str, test: Sequence[Example], limits: Limits
) -> list[Guard]:  # fmt: skip
    new, old = load(workspace, version), load(workspace, live)
    asked = [test[i] for i in evenly(len(test), TIMED_ROWS)]
    guards = [_size_guard(workspace, version, live)]
    guards += [_latency_guard(new, old, asked, limits.slower)] if asked else []
    return [*guards, _cases_guard(new, old, limits.cases)] if limits.cases else guards


def _latency_guard(new: Predictor, old: Predictor, asked: Sequence[Example], slower: float) -> Guard:
    """Both answer the same rows, one at a time and in turns, so that whatever else runs slows both."""
    for predictor in (new, old):
        predictor.predict_examples(asked[:1])
    taken = [(_seconds(new, example), _seconds(old, example)) for example in asked]
    mine, theirs = (1_000 * statistics.median(side) for side in zip(*taken, strict=True))
    holds = mine <= max(slower * theirs, QUICK_MS)
    return Guard("latency", holds, f"it takes {mine:.1f} ms a row where {old.version} takes {theirs:.1f}")


def _seconds(predictor: Predictor, example: Example) -> float:
    started = time.perf_counter()
    predictor.predict_examples([example])
    return time.perf_counter() - started


def _size_guard(workspace: Workspace, version: str, live: str) -> Guard:
    mine, theirs = (_bytes(workspace, one) / 1e6 for one in (version, live))
    return Guard("size", mine <= LARGER * theirs + 50, f"it has {mine:.0f} MB where {live} has {theirs:.0f}")


def _bytes(workspace: Workspace, version: str) -> int:
    bundle = workspace.bundle(version)
    return sum((bundle.path / name).stat().st_size for name in bundle.manifest.files)


def _cases_guard(new: Predictor, old: Predictor, path: Path) -> Guard:
    """Every case of the file that the live version answers right must stay right."""
    cases = [example for example in gather(open_table(path), new.task).examples if example.target is not None]
    if not cases:
        raise TunewheelError("no case has an answer.", where=str(path), mend="Fill in the column of the label.")
    kept, were = (_right(predictor, cases) for predictor in (new, old))
    broken = [f"'{case.text[:60]}'" for case, now, then in zip(cases, kept, were, strict=True) if then and not now]
    if not broken:
        return Guard("cases", True, f"all of the {sum(were)} cases that were right are right")
    more = f" and {len(broken) - MOST_TOLD} more" if len(broken) > MOST_TOLD else ""
    return Guard("cases", False, f"it breaks cases that must not break: {', '.join(broken[:MOST_TOLD])}{more}")


def _right(predictor: Predictor, cases: Sequence[Example]) -> list[bool]:
    ratio = predictor.task.score(predictor.predict_bulk(cases), cases).rows[predictor.task.best_by]
    return [bool(top >= bottom) for top, bottom in zip(ratio.numerator, ratio.denominator, strict=True)]
