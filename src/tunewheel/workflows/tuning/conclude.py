"""Conclude: judge the entrants, register what is worth serving, put it live if that is proved, write the report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...evaluation.render.html import page
from ...evaluation.search import Search
from ...models.estimate import peak_memory_mb
from ...recipe import Recipe
from ..promotion import Gate, promote_if_proved
from ..run import Run, save
from ..say import Say
from .budget import PAPERS_SECONDS, Clock
from .contend import Candidate, Entrant, contend
from .enlist import Office
from .forecast import Forecast, graded
from .papers import papers_of, report_on
from .preference import worth_keeping
from .underway import finish


@dataclass(frozen=True)
class Ending:
    """What the last chapter of a run needs to know of the others; a companion has held `beside_mb` of memory, and
    learning once from all training rows took `pass_seconds` (0: it is not known)."""

    office: Office
    recipe: Recipe[Any]
    started: float
    search: Search
    chosen: Candidate
    gate: Gate = promote_if_proved
    clock: Clock | None = None
    planned: Forecast | None = None
    beside_mb: float = 0.0
    pass_seconds: float = 0.0


def conclude(ending: Ending, candidates: Sequence[Candidate], say: Say) -> Run:
    """The last chapter of `tune`: the candidates meet the test rows, once, and what is worth it is registered."""
    office, sets = ending.office, ending.office.sets
    entrants = []
    with say.stage("Judging", len(candidates)) as stage:
        for candidate in candidates:
            entrants.append(contend(candidate, sets.test, rough=_may_be_rough(ending, candidate)))
            stage.advance()
    main = next(entrant for entrant in entrants if entrant.candidate is ending.chosen)
    kept = worth_keeping(main, entrants) if _has_time(ending, main) else [main]
    runs = []
    with say.stage("Certifying", len(kept)) as stage:
        for entrant in kept:
            runs.append(_registered(ending, entrant, entrants))
            stage.advance()
    chosen = runs[kept.index(main)]
    _tell_of_rivals(chosen, runs, say)
    # The run is done before anything is promoted: what goes wrong from here on loses nothing.
    finish(office.run, chosen.version.id)
    live = ending.gate(office.workspace, chosen.version, sets, say)
    return _saved(replace(chosen, facts={**_facts(ending), "live": live}))


def _may_be_rough(ending: Ending, candidate: Candidate) -> bool:
    """In a hurry, the body before or the one after: what was not chosen is compared with, and not served."""
    hurried = ending.clock is not None and ending.clock.hurried
    return hurried and candidate is not ending.chosen


def _has_time(ending: Ending, entrant: Entrant) -> bool:
    """Whether a second version can be certified, too."""
    return ending.clock is None or ending.clock.left > 3 * entrant.contender.predict_seconds + PAPERS_SECONDS


def _registered(ending: Ending, entrant: Entrant, entrants: Sequence[Entrant]) -> Run:
    office = ending.office
    report = report_on(entrant, entrants, ending.recipe, office.sets, ending.search)
    version = office.enlist(entrant, papers_of(entrant, report, office.sets))
    return _written(Run(version, report, office.workspace.report_folder(version), _facts(ending)))


def _tell_of_rivals(chosen: Run, runs: Sequence[Run], say: Say) -> None:
    for run in runs:
        if run is not chosen:
            metric = run.report.judgement.metric
            level = run.report.standing.scores[metric] >= chosen.report.standing.scores[metric]
            how = "is as good" if level else "is registered, too"
            say.line(f"{run.version.id} is '{run.version.name}', which {how}; it can be served like any version.")


def _written(run: Run) -> Run:
    """The run, its report beside it."""
    run.page.write_text(page(run.report), "utf-8")
    (run.folder / "report.json").write_text(run.report.to_json(), "utf-8")
    return _saved(run)


def _saved(run: Run) -> Run:
    save(run)
    return run


def _facts(ending: Ending) -> dict[str, Any]:
    seconds, memory = round(time.perf_counter() - ending.started, 1), round(peak_memory_mb() + ending.beside_mb)
    return {
        "rows": ending.office.sets.rows,
        "model": ending.recipe.model.name,
        "seconds": seconds,
        "peak_memory_mb": memory,
        "live": False,
        **({"forecast": graded(ending.planned, seconds, memory, ending.pass_seconds)} if ending.planned else {}),
    }
