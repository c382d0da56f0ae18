"""`feedback`: what is handed to the workflows, and what a person reads."""

import json
from pathlib import Path

import pytest

from tunewheel.errors import AnswerMissing, Problem
from tunewheel.feedback.resolve import Resolved, Suspect
from tunewheel.workflows.feedback import Exported, Imported

DOUBT = Problem("'fee' is new.", "labels.csv row 2", "Did you mean 'fees'?")


@pytest.fixture
def waiting():
    said = (("fees", 1), ("cards", 1))
    row = {"text": "Why \x1b[31m a fee?"}
    suspect = Suspect("k", row, "as many say one as another", "fees", said, ("id-1",), (1, 2))
    return Resolved([], [suspect], {"in the queue of suspects": 2})


def test_import_hands_on_what_was_asked_for_and_tells_what_became_of_it(run, workflow, workspace) -> None:
    left_out = [Problem("there is no answer 'gone'.", "labels.csv row 9")]
    calls = workflow("feedback", "import_file", Imported(Path("labels.csv"), 1_200, 3, 2, 1, [DOUBT] * 4, left_out))
    flags = ["--id", "nummer", "--label", "richtig", "--who", "anna", "--audit", "--leave-out", "--no-redact"]
    result = run("feedback", "import", "labels.csv", *flags, "--sheet", "one")
    assert result.code == 0
    told = {name: calls[0][name] for name in ("columns", "settings", "who", "origin", "leave_out", "redact")}
    assert told == {
        "columns": {"id": "nummer", "label": "richtig"}, "settings": {"sheet": "one"}, "who": "anna",
        "origin": "audit", "leave_out": True, "redact": False,
    }  # fmt: skip
    assert "labels.csv: 1,200 rows kept" in result.out and "2 without a label" in result.out
    assert "1 of those kept are frozen test rows" in result.out
    assert "4 times: 'fee' is new. Did you mean 'fees'?" in result.err and "'gone'" in result.err


def test_import_as_json(run, workflow, workspace) -> None:
    workflow("feedback", "import_file", Imported(Path("labels.csv"), 1, 0, 0, 0, [DOUBT], []))
    told = json.loads(run("feedback", "import", "labels.csv", "--json").out)
    assert told["kept"] == 1 and told["doubts"] == [str(DOUBT)]


def test_add_says_what_was_kept_and_what_may_be_a_mistake(run, workflow, workspace) -> None:
    calls = workflow("feedback", "add", [DOUBT])
    result = run("feedback", "add", "id-1", "fee", "--who", "anna")
    assert (result.code, result.out) == (0, "kept: id-1\n") and "Did you mean" in result.err
    assert calls[0]["arguments"][1:] == ("id-1", "fee") and calls[0]["who"] == "anna"


def test_an_unknown_id_is_a_sentence(run, workflow, workspace) -> None:
    workflow("feedback", "add", AnswerMissing("there is no answer 'x'.", mend="Send the id."))
    result = run("feedback", "add", "x", "fee")
    assert (result.code, result.err) == (2, "error: there is no answer 'x'. Send the id.\n")


def test_export_gives_lines_of_json_or_a_file(run, workflow, workspace, waiting) -> None:
    rows = [{"text": "hi", "label": "费用", "id": "id-1"}]
    workflow("feedback", "export", Exported(rows, None, waiting))
    result = run("feedback", "export")
    assert [json.loads(line) for line in result.out.splitlines()] == rows and "2 were not used" in result.err
    workflow("feedback", "export", Exported(rows, Path("rows.csv"), waiting))
    result = run("feedback", "export", "-o", "rows.csv")
    assert "rows.csv: 1 row to train on" in result.out
    assert "2 were not used: in the queue of suspects" in result.out


def test_suspects_are_listed_with_what_was_said_and_why_they_wait(run, workflow, workspace, waiting) -> None:
    workflow("feedback", "resolved", waiting)
    result = run("feedback", "suspects")
    assert all(part in result.out for part in ("fees (1), cards (1)", "as many say", "id-1", "feedback add ID LABEL"))
    assert "\x1b" not in result.out
    assert json.loads(run("feedback", "suspects", "--json").out)["suspects"][0]["ids"] == ["id-1"]
    workflow("feedback", "resolved", Resolved([], [], {}))
    assert run("feedback", "suspects").out == "no row waits.\n"


def test_erase_says_how_many_rows_were_emptied(run, workflow, workspace) -> None:
    workflow("feedback", "erase", 3)
    assert run("feedback", "erase", "my secret").out == "erased: 3\n"


def test_serve_hands_on_what_is_to_be_kept(run, workflow, workspace) -> None:
    calls = workflow("serve", "serve")
    assert run("serve", "--keep", "25", "--keep-days", "7", "--no-redact").code == 0
    kept = calls[0]["journal"]
    assert (kept.keep, kept.days, kept.redact) == (0.25, 7, False)
    assert run("serve", "--keep", "101").code == 2
