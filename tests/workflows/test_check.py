"""check: what the doctor says of a file, which rows it may touch, and what leaked rows are worth."""

import csv
from pathlib import Path

import pytest
from listening import Listening
from small_texts import intents, write_csv

from tunewheel.errors import DataError
from tunewheel.workflows.check import check


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rows = intents(60)
    return write_csv(tmp_path / "train.csv", rows[:45]), write_csv(tmp_path / "test.csv", rows[40:])


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


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


@pytest.fixture
def divided_file(tmp_path: Path) -> Path:
    """60 rows: 40 for training (one of them says its side with a blank), 10 for validation, 10 to test; two rows of the
    training rows are in the test rows and one is in the validation rows; each part has a faulty row of its own."""
    rows = [{**row, "part": ("train", "dev", "test", "train", "train", "")[i % 6]} for i, row in enumerate(intents(60))]
    train, dev, test = ([i for i, row in enumerate(rows) if row["part"] == part] for part in ("train", "dev", "test"))
    rows[test[0]] |= {"text": rows[train[0]]["text"], "label": rows[train[0]]["label"]}
    rows[test[1]] |= {"text": rows[train[1]]["text"], "label": rows[train[1]]["label"].upper()}
    rows[test[2]]["text"] = rows[test[3]]["text"] = ""
    rows[test[4]]["text"] = "Un cafÃ© crÃ¨me"
    rows[dev[0]] |= {"text": rows[train[2]]["text"], "label": rows[train[2]]["label"]}
    rows[train[3]]["label"] = rows[train[3]]["label"].upper()
    rows[train[4]]["text"], rows[train[4]]["label"] = rows[train[0]]["text"], rows[train[0]]["label"]
    return write_csv(tmp_path / "divided.csv", rows)


def test_only_the_training_rows_of_a_divided_file_are_examined(divided_file: Path) -> None:
    heard = Listening()
    diagnosis = check(divided_file, probe=False, say=heard)
    assert diagnosis.profile["rows"] == 40
    assert of_kind(diagnosis, "empty") is None and of_kind(diagnosis, "mojibake") is None
    assert of_kind(diagnosis, "duplicates").count == 1
    assert of_kind(diagnosis, "test-in-train").count == 2 and of_kind(diagnosis, "validation-in-train").count == 1
    assert of_kind(diagnosis, "test-in-train").command == f"tunewheel tune {divided_file}"
    assert "40 training rows are examined; 10 validation and 10 test rows are compared with them." in heard.lines


def test_the_test_rows_of_a_divided_file_are_never_cleaned(divided_file: Path, tmp_path: Path) -> None:
    check(divided_file, probe=False, fix=tmp_path / "clean.csv")
    before, after = read_csv(divided_file), read_csv(tmp_path / "clean.csv")
    assert len(after) == 59
    assert [row for row in after if row["part"] == "test"] == [row for row in before if row["part"] == "test"]
    assert any(row["label"].isupper() for row in before if row["part"] == "train")
    assert not any(row["label"].isupper() for row in after if row["part"] == "train")


def test_validation_rows_of_a_file_are_compared_and_the_file_is_safe(files: tuple[Path, Path]) -> None:
    train, held = files
    diagnosis = check(train, validation=held, probe=False)
    leaked = of_kind(diagnosis, "validation-in-train")
    assert leaked.count == len(diagnosis.leaked_validation) >= 5 and leaked.command == f"Delete them from {held}."
    with pytest.raises(DataError, match="may not replace"):
        check(train, validation=held, probe=False, fix=held)


@pytest.mark.parametrize("name", ["clean.xlsx", "clean.parquet", "clean"])
def test_a_copy_in_a_format_that_cannot_be_written_is_refused_at_once(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"can be written as \.csv, \.tsv, \.jsonl, \.json.* Name it clean\.csv"):
        check(tmp_path / "nowhere.csv", fix=tmp_path / name)


def test_texts_are_too_long_for_the_model_that_would_be_chosen(tmp_path: Path) -> None:
    english = [
        {**row, "text": f"{row['text']} and it is not what I want to do with this. " * 22} for row in intents(20)
    ]
    chinese = [{**row, "text": row["text"] * 30} for row in intents(20, chinese=True)]
    spoken = of_kind(check(write_csv(tmp_path / "en.csv", english), probe=False), "too-long")
    assert "longer than the 256 the model reads" in spoken.message
    assert of_kind(check(write_csv(tmp_path / "zh.csv", chinese), probe=False), "too-long") is None


def test_commands_can_be_run_from_where_the_user_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    rows = intents(40)
    write_csv(tmp_path / "data" / "train.csv", [*rows, rows[3]])
    monkeypatch.chdir(tmp_path)
    diagnosis = check("data/train.csv", probe=False)
    repeated = of_kind(diagnosis, "duplicates")
    assert repeated.command == "tunewheel check data/train.csv --fix data/train.clean.csv"
    assert diagnosis.file == "train.csv"
