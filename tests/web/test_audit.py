import json

from tunewheel.registry import Token, digest
from tunewheel.web import audit
from tunewheel.web.audit import AuditLog


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_request_is_noted_with_who_and_what_came_of_it_and_without_its_contents(start, tmp_path):
    log = tmp_path / "audit.jsonl"
    with start(tokens=[Token("shop", "predict", digest("secret-of-the-shop"))], loopback=False, log=log) as server:
        headers = {"Authorization": "Bearer secret-of-the-shop"}
        server.ask({"texts": ["my card", "a fee"]}, headers=headers)
        server.ask({"text": "card"}, headers={"Authorization": "Bearer wrong"})
        server.client.get("/metrics", headers=headers)
        server.client.get("/health")
    noted = lines(log)
    assert [(n["path"], n["status"], n["token"], n["rows"], n["version"]) for n in noted] == [
        ("/predict", 200, "shop", 2, "v0001"),
        ("/predict", 401, "", 0, ""),
        ("/metrics", 403, "shop", 0, ""),
    ]
    assert all(n["client"] == "127.0.0.1" and n["ms"] >= 0 and n["at"].endswith("+00:00") for n in noted)
    assert "my card" not in log.read_text("utf-8") and "secret" not in log.read_text("utf-8")


def test_a_path_cannot_write_a_line_of_its_own(start, tmp_path):
    log = tmp_path / "audit.jsonl"
    with start(log=log) as server:
        server.client.get("/x%0A%7B%22what%22:%22forged%22%7D" + "y" * 500)
    (noted,) = lines(log)
    assert noted["what"] == "request" and len(noted["path"]) == 200


def test_a_new_log_is_not_set_aside_by_another_process_that_saw_the_full_one(tmp_path, monkeypatch):
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"full\n" * 300)
    flock = audit.fcntl.flock

    def slow(file, how):
        """Meanwhile the other process sets it aside, and writes into a new one."""
        path.replace(tmp_path / "audit.jsonl.1")
        path.write_bytes(b"new\n")
        flock(file, how)

    monkeypatch.setattr(audit.fcntl, "flock", slow)
    log = AuditLog(tmp_path / "other.jsonl")
    log._path = path
    log._set_aside()
    log.close()
    assert path.read_bytes() == b"new\n" and (tmp_path / "audit.jsonl.1").read_bytes() == b"full\n" * 300


def test_a_full_log_becomes_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(audit, "MOST_BYTES", 1000)
    log = AuditLog(tmp_path / "audit.jsonl")
    for number in range(100):
        log.note("request", number=number)
    log.close()
    kept = [*lines(tmp_path / "audit.jsonl.1"), *lines(tmp_path / "audit.jsonl")]
    assert kept[-1]["number"] == 99 and len(kept) < 40
    assert log.dropped == 0


def test_what_cannot_be_written_is_counted_and_stops_nobody(tmp_path):
    log = AuditLog(tmp_path / "no" / "such" / "folder" / "audit.jsonl")
    for _ in range(3):
        log.note("request")
    log.close()
    assert log.dropped == 3
