import csv
import gc
import json
from types import SimpleNamespace

import pytest
from keyword_task import KeywordTask, NamesTask, PictureTask, predictor

from tunewheel.data import read
from tunewheel.errors import ColumnError, DataError, ReadError, RequestInvalid, ServingError
from tunewheel.workflows import predict as workflow
from tunewheel.workflows.answers_file import checked_output
from tunewheel.workflows.predict import predict_file, predict_table
from tunewheel.workflows.say import Silent


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text('id,text,prediction\n1,my card,old\n2,"a fee,\nindeed",old\n3,  ,old\n4,我的卡,old\n', "utf-8")
    return read(path)


def answers(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_keeps_its_columns_and_its_place(table, tmp_path):
    written = predict_table(predictor(), table, tmp_path / "out.csv", Silent())
    rows = answers(written.path)
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[1]["text"] == "a fee,\nindeed"
    assert [row["tunewheel_prediction"] for row in rows] == ["cards", "fees", "", "cards"]
    assert [row["prediction"] for row in rows] == ["old"] * 4
    assert 0 < float(rows[0]["confidence"]) <= 1


def test_a_row_that_cannot_be_read_says_why_and_stops_nothing(table, tmp_path):
    written = predict_table(predictor(), table, tmp_path / "out.csv", Silent())
    assert (written.rows, written.failed, written.version) == (4, 1, "v0001")
    errors = [row["error"] for row in answers(written.path)]
    assert [bool(error) for error in errors] == [False, False, True, False]
    assert "in.csv row" in errors[2] and "empty" in errors[2]


class Choosy(KeywordTask):
    """Takes no text with a question mark: as a model may that meets what no check foresaw."""

    def encode(self, examples):
        bad = [example.text for example in examples if "?" in example.text]
        if bad:
            raise DataError(f"{bad[0]!r} is a question.", where="somewhere")
        return super().encode(examples)


def test_a_row_that_the_model_cannot_take_says_why_and_stops_nothing(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("text\nmy card\na fee?\n \nmy card again\n")
    written = predict_table(predictor(task=Choosy()), read(path), tmp_path / "out.csv", Silent())
    rows = answers(written.path)
    assert (written.rows, written.failed) == (4, 2)
    assert [row["prediction"] for row in rows] == ["cards", "", "", "cards"]
    assert rows[1]["error"] == "in.csv row 3: 'a fee?' is a question."


def test_a_fault_of_ours_is_not_taken_for_a_bad_row(table, tmp_path):
    def broken(batch):
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        predict_table(predictor(engine=broken), table, tmp_path / "out.csv", Silent())


def test_the_column_of_the_texts_can_be_named(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("text,body\n1,my card\n2,a fee\n")
    written = predict_table(predictor(), read(path), tmp_path / "out.csv", Silent(), text="body")
    assert [row["prediction"] for row in answers(written.path)] == ["cards", "fees"]
    with pytest.raises(ColumnError, match="no column 'boddy'. Did you mean 'body'"):
        predict_table(predictor(), read(path), tmp_path / "out.csv", Silent(), text="boddy")
    with pytest.raises(RequestInvalid, match="reads pictures"):
        predict_table(predictor(task=PictureTask()), read(path), tmp_path / "out.csv", Silent(), text="body")


def test_a_file_is_read_as_it_is_said_to_be(tmp_path, monkeypatch):
    monkeypatch.setattr(workflow, "load", lambda *_: predictor())
    path = tmp_path / "in.data"
    path.write_bytes("文本\tn\n我的卡\t1\n".encode("gb18030"))
    written = predict_file(SimpleNamespace(cache=tmp_path), path, text="文本", format="tsv", encoding="gb18030")
    assert [row["prediction"] for row in answers(written.path)] == ["cards"]


def test_rows_that_memory_does_not_hold_lie_in_the_workspace_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setattr("tunewheel.data.arrow_rows.SPILL_BYTES", 1_000)
    path, seen = tmp_path / "in.csv", []
    path.write_text("text\n" + "my card is late\n" * 3_000)
    monkeypatch.setattr(
        workflow, "load", lambda *_: seen.extend((tmp_path / "cache" / "rows").glob("*/*.arrow")) or predictor()
    )
    written = predict_file(SimpleNamespace(cache=tmp_path / "cache"), path)
    assert seen and written.rows == 3_000
    gc.collect()
    assert not list((tmp_path / "cache" / "rows").iterdir())


@pytest.mark.parametrize("name", ["revews.csv", "folder/reviews.csv"])
def test_a_mistyped_file_is_named_with_what_was_meant(tmp_path, name):
    (tmp_path / "reviews.csv").write_text("text\nmy card\n")
    with pytest.raises(ReadError, match="there is no such file") as caught:
        predict_file(SimpleNamespace(cache=tmp_path), tmp_path / name)
    assert ("Did you mean" in str(caught.value)) == (name == "revews.csv")


def test_slabs_join_without_a_seam(tmp_path, monkeypatch):
    monkeypatch.setattr(workflow, "SLAB", 3)
    path = tmp_path / "in.csv"
    path.write_text("text\n" + "".join(f"{'card' if n % 3 else 'fee'} {n}\n" for n in range(10)))
    written = predict_table(predictor(), read(path), tmp_path / "out.csv", Silent())
    expected = [(f"{'card' if n % 3 else 'fee'} {n}", "cards" if n % 3 else "fees") for n in range(10)]
    assert [(row["text"], row["prediction"]) for row in answers(written.path)] == expected


def test_jsonl_keeps_values_as_they_are(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "Anna", "n": [1, 2]}\n{"text": "", "n": null}\n')
    written = predict_table(predictor(task=NamesTask()), read(path), tmp_path / "out.jsonl", Silent())
    first, second = [json.loads(line) for line in written.path.read_text().splitlines()]
    assert first["n"] == [1, 2]
    assert first["prediction"] == [{"start": 0, "end": 4, "text": "Anna", "label": "NAME", "confidence": 0.9}]
    assert "error" not in first
    assert "prediction" not in second and "empty" in second["error"]


def test_a_file_may_use_the_plain_name_or_the_columns_own(tmp_path, table):
    class ReviewTask(KeywordTask):
        class Options(KeywordTask.Options):
            text: str = "review"

    written = predict_table(predictor(task=ReviewTask()), table, tmp_path / "out.csv", Silent())
    assert answers(written.path)[1]["tunewheel_prediction"] == "fees"


def test_a_file_without_the_column_is_told_which_ones_it_has(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("id,body\n1,a\n2,b\n")
    with pytest.raises(ColumnError, match=r"no column 'text'.*id, body"):
        predict_table(predictor(), read(path), tmp_path / "out.csv", Silent())
    assert not (tmp_path / "out.csv").exists()


def test_slabs_are_bounded_in_size_too(monkeypatch):
    monkeypatch.setattr(workflow, "SLAB_CHARACTERS", 10)
    rows = [(n, {"text": "x" * length}) for n, length in enumerate([4, 4, 4, 50, 1, 1])]
    assert [[n for n, _ in slab] for slab in workflow._slabs(iter(rows), 1_000)] == [[0, 1, 2], [3], [4, 5]]


def test_the_answers_go_beside_the_file_unless_said(tmp_path):
    assert checked_output(tmp_path / "in.xlsx", None) == tmp_path / "in.predictions.csv"


@pytest.mark.parametrize("output", ["in.csv", "out.xlsx", "no/such/folder/out.csv"])
def test_a_place_that_will_not_do_is_refused(tmp_path, output):
    with pytest.raises(ServingError):
        checked_output(tmp_path / "in.csv", tmp_path / output)
