"""What is asked is kept, what people say of it becomes rows to train on: over HTTP, by two processes."""

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from live_server import Server

from tunewheel.workspace import Workspace


def command(team: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`tunewheel feedback ...` on the team's workspace."""
    line = [sys.executable, "-m", "tunewheel", "feedback", *arguments, "-w", str(team)]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)


def asked(server: Server, text: str, **headers: str) -> str:
    answer = server.client.post("/predict", json={"text": text}, headers=headers)
    return str(answer.json()["predictions"][0]["id"])


def say(server: Server, remark: object) -> httpx.Response:
    return server.client.post("/feedback", json=remark)


@pytest.mark.slow
def test_answers_are_kept_corrected_and_given_out_for_training(serve, team: Path, tmp_path: Path) -> None:
    server = serve("--workers", "2", "--threads", "1")
    assert "kept in the journal for 90 days, with personal data blanked" in server.said.read_text()
    texts = [f"my card {n} of anna@web.de is late" for n in range(12)]
    ids = [asked(server, text) for text in texts]
    # At once, whichever of the two processes answered: nobody has to wait for the journal.
    replies = [say(server, {"id": identity, "label": "late_card", "who": "anna"}) for identity in ids[:8]]
    assert {reply.status_code for reply in replies} == {200}, replies[0].text
    assert say(server, [{"id": ids[8], "thumb": False}, {"id": ids[9], "text": "hm"}]).json()["kept"] == 2
    silent = asked(server, "nobody shall keep this", **{"Tunewheel-Keep": "no"})
    assert say(server, {"id": silent, "label": "late_card"}).status_code == 200
    assert server.stop() == 0
    with Workspace.open(team) as workspace:
        assert workspace.journal.counts()["asked"] == 13  # all that waited was written at the end
        assert workspace.journal.find([silent])[silent].row == {}
    exported = command(team, "export", "-o", str(tmp_path / "rows.jsonl"))
    assert exported.returncode == 0, exported.stderr
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    column = next(name for name in rows[0] if name not in ("label", "id", "origin", "said_with", "votes", "at"))
    assert {row["id"]: row["label"] for row in rows} == dict.fromkeys(ids[:8], "late_card")
    assert rows[0][column] == "my card 0 of xxxx@xxx.xx is late"
    suspects = command(team, "suspects")
    assert ids[8] in suspects.stdout and "nobody said what is right" in suspects.stdout
    assert command(team, "add", ids[8], "late_card").returncode == 0
    assert "no row waits" in command(team, "suspects").stdout


def test_a_server_that_keeps_nothing_leaves_the_journal_empty(serve, team: Path) -> None:
    server = serve("--workers", "1", "--keep", "0")
    identity = asked(server, "my card is late")
    time.sleep(0.7)
    assert say(server, {"id": identity, "thumb": True}).status_code == 404
    assert server.stop() == 0
    with Workspace.open(team) as workspace:
        assert workspace.journal.counts()["asked"] == 0
