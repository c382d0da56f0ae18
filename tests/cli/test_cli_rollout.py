"""`shadow`, `canary`, and what `versions` says of them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tunewheel.cli.rollout import share_of
from tunewheel.errors import RequestInvalid
from tunewheel.feedback.limits import GuardLimits
from tunewheel.registry import Rollout
from tunewheel.workflows.rollout import Standing

CANARY = Rollout(mode="canary", version="v0002", share=0.1, began="2026-11-28T07:40:12Z", entry=7)
SHADOW = Rollout(mode="shadow", version="v0002", share=0.5, began="2026-11-28T07:40:12Z", entry=7)
STOPPED = Rollout(
    mode="canary", version="v0002", share=0.0, began="2026-11-28T07:40:12Z", entry=7, stopped="it failed in 5 of 5."
)


def test_a_canary_is_begun_with_its_share_and_its_limits(
    run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any
) -> None:
    calls = workflow("rollout", "canary", CANARY)
    assert run("canary", "10%").out == "canary: v0002 answers 10 % of the requests\n"
    run("canary", "0.25", "v0002", "--differ", "5%", "--slower", "3", "--reason", "looks good")
    first, second = calls
    assert first == {"arguments": (workspace, 0.1, None), "limits": GuardLimits(), "reason": ""}
    assert second["arguments"] == (workspace, 0.25, "v0002")
    assert (second["limits"], second["reason"]) == (GuardLimits(differ=0.05, slower=3.0), "looks good")


def test_a_shadow_is_begun(run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any) -> None:
    calls = workflow("rollout", "shadow", SHADOW)
    assert run("shadow", "v0002", "--share", "50 %").out == "shadow: v0002, asked about 50 % of what is kept\n"
    assert calls == [{"arguments": (workspace, "v0002"), "share": 0.5, "reason": ""}]


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_off_ends_it(run: Callable[..., Any], workspace: Any, mode: str) -> None:
    assert run(mode, "--off", "--reason", "enough").out == f"{mode}: ended; v0002 is asked no more\n"
    assert workspace.ended == [(mode, "enough")]


def test_a_canary_without_a_share_is_asked_for_one(run: Callable[..., Any], workspace: Any) -> None:
    answered = run("canary")
    assert answered.code == 2 and "tunewheel canary 10%" in answered.err


@pytest.mark.parametrize(
    ("text", "share"), [("10%", 0.1), (" 12.5 % ", 0.125), ("0.1", 0.1), ("1", 1.0), ("100%", 1.0)]
)
def test_a_share_is_written_in_several_ways(text: str, share: float) -> None:
    assert share_of(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["10", "0%", "-5%", "101%", "ten", "", "10%%", "nan", "inf"])
def test_what_is_no_share_is_said(text: str) -> None:
    with pytest.raises(RequestInvalid, match="Write it as 10%"):
        share_of(text)


def shown(run: Callable[..., Any], workflow: Callable[..., Any], rollout: Rollout, **counts: int) -> list[str]:
    workflow("rollout", "standing", Standing(rollout, "v0001", **counts))
    lines: list[str] = run("versions").out.splitlines()[3:]
    return lines


def test_versions_tells_how_a_rollout_stands(
    run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any
) -> None:
    assert shown(run, workflow, CANARY, asked=1200, compared=1000, agreed=950, refused=3, refused_live=20) == [
        "canary: v0002 answers 10 % of the requests since 2026-11-28 07:40 UTC",
        "  1,200 rows; of 1,000 it answers 950 as v0001",
        "  people said no to 3 of its answers, and to 20 of v0001's",
    ]
    assert shown(run, workflow, SHADOW, asked=7)[0] == (
        "shadow: v0002 is asked about 50 % of what is kept since 2026-11-28 07:40 UTC"
    )
    assert shown(run, workflow, STOPPED)[0] == "canary: v0002 was stopped: it failed in 5 of 5."
    told = json.loads(run("versions", "--json").out)["rollout"]
    assert (told["mode"], told["share"], told["live"], told["limits"]["slower"]) == ("canary", 0.0, "v0001", 2.0)
