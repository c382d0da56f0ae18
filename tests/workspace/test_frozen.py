from __future__ import annotations

import datetime
import math
import shutil
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tunewheel.errors import FrozenTestChanged, WorkspaceError
from tunewheel.workspace import Workspace, content_sha256
from tunewheel.workspace.columns import read_rows, write_rows

ROWS: list[dict[str, Any]] = [
    {"text": "很好", "label": "good", "stars": 5, "words": ["很", "好"], "picture": b"\x89PNG\0"},
    {"text": "line\nline\u2028line", "label": "bad", "stars": None, "words": [], "picture": b""},
]
FACTS = {"task": "text_classification", "source": "0" * 64}

FREEZE = """
import sys
from tunewheel.workspace import Workspace
rows = [{"text": sys.argv[2]}]
print(Workspace.open(sys.argv[1]).freeze_test("race", rows, ["k"], {}).sha256)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "team")


def test_a_frozen_test_set_comes_back_row_by_row(workspace: Workspace) -> None:
    assert workspace.frozen_test("reviews") is None
    workspace.freeze_test("reviews", ROWS, ["a", "b"], FACTS)
    found = Workspace.open(workspace.path).frozen_test("reviews")
    assert found is not None
    assert found.rows() == ROWS
    assert (found.name, found.keys, found.facts) == ("reviews", {"a", "b"}, FACTS)
    assert found.sha256 == content_sha256(ROWS)


def test_it_is_never_replaced_but_another_name_is_another_set(workspace: Workspace) -> None:
    first = workspace.freeze_test("reviews", ROWS, ["a", "b"], FACTS)
    other = [{"text": "other"}]
    assert workspace.freeze_test("reviews", other, ["c"], {}) == first
    assert workspace.freeze_test("reviews-2", other, ["c"], {}).rows() == other
    assert [entry.kind for entry in workspace.ledger.entries()] == ["test frozen", "test frozen"]


@pytest.mark.parametrize("name", ["rows.parquet", "test.json"])
def test_a_changed_or_missing_file_is_named_and_stops_everything(workspace: Workspace, name: str) -> None:
    path = workspace.freeze_test("reviews", ROWS, ["a", "b"], FACTS).path / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(FrozenTestChanged, match=rf"reviews/{name}: the file was changed"):
        workspace.frozen_test("reviews")
    path.unlink()
    with pytest.raises(FrozenTestChanged, match=rf"reviews/{name}: the file is missing"):
        workspace.freeze_test("reviews", ROWS, ["a", "b"], FACTS)


def test_a_set_that_was_swapped_whole_is_found(workspace: Workspace) -> None:
    first = workspace.freeze_test("reviews", ROWS, ["a", "b"], FACTS)
    second = workspace.freeze_test("easier", [{"text": "easy"}], ["c"], FACTS)
    shutil.rmtree(first.path)
    shutil.copytree(second.path, first.path)
    with pytest.raises(FrozenTestChanged):
        workspace.frozen_test("reviews")


def test_a_set_that_was_written_but_not_sealed_before_a_crash_holds(workspace: Workspace, tmp_path: Path) -> None:
    first = workspace.freeze_test("reviews", ROWS, ["a", "b"], FACTS)
    (tmp_path / "restarted").mkdir()
    restarted = Workspace.open(tmp_path / "restarted")
    shutil.copytree(first.path, restarted.path / "tests" / "reviews")
    assert restarted.frozen_test("reviews") is None
    assert restarted.freeze_test("reviews", [{"text": "other"}], ["c"], {}).sha256 == first.sha256


def test_of_two_processes_that_freeze_at_once_one_wins_for_both(workspace: Workspace) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", FREEZE, str(workspace.path), text], stdout=subprocess.PIPE, text=True)
        for text in ("one", "two")
    ]
    answers = {process.communicate(timeout=60)[0].strip() for process in both}
    assert len(answers) == 1
    assert answers <= {content_sha256([{"text": "one"}]), content_sha256([{"text": "two"}])}


def test_no_rows_are_no_test_set(workspace: Workspace) -> None:
    for rows in ([], [{}]):
        with pytest.raises(WorkspaceError, match="has no rows"):
            workspace.freeze_test("reviews", rows, [], {})


@pytest.mark.parametrize("name", ["../x", "/x", "", "a\0", "a/b", ".."])
def test_a_test_set_has_a_plain_name(workspace: Workspace, name: str) -> None:
    for attempt in (lambda: workspace.frozen_test(name), lambda: workspace.freeze_test(name, ROWS, [], {})):
        with pytest.raises(WorkspaceError, match="cannot be used"):
            attempt()


@pytest.mark.parametrize(
    "values",
    [
        [1, 2.5, None, "x", True],
        [1, 2.5],
        [1, True],
        [b"raw", "text", None],
        [["a", 1], "a"],
        [{"start": 0, "label": "人"}, {"start": 1}],
        [2**70, 1],
        [float("inf"), -0.0],
        [datetime.datetime(2026, 11, 23, 21, 5, tzinfo=datetime.UTC), None],
        [datetime.date(2026, 11, 23)],
        [Decimal("1.50")],
        ["broken \ud800", ""],
        [None, None],
        [[], None, ["a"]],
    ],
)
def test_values_of_all_kinds_survive_with_their_types(tmp_path: Path, values: list[Any]) -> None:
    rows = [{"value": value, "列": "x"} for value in values]
    write_rows(tmp_path / "rows.parquet", rows)
    back = read_rows(tmp_path / "rows.parquet")
    assert back == rows
    assert [type(row["value"]) for row in back] == [type(value) for value in values]
    assert content_sha256(back) == content_sha256(rows)


def test_nan_survives_and_dates_among_texts_become_text(tmp_path: Path) -> None:
    rows: list[Mapping[str, Any]] = [{"a": math.nan, "b": datetime.date(2026, 11, 23)}, {"a": "x", "b": "soon"}]
    write_rows(tmp_path / "rows.parquet", rows)
    back = read_rows(tmp_path / "rows.parquet")
    assert math.isnan(back[0]["a"])
    assert [row["b"] for row in back] == ["2026-11-23", "soon"]


def test_rows_with_different_columns_say_the_same_afterwards(tmp_path: Path) -> None:
    rows = [{"text": "a"}, {"label": "b"}]
    write_rows(tmp_path / "rows.parquet", rows)
    assert read_rows(tmp_path / "rows.parquet") == [{"text": "a", "label": None}, {"text": None, "label": "b"}]
    assert content_sha256(read_rows(tmp_path / "rows.parquet")) == content_sha256(rows)
    assert content_sha256(rows) != content_sha256(rows[::-1])
