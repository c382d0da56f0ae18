"""Every malformed file is refused, fast, with sentences that say what is wrong, where, and what to do."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path
from types import ModuleType

import pytest

from tunewheel.data import infer, read
from tunewheel.errors import DataError


def _malformed() -> ModuleType:
    spec = importlib.util.spec_from_file_location("malformed", Path(__file__).with_name("malformed.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


malformed = _malformed()


def test_there_are_at_least_forty_malformed_files():
    assert len(malformed.MAKERS) >= 40


@pytest.mark.parametrize("name", sorted(set(malformed.MAKERS) - malformed.LATER))
def test_it_is_refused_with_a_sentence_that_says_what_to_do(name: str, tmp_path: Path):
    path = malformed.MAKERS[name](tmp_path)
    started = time.process_time()
    with pytest.raises(DataError) as caught:
        infer(read(path))
    assert time.process_time() - started < 2
    said = str(caught.value)
    assert path.name in said
    assert any(problem.mend for problem in caught.value.problems), said
    assert all(problem.what.endswith((".", "?", ":")) for problem in caught.value.problems), said
    assert "Traceback" not in said and "Error(" not in said


@pytest.mark.parametrize("name", sorted(malformed.LATER))
def test_what_can_only_fail_later_is_read_whole(name: str, tmp_path: Path):
    table = read(malformed.MAKERS[name](tmp_path))
    roles = infer(table)
    assert len(table) and roles.said
