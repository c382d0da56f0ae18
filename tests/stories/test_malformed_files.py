"""Forty and more malformed files: each ends `check` and `tune` with exit code 2 and a sentence, never a stack trace."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from tunewheel.cli import main

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("malformed_makers", HERE.parent / "data" / "malformed.py")
assert _spec is not None and _spec.loader is not None
makers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(makers)

SENTENCE = re.compile(r"[^\W\d_]+\W+[^\W\d_]+\W+[^\W\d_]+")


def test_there_are_at_least_forty_malformed_files() -> None:
    assert len(makers.MAKERS) >= 40


@pytest.mark.parametrize("command", ["check", "tune"])
@pytest.mark.parametrize("name", sorted(makers.MAKERS))
def test_a_malformed_file_ends_in_a_sentence_and_exit_code_2(
    name: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    path = makers.MAKERS[name](folder)
    rest = ["--workspace", str(tmp_path / "workspace")] if command == "tune" else []
    code = main([command, str(path), *rest])
    told = capsys.readouterr()
    said = told.err + (told.out if command == "check" else "")
    assert code == 2, said
    assert SENTENCE.search(said)
    assert "Traceback" not in said
