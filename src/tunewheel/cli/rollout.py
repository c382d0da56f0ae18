"""`promote`, `rollback`, `shadow` and `canary`: which version answers, and which one may."""

from __future__ import annotations

import math
from typing import Annotated, Any

import typer

from ..errors import RequestInvalid
from . import flags
from .console import results, say, write
from .flags import DEFAULT_WORKSPACE

Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the ledger.")]
Candidate = Annotated[
    str | None,
    typer.Argument(
        help="A version id or alias; when not given, the one beside the live one, or the candidate.", metavar="VERSION"
    ),
]


def promote(
    version: Annotated[str, typer.Argument(help="A version id or alias.")],
    reason: Reason = "",
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Let a version go live."""
    from ..workspace import Workspace

    with Workspace.open(workspace, create=False) as opened:
        opened.promote(version, reason=reason)
        write(f"live: {opened.versions.aliases()['live']}\n")


def rollback(workspace: flags.Workspace = DEFAULT_WORKSPACE) -> None:
    """Let the previous version go live again."""
    from ..workspace import Workspace

    with Workspace.open(workspace, create=False) as opened:
        opened.rollback()
        write(f"live: {opened.versions.aliases()['live']}\n")


def shadow(
    version: Candidate = None,
    share: Annotated[str, typer.Option("--share", help="Share of the kept requests.", metavar="PERCENT")] = "100%",
    off: Annotated[bool, typer.Option("--off", help="End it.")] = False,
    reason: Reason = "",
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Ask a candidate about every kept request, too; its answers are kept in the journal and served to nobody."""
    from ..workflows import rollout
    from ..workspace import Workspace

    with Workspace.open(workspace, create=False) as opened:
        if off:
            return _ended(opened.rollout.end("shadow", reason))
        begun = rollout.shadow(opened, version, share=share_of(share), reason=reason)
        return say(results(), f"shadow: {begun.version}, asked about {100 * begun.share:g} % of what is kept")


def canary(
    share: Annotated[str | None, typer.Argument(help="Share of the requests, such as 10%.", metavar="PERCENT")] = None,
    version: Candidate = None,
    off: Annotated[bool, typer.Option("--off", help="End it.")] = False,
    differ: Annotated[
        str,
        typer.Option(
            "--differ", help="Share of the answers that may be others than the live version's.", metavar="PERCENT"
        ),
    ] = "30%",
    slower: Annotated[
        float, typer.Option("--slower", min=1, help="How many times slower than the live version is still allowed.")
    ] = 2.0,
    reason: Reason = "",
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Let a candidate answer a share of the requests; it is stopped by itself when it does worse."""
    from ..feedback.limits import GuardLimits
    from ..workflows import rollout
    from ..workspace import Workspace

    with Workspace.open(workspace, create=False) as opened:
        if off:
            return _ended(opened.rollout.end("canary", reason))
        if share is None:
            raise RequestInvalid("how much it shall answer is missing.", mend="Say it: tunewheel canary 10%")
        limits = GuardLimits(differ=share_of(differ, "--differ"), slower=slower)
        begun = rollout.canary(opened, share_of(share), version, limits=limits, reason=reason)
        return say(results(), f"canary: {begun.version} answers {100 * begun.share:g} % of the requests")


def _ended(rollout: Any) -> None:
    say(results(), f"{rollout.mode}: ended; {rollout.version} is asked no more")


def share_of(text: str, where: str = "share") -> float:
    """`10%`, `10 %` or `0.1` as 0.1. Raises `RequestInvalid`."""
    number, percent, rest = text.strip().partition("%")
    try:
        value = float(number) / (100 if percent else 1)
    except ValueError:
        value = math.nan
    if rest or not 0 < value <= 1 or (where == "--differ" and value == 1):
        raise RequestInvalid(f"'{text[:20]}' is no share.", where=where, mend="Write it as 10% or 0.1.")
    return value
