"""check: what the doctor says of a file, and what leaked rows are worth."""

from pathlib import Path

import pytest
from small_texts import intents, write_csv

from tunewheel.workflows.check import check


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rows = intents(60)
    return write_csv(tmp_path / "train.csv", rows[:45]), write_csv(tmp_path / "test.csv", rows[40:])


def of_kind(diagnosis, kind: str):
    return next((finding for finding in diagnosis.findings if finding.kind == kind), None)


def test_the_score_is_told_with_and_without_the_rows_that_leaked(files: tuple[Path, Path]) -> None:
    train, test = files
    diagnosis = check(train, test=test)
    told = of_kind(diagnosis, "score-with-leaks")
    assert len(diagnosis.leaked_test) >= 5 and of_kind(diagnosis, "test-in-train") is not None
    assert "TF-IDF + logistic regression has accuracy" in told.message
    assert f"on the {20 - len(diagnosis.leaked_test)} that do not occur in train" in told.message


def test_without_a_probe_or_a_test_file_nothing_is_trained(files: tuple[Path, Path]) -> None:
    train, test = files
    assert of_kind(check(train, test=test, probe=False), "score-with-leaks") is None
    assert of_kind(check(train), "score-with-leaks") is None
