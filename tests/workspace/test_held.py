"""Held rows: kept beside a version, not in its bundle."""

from pathlib import Path

import pytest

from tunewheel.errors import WorkspaceError
from tunewheel.workspace.held import HeldRows

ROWS = [{"text": "好", "target": "null", "bounds": None}, {"text": "fee", "target": "null", "bounds": "[[0, 3]]"}]


def test_rows_come_back_as_they_were_given_and_the_newest_count(tmp_path: Path) -> None:
    held = HeldRows(tmp_path)
    assert held.of("v0001") == []
    held.keep("v0001", ROWS[:1])
    held.keep("v0001", ROWS)
    assert held.of("v0001") == ROWS and held.of("v0002") == []
    assert [path.name for path in tmp_path.iterdir()] == ["v0001.parquet"]


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "v0001.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(WorkspaceError, match="v0001.parquet.*Remove it"):
        HeldRows(tmp_path).of("v0001")


def test_a_name_leads_nowhere_else(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError):
        HeldRows(tmp_path / "held").of("../../secret")
