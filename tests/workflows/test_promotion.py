import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from listening import Listening

from tunewheel.feedback.gate import Evidence
from tunewheel.records import Example, Ratio
from tunewheel.registry import Draft, Version
from tunewheel.workflows.promotion import promote_if_proved
from tunewheel.workflows.rows.sets import Sets
from tunewheel.workspace import Workspace

NO_SETS = Sets([], [], [], "")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path / "w") as opened:
        yield opened


def registered(
    workspace: Workspace, right: Sequence[bool], keys: Sequence[str] = (), groups: Sequence[int] = (), **draft: Any
) -> Version:
    """A version that was right on these of the frozen rows, and nothing else."""
    named = keys or [f"row {number}" for number in range(len(right))]
    rows = [
        {"key": key, "numerator": float(hit), "denominator": 1.0, "predicted": "x", "confidence": 0.5}
        for key, hit in zip(named, right, strict=True)
    ]
    for row, group in zip(rows, groups, strict=False):
        row["group"] = group

    def fill(folder: Path) -> None:
        (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    made = {"name": "reviews", "task": "text_classification", "kind": "module", **draft}
    return workspace.register(fill, Draft(**made))


def hits(count: int, of: int = 100, start: int = 0) -> list[bool]:
    return [start <= number < start + count for number in range(of)]


def test_the_first_version_goes_live(workspace: Workspace) -> None:
    heard = Listening()
    assert promote_if_proved(workspace, registered(workspace, hits(10)), NO_SETS, heard)
    assert workspace.versions.aliases() == {"live": "v0001"}
    assert heard.lines == ["v0001 is live: the first version of this workspace."]


def test_a_better_version_goes_live_once_it_is_proved(workspace: Workspace) -> None:
    promote_if_proved(workspace, registered(workspace, hits(70)), NO_SETS, Listening())
    heard = Listening()
    assert promote_if_proved(workspace, registered(workspace, hits(80)), NO_SETS, heard)
    assert workspace.versions.aliases() == {"live": "v0002", "previous": "v0001"}
    assert "v0002 is live instead of v0001: better on 100 frozen test rows: 10.0 points" in heard.said
    entry = workspace.ledger.entries()[-1]
    assert entry.facts["reason"].startswith("better on 100 frozen test rows: 10.0 points [")
    evidence = entry.facts["evidence"]
    assert evidence["against"] == "v0001"
    assert evidence["decision"]["looks"][0]["p_better"] == pytest.approx(0.5**10)
    assert (evidence["forgetting"]["mended"], evidence["forgetting"]["broken"]) == (10, 0)


@pytest.mark.parametrize(
    ("right", "word"),
    [(hits(73), "not proved better"), (hits(70), "not proved better"), (hits(60), "worse on 100"),
     (hits(74, start=4), "not proved better")],
    ids=["by luck", "equal", "worse", "mixed"],
)  # fmt: skip
def test_what_is_not_proved_becomes_a_candidate_and_changes_nothing(
    workspace: Workspace, right: list[bool], word: str
) -> None:
    promote_if_proved(workspace, registered(workspace, hits(70)), NO_SETS, Listening())
    heard = Listening()
    assert not promote_if_proved(workspace, registered(workspace, right), NO_SETS, heard)
    assert workspace.versions.aliases() == {"live": "v0001", "candidate": "v0002"}
    assert word in heard.said and "tunewheel promote v0002" in heard.said


def test_rows_are_paired_by_content_and_occurrence_not_by_place(workspace: Workspace) -> None:
    keys = [f"text {number // 2}" for number in range(100)]  # every text twice
    promote_if_proved(workspace, registered(workspace, hits(70), keys), NO_SETS, Listening())
    heard = Listening()
    promote_if_proved(workspace, registered(workspace, hits(70)[::-1], keys[::-1]), NO_SETS, heard)
    assert "rows: 0.0 points" in heard.said


def test_a_held_candidate_is_one_entry_of_the_ledger_with_its_evidence_each_time(workspace: Workspace) -> None:
    promote_if_proved(workspace, registered(workspace, hits(70)), NO_SETS, Listening())
    held = registered(workspace, hits(72))
    for entries in (1, 2):
        promote_if_proved(workspace, held, NO_SETS, Listening())
        decided = [entry for entry in workspace.ledger.entries() if "evidence" in entry.facts]
        assert len(decided) == entries
        assert decided[-1].facts["evidence"]["decision"]["promote"] is False
    workspace.ledger.verify()


def test_the_same_test_rows_ask_more_of_every_further_candidate(workspace: Workspace) -> None:
    promote_if_proved(workspace, registered(workspace, hits(50)), NO_SETS, Listening())
    promote_if_proved(workspace, registered(workspace, hits(51)), NO_SETS, Listening())
    assert not promote_if_proved(workspace, registered(workspace, hits(56)), NO_SETS, Listening())  # p = 0.016
    assert promote_if_proved(workspace, registered(workspace, hits(75)), NO_SETS, Listening())


def test_audited_rows_can_promote_what_the_frozen_rows_do_not_prove(workspace: Workspace) -> None:
    promote_if_proved(workspace, registered(workspace, hits(70)), NO_SETS, Listening())
    new, old = (Ratio(np.array(side, float), np.ones(30)) for side in (hits(30, 30), hits(10, 30)))
    fresh = Evidence("audited", new, old, weights=np.full(30, 7.0))
    heard = Listening()
    assert promote_if_proved(workspace, registered(workspace, hits(70)), NO_SETS, heard, audited=fresh)
    assert "better on 30 audited rows of the traffic: 66.7 points" in heard.said


def test_a_part_of_the_test_rows_that_gets_worse_holds_a_version_back(workspace: Workspace) -> None:
    """Better by 20 rows in all, and worse by 15 of the 30 rows in Chinese."""
    texts = [f"row {number}" if number >= 30 else f"第{number}行" for number in range(100)]
    examples = [Example(text, "x") for text in texts]
    keys = [example.key for example in examples]
    sets = Sets([], [], examples, "")
    promote_if_proved(workspace, registered(workspace, [*[True] * 30, *[False] * 70], keys), sets, Listening())
    heard, right = Listening(), [number >= 15 and number < 65 for number in range(100)]
    assert not promote_if_proved(workspace, registered(workspace, right, keys), sets, heard)
    assert "script: Han loses 50.0 points" in heard.said


def test_versions_that_were_judged_on_no_row_in_common_prove_nothing(workspace: Workspace) -> None:
    promote_if_proved(workspace, registered(workspace, hits(10)), NO_SETS, Listening())
    other = registered(workspace, hits(100), [f"other {number}" for number in range(100)])
    assert not promote_if_proved(workspace, other, NO_SETS, Listening())
    assert workspace.versions.aliases()["live"] == "v0001"


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("right", [hits(100), hits(10)], ids=["better", "worse"])
def test_a_refused_version_gets_no_alias_and_it_is_said(workspace: Workspace, live: bool, right: list[bool]) -> None:
    if live:
        promote_if_proved(workspace, registered(workspace, hits(50)), NO_SETS, Listening())
    before, heard = workspace.versions.aliases(), Listening()
    refused = registered(workspace, right, status="refused")
    assert not promote_if_proved(workspace, refused, NO_SETS, heard)
    assert workspace.versions.aliases() == before
    assert heard.said.startswith(f"{refused.id} is refused and cannot go live: its served answers differ")


def test_a_version_of_another_task_is_a_candidate_and_the_way_to_serve_it_is_told(workspace: Workspace) -> None:
    promote_if_proved(workspace, registered(workspace, hits(10)), NO_SETS, Listening())
    heard = Listening()
    names = registered(workspace, hits(100), task="token_classification")
    assert not promote_if_proved(workspace, names, NO_SETS, heard)
    assert workspace.versions.aliases() == {"live": "v0001", "candidate": "v0002"}
    assert heard.lines[0] == ("v0002 is a candidate: v0001, which is live, has another task (text_classification).")
    assert "tunewheel promote v0002" in heard.lines[1] and "--workspace FOLDER" in heard.lines[1]


def test_rows_of_one_group_are_no_evidence_each_of_its_own(workspace: Workspace) -> None:
    """Ten documents of ten rows; the new version wins all rows of two of them."""
    documents = [number // 10 for number in range(100)]
    promote_if_proved(workspace, registered(workspace, hits(70), groups=documents), NO_SETS, Listening())
    heard = Listening()
    assert not promote_if_proved(workspace, registered(workspace, hits(80), groups=documents), NO_SETS, heard)
    assert "not proved better on 100 frozen test rows: 10.0 points" in heard.said


def test_groups_that_only_the_live_version_knows_are_used(workspace: Workspace) -> None:
    documents = [number // 10 for number in range(100)]
    promote_if_proved(workspace, registered(workspace, hits(70), groups=documents), NO_SETS, Listening())
    assert not promote_if_proved(workspace, registered(workspace, hits(80)), NO_SETS, Listening())


def test_a_single_group_proves_nothing_by_its_lack_of_spread(workspace: Workspace) -> None:
    promote_if_proved(workspace, registered(workspace, hits(70), groups=[1] * 100), NO_SETS, Listening())
    heard = Listening()
    assert not promote_if_proved(workspace, registered(workspace, hits(71), groups=[1] * 100), NO_SETS, heard)
    assert "p = 0.500" in heard.said
