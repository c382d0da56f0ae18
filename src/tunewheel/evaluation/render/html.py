"""The report as one self-contained page: no network, no fonts to fetch, no script needed to read it."""

from __future__ import annotations

import base64
import hashlib

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..outcomes import Answer, marks, spoken
from ..report import Report, Standing, spelled
from ..search import brought, duration
from . import anytime, parallel, plots, words

_REACH = 0.25  # lines of the table further than this below the best are drawn as an arrow


def page(report: Report) -> str:
    """The page as HTML. Everything that comes from data is escaped; the page may run nothing but its own script."""
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            judgement=report.judgement,
            weak=report.weaknesses,
            axis=_axis(report.judgement.standings, report.judgement.metric),
            validations=[(p.step, p.validation) for p in report.curve if p.validation is not None],
            losses=[(p.step, p.loss) for p in report.curve if p.loss is not None],
            search=report.search,
            kept=next((p.step for p in reversed(report.curve) if p.best), None),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tunewheel.evaluation", "render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        score=words.score,
        seconds=words.seconds,
        size=words.size,
        facts=words.facts,
        spelled=spelled,
        digest=_digest,
        shown=words.shown,
        tried=words.tried,
        duration=duration,
        settings=words.settings,
    )
    environment.globals.update(plots=plots, pieces=words.pieces, marks=marks, spoken=spoken, is_marked=_is_marked)
    environment.globals.update(anytime=anytime, parallel=parallel, brought=brought)
    return environment


def _axis(standings: list[Standing], metric: str) -> tuple[float, float]:
    """From and to of the strips: all intervals within reach of the best, with a little air."""
    intervals = [line.intervals[metric] for line in standings]
    best = max(interval.value for interval in intervals)
    near = [interval for interval in intervals if interval.value >= best - _REACH]
    low, high = min(i.low for i in near), max(i.high for i in near)
    air = 0.05 * (high - low) + 1e-6
    return max(min(0.0, low), low - air), min(1.0, high + air)


def _is_marked(actual: Answer, predicted: Answer) -> bool:
    return bool(marks(actual) or marks(predicted))


def _digest(script: str) -> str:
    """The hash by which the page's security policy knows its own script."""
    return base64.b64encode(hashlib.sha256(str(script).encode("utf-8")).digest()).decode("ascii")
