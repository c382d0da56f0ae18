"""predict: what is taken for a file, and how a file is read."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tunewheel.errors import ReadError


def test_predict_hands_on_how_a_file_is_read(
    run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any, tmp_path: Path
) -> None:
    (tmp_path / "new.csv").write_text("body\nhello\n")
    written = SimpleNamespace(path=Path("p.csv"), version="v0001", rows=1, failed=0, left_out=[])
    calls = workflow("predict", "predict_file", written)
    flags = ["--text", "body", "--format", "csv", "--encoding", "gb18030", "--sheet", "one"]
    assert run("predict", "new.csv", *flags).code == 0
    told = {name: calls[0][name] for name in ("text", "format", "encoding", "sheet")}
    assert told == {"text": "body", "format": "csv", "encoding": "gb18030", "sheet": "one"}
    result = run("predict", "hello", "--text", "body")
    assert result.code == 2 and "no file was named, and --text would say how it is read" in result.err


@pytest.mark.parametrize("name", ["revews.csv", "cat.png"])
def test_predict_takes_a_mistyped_file_for_a_file_and_not_for_a_text(
    name: str, run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any
) -> None:
    texts = workflow("predict", "predict", [])
    files = workflow("predict", "predict_file", ReadError("there is no such file.", where=name))
    result = run("predict", name)
    assert (result.code, result.err) == (2, f"error: {name}: there is no such file.\n")
    assert files and not texts
    run("predict", name, "another text")
    assert texts
