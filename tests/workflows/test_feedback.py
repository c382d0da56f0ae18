import csv
import json

import pytest
from memory_journal import asked

from tunewheel.data import read
from tunewheel.errors import AnswerMissing, ColumnError, DataError, ServingError, VersionMissing
from tunewheel.feedback.journal import Asked
from tunewheel.records import content_key
from tunewheel.registry import Draft
from tunewheel.workflows import feedback as run
from tunewheel.workspace import Workspace

TEXTS = ["Where is my card?", "Why a fee?", "我的卡还没有到。", "Refund me"]


def with_live(workspace, name, facts, **options):
    """A live version of a task; its weights are not needed."""
    described = json.dumps({"name": name, "options": options, "facts": facts})
    workspace.register(
        lambda folder: (folder / "task.json").write_text(described), Draft(name="one", task=name, kind="module")
    )
    workspace.promote(workspace.versions.list()[-1].id, "first")


@pytest.fixture
def workspace(tmp_path):
    """A live version of three labels, and four answers."""
    with Workspace.open(tmp_path / "team") as opened:
        with_live(opened, "text_classification", {"labels": ["cards", "fees", "refunds"]})
        opened.journal.keep([asked(text, identity=f"id-{n}") for n, text in enumerate(TEXTS)])
        yield opened


def written(folder, rows, name="labels.csv", columns=None):
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns or list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def said(workspace):
    return [(one.asked, one.row.get("text"), one.value, one.who) for one in workspace.journal.said()]


def test_labels_of_answers_and_of_texts_that_were_never_asked_are_taken_in(workspace, tmp_path):
    rows = [{"id": "id-0", "label": "fees", "who": "anna"}, {"text": "brand new", "label": "refunds"}, {"id": "id-1"}]
    imported = run.import_file(workspace, written(tmp_path, rows), who="team")
    assert said(workspace) == [("id-0", TEXTS[0], "fees", "anna"), ("", "brand new", "refunds", "team")]
    assert (imported.kept, imported.known, imported.unlabelled, imported.doubts) == (2, 0, 1, [])
    assert {one.origin for one in workspace.journal.said()} == {"import"}


@pytest.mark.parametrize("dated", [False, True], ids=["without times", "with times"])
def test_the_same_file_once_more_changes_nothing(workspace, tmp_path, dated):
    rows = [{"id": f"id-{n % 4}", "label": ["cards", "fees", "refunds"][n % 3], "who": "ab"[n % 2]} for n in range(12)]
    rows = [{**row, "at": f"2026-11-{n + 1:02d} 10:00"} if dated else row for n, row in enumerate(rows)]
    path = written(tmp_path, rows)
    first = run.import_file(workspace, path)
    before = said(workspace)
    second = run.import_file(workspace, path)
    assert first.kept == len(before) > 0 and second.kept == 0 and said(workspace) == before
    assert run.resolved(workspace) == run.resolved(workspace)


def test_a_word_that_was_taken_back_and_is_said_again_counts_again(workspace, tmp_path):
    for label in ("fees", "cards", "fees"):
        run.import_file(workspace, written(tmp_path, [{"id": "id-0", "label": label}]))
    assert [one[2] for one in said(workspace)] == ["fees", "cards", "fees"]
    assert [row.label for row in run.resolved(workspace).rows] == ["fees"]


def test_times_of_a_file_say_which_label_is_the_newest(workspace, tmp_path):
    rows = [
        {"id": "id-0", "label": "fees", "who": "anna", "at": "2026-11-20 09:00"},
        {"id": "id-0", "label": "cards", "who": "anna", "at": "2026年11月19日"},
    ]
    run.import_file(workspace, written(tmp_path, rows))
    assert [row.label for row in run.resolved(workspace).rows] == ["fees"]
    assert workspace.journal.counts()["said"] == 2


def test_all_mistakes_are_told_together_with_their_rows_and_nothing_is_kept(workspace, tmp_path):
    rows = [
        {"id": "id-0", "text": "", "label": "fees"},
        {"id": "gone", "text": "", "label": "fees"},
        {"id": "", "text": "", "label": "fees"},
        {"id": "id-1", "text": "", "label": "x" * 500},
    ]
    path = written(tmp_path, rows)
    with pytest.raises(DataError) as caught:
        run.import_file(workspace, path)
    told = str(caught.value)
    assert "3 rows cannot be used, so nothing was imported" in told and "--leave-out" in told
    assert all(f"labels.csv row {number}" in told for number in (3, 4, 5)) and "'gone'" in told
    assert not said(workspace)
    imported = run.import_file(workspace, path, leave_out=True)
    assert imported.kept == 1 and len(imported.left_out) == 3


def test_a_time_that_cannot_be_read_is_a_mistake_with_its_row(workspace, tmp_path):
    path = written(
        tmp_path, [{"id": "id-0", "label": "fees", "at": "2026-11-20"}, {"id": "id-1", "label": "fees", "at": "?"}]
    )
    with pytest.raises(DataError, match=r"labels.csv row 3: '\?' is not a time"):
        run.import_file(workspace, path)


def test_feedback_on_a_frozen_row_is_kept_marked_and_never_exported(workspace, tmp_path):
    workspace.freeze_test("text_classification", [{"text": TEXTS[0]}], [content_key(TEXTS[0])], {})
    path = written(tmp_path, [{"text": text, "label": "fees"} for text in TEXTS])
    imported = run.import_file(workspace, path)
    assert (imported.kept, imported.frozen) == (4, 1)
    exported = run.export(workspace)
    assert {row["text"] for row in exported.rows} == set(TEXTS[1:])
    assert exported.resolved.dropped == {"on frozen test rows": 1} and len(exported.resolved.frozen) == 1


def test_an_almost_known_label_is_taken_and_asked_about_and_a_new_one_is_welcome(workspace, tmp_path):
    path = written(tmp_path, [{"id": "id-0", "label": "refund"}, {"id": "id-1", "label": "lost luggage"}])
    (doubt,) = run.import_file(workspace, path).doubts
    assert "'refund'" in doubt.what and "'refunds'" in doubt.mend and "labels.csv row 2" in doubt.where
    assert [one[2] for one in said(workspace)] == ["refund", "lost luggage"]


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_what_is_exported_can_be_tuned_on_and_names_the_answers_it_comes_from(workspace, tmp_path, name):
    run.add(workspace, "id-2", "cards", who="anna")
    run.add(workspace, "id-2", "cards", who="ben")
    run.add(workspace, "id-3", "refunds")
    exported = run.export(workspace, tmp_path / name)
    assert exported.path == tmp_path / name
    table = read(exported.path)
    (first, second) = table.rows()
    assert (first["text"], first["label"], first["id"], int(first["votes"])) == (TEXTS[2], "cards", "id-2", 2)
    assert (second["text"], second["label"], second["origin"]) == (TEXTS[3], "refunds", "cli")


def test_rows_that_wait_are_not_exported(workspace):
    run.add(workspace, "id-0", "cards", who="anna")
    run.add(workspace, "id-0", "fees", who="ben")
    assert not run.export(workspace).rows
    (suspect,) = run.resolved(workspace).suspects
    assert suspect.ids == ("id-0",) and suspect.leading == "fees"
    run.add(workspace, "id-0", "refunds", who="judge", origin="audit")
    assert [row["label"] for row in run.export(workspace).rows] == ["refunds"]


def test_a_thumb_up_makes_a_row_of_the_answer(workspace):
    from tunewheel.feedback.journal import Said

    up = Said(at="2026-11-20", who="", origin="api", kind="thumb", value=True, asked="id-0", key=content_key(TEXTS[0]),
              row={"text": TEXTS[0]})  # fmt: skip
    workspace.journal.say([up])
    (row,) = run.export(workspace).rows
    assert (row["label"], row["said_with"]) == ("cards", "thumb")


def test_entities_are_exported_as_spans_also_of_rows_that_were_asked_in_words(tmp_path):
    with Workspace.open(tmp_path / "team") as workspace:
        with_live(workspace, "token_classification", {"labels": ["O", "B-PER", "I-PER"]})
        row = {"words": ["Anna", "met", "Bob", "."]}
        workspace.journal.keep(
            [Asked(id="w", at="2026-11-20", version="v0001", key="k", row=row, answer=[], confidence=0.5)]
        )
        run.add(workspace, "w", '[{"start": 0, "end": 4, "label": "PER"}, [9, 12, "PER"]]')
        (exported,) = run.export(workspace, tmp_path / "rows.jsonl").rows
        assert [exported["text"][span["start"] : span["end"]] for span in exported["spans"]] == ["Anna", "Bob"]
        with pytest.raises(DataError):
            run.add(workspace, "w", "PER")


def test_an_audit_is_imported_as_one(workspace, tmp_path):
    run.import_file(workspace, written(tmp_path, [{"id": "id-0", "label": "fees"}]), origin="audit")
    assert [one.origin for one in workspace.journal.said()] == ["audit"]


def test_columns_can_be_named_and_a_name_that_is_not_there_is_told(workspace, tmp_path):
    path = written(tmp_path, [{"nummer": "id-0", "richtig": "fees"}])
    with pytest.raises(ColumnError, match="no column for the label"):
        run.import_file(workspace, path)
    with pytest.raises(ColumnError, match="Did you mean 'richtig'"):
        run.import_file(workspace, path, columns={"id": "nummer", "label": "richtg"})
    assert run.import_file(workspace, path, columns={"id": "nummer", "label": "richtig"}).kept == 1


def test_an_unknown_id_and_a_workspace_without_a_version_are_told(workspace, tmp_path):
    with pytest.raises(AnswerMissing, match="'nobody'"):
        run.add(workspace, "nobody", "fees")
    with Workspace.open(tmp_path / "new") as empty, pytest.raises(VersionMissing):
        run.export(empty)


@pytest.mark.parametrize("name", ["rows.xml", "nowhere/rows.csv"])
def test_a_place_that_cannot_be_written_is_told(workspace, tmp_path, name):
    with pytest.raises(ServingError):
        run.export(workspace, tmp_path / name)


def test_a_text_is_erased_wherever_it_was_kept(workspace):
    run.add(workspace, "id-0", "fees")
    assert run.erase(workspace, TEXTS[0]) == 2
    assert workspace.journal.find(["id-0"])["id-0"].row == {}
    assert run.erase(workspace, "id-1") == 1
    assert not run.export(workspace).rows
