"""The wheel turns: traffic with a class that is new, labels, a candidate, a proof; whatever dies on the way."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from listening import Listening
from small_texts import intents, write_csv

from tunewheel.cli import main
from tunewheel.errors import Busy, DataError, VersionMissing, WorkspaceError
from tunewheel.feedback.journal import Asked
from tunewheel.records import content_key
from tunewheel.workflows import audit
from tunewheel.workflows.load import load
from tunewheel.workflows.status import status
from tunewheel.workflows.tune import tune
from tunewheel.workflows.turn import Turned, turn
from tunewheel.workflows.wheel.settle import Limits
from tunewheel.workspace import Workspace

JSON_PAGE = (Path(__file__).parents[2] / "docs/reference/json.md").read_text("utf-8")
SETTINGS = ("training.epochs=2", "training.batch_units=1024", "training.precision=fp32")
TUNES = [
    f"sing me the {number} song of the {band}" for number in range(24) for band in ("band", "choir", "duo", "trio")
]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    """A folder with labelled rows and a workspace that learnt from them."""
    home = tmp_path_factory.mktemp("wheel")
    write_csv(home / "questions.csv", intents(240))
    tune(home / "questions.csv", workspace=home / "team", model=str(tiny_folder), sets=SETTINGS)
    return home


@pytest.fixture
def team(first: Path, tmp_path: Path) -> Iterator[Workspace]:
    """The workspace as it was after the first run."""
    shutil.copytree(first, tmp_path / "home")
    with Workspace.open(tmp_path / "home" / "team") as opened:
        yield opened


def asked(workspace: Workspace, texts: Sequence[str], day: int) -> None:
    """What the live version answered to clients on some day."""
    live = load(workspace, "live")
    answers = live.predict([{"text": text} for text in texts])
    workspace.journal.keep([
        Asked(
            id=f"d{day}-{number}", at=f"2026-11-{day:02d}T10:00:00.{number:06d}Z", version=live.version,
            key=content_key(text), row={"text": text}, answer=said.value, confidence=said.confidence,
        )
        for number, (text, said) in enumerate(zip(texts, answers, strict=True))
    ])  # fmt: skip


def truth(text: str) -> str:
    if text.startswith("sing"):
        return "songs"
    return {"card": "card", "fee": "fee", "charge": "fee"}.get(
        next((word for word in ("card", "fee", "charge") if word in text), ""), "transfer"
    )


def labelled(workspace: Workspace, path: Path) -> int:
    """A person fills in the queue."""
    audit.hand_out(workspace, path)
    lines = path.read_text("utf-8-sig").splitlines()
    done = [lines[0], *(f"{line.removesuffix(',')},{truth(line.split(',')[1])}" for line in lines[1:])]
    path.write_text("\n".join(done) + "\n", "utf-8")
    return audit.take_in(workspace, path).kept


def week(number: int) -> list[str]:
    """Half of what is asked is about songs, which nobody had thought of."""
    old = [str(row["text"]) for row in intents(240, seed=5)][number * 30 : number * 30 + 60]
    return [*old, *TUNES[number * 24 : number * 24 + 48]]


def turned(workspace: Workspace, day: int = 28, **options: Any) -> Turned:
    return turn(workspace, labels=60, now=datetime(2026, 11, day, 12, tzinfo=UTC), **options)


def test_a_class_that_nobody_had_thought_of_is_live_after_two_turns_and_a_bad_one_can_be_undone(
    team: Workspace, tmp_path: Path
) -> None:
    heard = Listening()
    asked(team, week(0), 1)
    one = turned(team, 1, say=heard)
    assert (one.trained, one.promoted, one.drawn) == (None, False, 60)
    assert "0 rows are new since the last training" in heard.said
    assert labelled(team, tmp_path / "queue.csv") == 60
    before = status(team)
    assert before.accuracy is not None
    assert before.accuracy.low < 0.75 and before.accuracy.labels == 60

    asked(team, week(1), 8)
    two = turned(team, 8, say=heard)
    assert 40 <= two.new_rows <= 60  # but for frozen test rows, and texts that were drawn twice
    assert two.trained and two.trained in (two.candidate, two.live)
    assert labelled(team, tmp_path / "queue.csv") == two.drawn == 60

    asked(team, week(2), 15)
    three = turned(team, 15, say=heard)
    assert team.versions.get("live").id == two.trained
    assert three.settled == two.trained or two.promoted
    live = load(team, "live")
    said = live.predict([{"text": text} for text in TUNES[80:90]])
    assert [answer.value for answer in said] == ["songs"] * 10
    team.ledger.verify()
    decisions = [entry for entry in team.ledger.entries() if "evidence" in entry.facts]
    assert decisions[-1].facts["evidence"]["decision"]["looks"]
    team.rollback()
    assert team.versions.get("live").id == one.live


def test_a_turn_needs_a_live_version_and_rows_that_are_there(team: Workspace, tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "empty") as empty, pytest.raises(VersionMissing, match="tunewheel tune FILE"):
        turned(empty)
    with pytest.raises(WorkspaceError, match="--data FILE"):
        turned(team, force=True, data=tmp_path / "moved.csv")


def test_two_turns_at_once_exclude_each_other(team: Workspace) -> None:
    with team.lock("turn"), pytest.raises(Busy, match="the lock 'turn' is held by process"):
        turned(team)


def test_a_case_that_must_not_break_holds_back_what_is_better(team: Workspace, tmp_path: Path) -> None:
    cases = write_csv(tmp_path / "cases.csv", [{"text": text, "label": truth(text)} for text in week(0)[:5]])
    limits = Limits(cases=cases)
    asked(team, week(0), 1)
    turned(team, 1, limits=limits)
    labelled(team, tmp_path / "queue.csv")
    two = turned(team, 8, limits=limits)
    decided = [entry for entry in team.ledger.entries() if "evidence" in entry.facts]
    guards = {guard["name"]: guard for guard in decided[-1].facts["evidence"]["decision"]["guards"]}
    assert two.trained and guards.keys() == {"slices", "size", "latency", "cases"}


KILLED = """
import os, signal, sys
from tunewheel.workflows.say import Silent
from tunewheel.workflows.turn import turn
from tunewheel.workspace import Workspace

class Dying(Silent):
    left = int(sys.argv[2])

    def _one(self):
        Dying.left -= 1
        if Dying.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def line(self, text):
        self._one()

    def stage(self, title, total=None):
        self._one()
        return super().stage(title, total)

with Workspace.open(sys.argv[1], create=False) as workspace:
    turn(workspace, labels=60, say=Dying())
print("done")
"""


def dying(workspace: Path, steps: int) -> subprocess.CompletedProcess[str]:
    """A turn in a process that is killed when it has said so many things."""
    command = [sys.executable, "-c", KILLED, str(workspace), str(steps)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_a_turn_that_is_killed_anywhere_leaves_what_is_live_untouched_and_the_next_one_goes_on(
    team: Workspace, tmp_path: Path
) -> None:
    asked(team, week(0), 1)
    turned(team, 1)
    labelled(team, tmp_path / "queue.csv")
    asked(team, week(1), 8)
    live = team.versions.get("live").id
    killed = 0
    while (done := dying(team.path, 4 * killed)).returncode == -signal.SIGKILL:
        killed += 1
        team.ledger.verify()
        now = team.versions.get("live")
        if now.id != live:  # only by the gate, with its evidence, and whole
            entry = next(one for one in reversed(team.ledger.entries()) if one.facts.get("alias") == "live")
            assert entry.facts["evidence"]["decision"]["promote"]
        team.bundle(now.id)
        assert load(team, "live").predict([{"text": "where is my card"}])
    assert done.returncode == 0, done.stderr
    assert killed >= 3
    turns = [entry for entry in team.ledger.entries() if entry.kind == "turn"]
    assert len(turns) == 2
    trained = [version for version in team.versions.list() if version.status == "ready" and version.id > live]
    assert turns[-1].facts["trained"] in {version.id for version in trained}
    assert not list((team.path / "versions").glob("*.partial*"))


def test_of_two_turns_in_two_processes_one_turns_and_the_other_says_who_does(team: Workspace, tmp_path: Path) -> None:
    asked(team, week(0), 1)
    turned(team, 1)
    labelled(team, tmp_path / "queue.csv")
    command = [sys.executable, "-c", KILLED, str(team.path), "1000"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300) for process in both]
    ended = sorted(process.returncode for process in both)
    turns = [entry for entry in team.ledger.entries() if entry.kind == "turn"]
    if ended == [0, 1]:
        assert any("the lock 'turn' is held by process" in errors for _, errors in said)
        assert len(turns) == 2
    else:  # the one had ended before the other began: it found nothing new to learn
        assert ended == [0, 0]
        assert [entry.facts["trained"] is not None for entry in turns[1:]] == [True, False]
    team.ledger.verify()


def test_the_commands_say_it_in_words_and_as_json(
    team: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str) -> str:
        assert main([*arguments, "-w", str(team.path)]) == 0
        return capsys.readouterr().out

    def as_json(*arguments: str) -> Any:
        found = json.loads(said(*arguments, "--json").splitlines()[-1])
        line = next(line for line in JSON_PAGE.splitlines() if line.startswith(f"| `{arguments[0]} "))
        assert [name for name in found if f"`{name}`" not in line] == []
        return found

    asked(team, week(0), 1)
    assert "label: live accuracy rests on 0 labelled rows." in said("status")
    assert "stays live" in said("turn", "--labels", "30")
    queue = tmp_path / "queue.csv"
    assert "30 rows wait for a label, written to" in said("audit", "--export", str(queue))
    lines = queue.read_text("utf-8-sig").splitlines()
    queue.write_text("\n".join([lines[0], *(f"{line[:-1]},{truth(line.split(',')[1])}" for line in lines[1:]), ""]))
    assert "30 labels are kept" in said("audit", "--import", str(queue))
    found = as_json("status")
    assert found["accuracy"]["labels"] == 30
    assert found["waiting"] == 0
    assert found["advice"][0]["action"] == "turn"
    turned = as_json("turn")
    assert turned["trained"] and turned["new_rows"] >= 10
    worth = as_json("audit")
    assert worth["more"] == (len(worth["rows"]) or 40)
    assert (worth["gain"] is None) == (worth["accuracy"] is None)
    assert "entries, none changed" in said("ledger", "verify")
    assert [entry["kind"] for entry in as_json("ledger", "--most", "50")["entries"]].count("turn") == 2
    assert " on 50 frozen test rows" in said("compare", "v0001", str(turned["trained"]))
    assert as_json("compare", "v0001", str(turned["trained"]))["rows"] == 50


def test_what_is_no_queue_is_refused_with_every_row_that_is_strange(team: Workspace, tmp_path: Path) -> None:
    asked(team, week(0), 1)
    turned(team, 1)
    path = write_csv(tmp_path / "queue.csv", [{"id": "x1", "label": "fee"}, {"id": "x2", "label": "card"}])
    with pytest.raises(DataError) as told:
        audit.take_in(team, path)
    assert [problem.where for problem in told.value.problems] == ["queue.csv row 2", "queue.csv row 3"]
    assert team.journal.last() == 0
