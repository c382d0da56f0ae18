"""A long prediction is interrupted, and the same command goes on."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from keyword_task import predictor, softmax
from listening import Listening

from tunewheel.data import read
from tunewheel.errors import Busy, ServingError
from tunewheel.workflows import partial_file as partial
from tunewheel.workflows import predict as workflow
from tunewheel.workflows.partial_file import partial_file
from tunewheel.workflows.predict import predict_table
from tunewheel.workflows.say import Silent

PREDICTING = Path(__file__).parents[1] / "fakes" / "predicting.py"
ROWS, SLAB = 23, 5
ENDINGS = pytest.mark.parametrize("ending", ["csv", "jsonl"])


@pytest.fixture(autouse=True)
def small_slabs(monkeypatch):
    """And every one kept. That the disk is waited for only costs time here: nobody cuts the power."""
    monkeypatch.setattr(workflow, "SLAB", SLAB)
    monkeypatch.setattr(partial, "KEEP_SECONDS", 0.0)
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.csv"
    rows = [f'{n},"{"我的卡" if n % 3 else "a fee,"}\n{n}"' for n in range(ROWS - 1)]
    path.write_text("\n".join(["id,text", *rows, f"{ROWS - 1},  "]) + "\n", "utf-8")
    return path


def stopping(slab, error):
    """An engine that raises when it is asked the slab of that number."""
    calls = []

    def engine(batch):
        calls.append(batch)
        if len(calls) == slab:
            raise error
        return softmax(batch)

    return engine


def counting(asked):
    def engine(batch):
        asked.append(batch.size if hasattr(batch, "size") else len(batch["counts"]))
        return softmax(batch)

    return engine


def whole(source, ending):
    """The bytes of the answers when nothing interrupts."""
    target = source.with_name(f"whole.{ending}")
    predict_table(predictor(), read(source), target, Silent())
    return target.read_bytes()


def beside(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def interrupt(source, target, slab=3, error=None, say=None, **kwargs):
    error = error or RuntimeError("power cut")
    with pytest.raises(type(error)):
        predict_table(predictor(stopping(slab, error), **kwargs), read(source), target, say or Silent())


@ENDINGS
@pytest.mark.parametrize("slab", [2, 3, 5])
@pytest.mark.parametrize("error", [RuntimeError("power cut"), KeyboardInterrupt()])
def test_the_same_command_goes_on_and_the_file_is_the_same(source, tmp_path, ending, slab, error):
    target, before, after, asked = tmp_path / f"out.{ending}", Listening(), Listening(), []
    target.write_text("old")
    interrupt(source, target, slab, error, before)
    kept = (slab - 1) * SLAB
    assert before.lines == [f"{kept} rows are kept. Start the same command again: it goes on after them."]
    assert target.read_text() == "old"
    written = predict_table(predictor(counting(asked)), read(source), target, after)
    assert after.lines == [f"Going on after row {kept} of {ROWS}."]
    assert target.read_bytes() == whole(source, ending)
    assert (written.rows, written.failed) == (ROWS, 1)
    assert sum(asked) == ROWS - 1 - kept  # the empty row is not asked
    assert beside(tmp_path) == []


def killed(source, target, slab, seconds):
    arguments = [source, target, SLAB, slab, seconds]
    done = subprocess.run([sys.executable, str(PREDICTING), *map(str, arguments)], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize(("ending", "slab"), [("csv", 1), ("csv", 3), ("jsonl", 5)])
def test_killed_with_9_it_goes_on(source, tmp_path, ending, slab):
    target, said = tmp_path / f"out.{ending}", Listening()
    killed(source, target, slab, 0)
    assert not target.exists()
    predict_table(predictor(), read(source), target, said)
    assert said.lines == ([f"Going on after row {(slab - 1) * SLAB} of {ROWS}."] if slab > 1 else [])
    assert target.read_bytes() == whole(source, ending)
    assert beside(tmp_path) == []


def test_killed_before_a_second_was_over_it_begins_again(source, tmp_path):
    target, said = tmp_path / "out.csv", Listening()
    killed(source, target, 4, 1_000)
    assert (tmp_path / ".out.csv.partial").stat().st_size > 100
    predict_table(predictor(), read(source), target, said)
    assert said.lines == []
    assert target.read_bytes() == whole(source, "csv")


def test_a_failure_keeps_what_the_disk_was_not_yet_asked_to_keep(source, tmp_path, monkeypatch):
    monkeypatch.setattr(partial, "KEEP_SECONDS", 1_000.0)
    target, said = tmp_path / "out.csv", Listening()
    interrupt(source, target, slab=4, error=KeyboardInterrupt())
    predict_table(predictor(), read(source), target, said)
    assert said.lines == [f"Going on after row 15 of {ROWS}."]
    assert target.read_bytes() == whole(source, "csv")


def test_it_may_be_interrupted_many_times(source, tmp_path):
    target = tmp_path / "out.csv"
    for _ in range(4):
        interrupt(source, target, slab=2)
    predict_table(predictor(), read(source), target, Silent())
    assert target.read_bytes() == whole(source, "csv")


def test_what_was_written_after_the_last_journal_is_cut_off(source, tmp_path):
    target = tmp_path / "out.csv"
    interrupt(source, target)
    with (tmp_path / ".out.csv.partial").open("ab") as file:
        file.write(b"10,half a ro")
    predict_table(predictor(), read(source), target, Silent())
    assert target.read_bytes() == whole(source, "csv")


def test_a_first_slab_that_fails_leaves_nothing(source, tmp_path):
    said = Listening()
    interrupt(source, tmp_path / "out.csv", slab=1, say=said)
    assert said.lines == [] and beside(tmp_path) == []


def test_a_crash_between_the_last_two_steps_costs_nothing(source, tmp_path, monkeypatch):
    target, said = tmp_path / "out.csv", Listening()
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(partial, "sync", dies_once_there(target))
        predict_table(predictor(), read(source), target, Silent())
    assert target.read_bytes() == whole(source, "csv")
    assert beside(tmp_path) == [".out.csv.partial.json"]
    predict_table(predictor(), read(source), target, said)
    assert said.lines == [] and beside(tmp_path) == []


def dies_once_there(target):
    def sync(folder):
        if target.exists():
            raise RuntimeError("power cut")

    return sync


def test_another_version_starts_anew_and_says_why(source, tmp_path):
    target, said = tmp_path / "out.csv", Listening()
    interrupt(source, target)
    predict_table(predictor(version="v0002"), read(source), target, said)
    assert said.lines == ["The 10 rows of an earlier run are not used: the version was v0001 and is v0002."]
    assert target.read_bytes() == whole(source, "csv")


def test_a_changed_file_starts_anew_and_says_why(source, tmp_path):
    target, said = tmp_path / "out.csv", Listening()
    interrupt(source, target)
    source.write_bytes(source.read_bytes().replace(b"a fee,", b"refund"))
    predict_table(predictor(), read(source), target, said)
    assert said.lines == ["The 10 rows of an earlier run are not used: the content of the input file changed."]
    assert target.read_bytes() == whole(source, "csv") and b"refunds" in target.read_bytes()


def test_other_options_start_anew_and_all_are_named(source, tmp_path):
    target, said = tmp_path / "out.csv", Listening()
    interrupt(source, target)
    made = predictor()
    made.form = "onnx-int8"
    predict_table(made, read(source), target, said, text="id")
    (line,) = said.lines
    assert "the column of the texts changed; the form of the version was torch and is onnx-int8." in line


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"rows": "x"}', b'{"rows": 5, "failed": 0, "size": 9}'])
def test_a_damaged_journal_starts_anew(source, tmp_path, damage):
    target, said = tmp_path / "out.csv", Listening()
    interrupt(source, target)
    (tmp_path / ".out.csv.partial.json").write_bytes(damage)
    predict_table(predictor(), read(source), target, said)
    assert said.lines == ["What an earlier run left is not used: its journal is damaged."]
    assert target.read_bytes() == whole(source, "csv")


def test_a_partial_file_that_lost_bytes_is_not_believed(source, tmp_path):
    target, said = tmp_path / "out.csv", Listening()
    interrupt(source, target)
    os.truncate(tmp_path / ".out.csv.partial", 100)
    predict_table(predictor(), read(source), target, said)
    assert said.lines == ["The 10 rows of an earlier run are not used: a part of it is missing."]
    assert target.read_bytes() == whole(source, "csv")


def test_two_runs_do_not_write_one_file(source, tmp_path):
    target, inside, let_go = tmp_path / "out.csv", threading.Event(), threading.Event()

    def waiting(batch):
        inside.set()
        assert let_go.wait(20)
        return softmax(batch)

    first = threading.Thread(target=predict_table, args=(predictor(waiting), read(source), target, Silent()))
    first.start()
    try:
        assert inside.wait(20)
        with pytest.raises(Busy, match=rf"out\.csv: process {os.getpid()} is writing this file\. Wait for it"):
            predict_table(predictor(), read(source), target, Silent())
    finally:
        let_go.set()
        first.join(20)
    assert target.read_bytes() == whole(source, "csv")


def test_a_lock_on_what_has_become_the_finished_file_is_not_taken_for_ours(tmp_path, monkeypatch):
    target, real, raced = tmp_path / "out.csv", partial.FileIO, []

    def opened(path, mode):
        file = real(path, mode)
        if not raced:  # its writer finishes between our opening and our locking
            raced.append(path)
            path.write_bytes(b"finished")
            path.replace(target)
        return file

    monkeypatch.setattr(partial, "FileIO", opened)
    with partial_file(target, {}, Silent()) as ours:
        assert target.read_bytes() == b"finished"
        ours.append(b"new", 1)
    assert target.read_bytes() == b"new"


@contextmanager
def full_disk_at(size):
    """The system takes no file beyond `size` bytes: the last write is a part of what was given, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@ENDINGS
def test_a_full_disk_is_told_and_what_was_written_is_kept(tmp_path, ending):
    source, target, said = tmp_path / "in.csv", tmp_path / f"out.{ending}", Listening()
    source.write_text("text\n" + "".join(f"{'my card ' * 20}{n}\n" for n in range(ROWS)))
    table = read(source)
    with pytest.raises(ServingError) as caught, full_disk_at(2_500):
        predict_table(predictor(), table, target, said)
    sentence = str(caught.value)
    assert sentence.startswith(f"{target}: it cannot be written: file too large. Make room or mend the permissions. ")
    assert sentence.endswith("10 rows are kept. Start the same command again: it goes on after them.")
    assert said.lines == [] and not target.exists()
    assert (tmp_path / f".out.{ending}.partial").stat().st_size > json.loads(
        (tmp_path / f".out.{ending}.partial.json").read_text()
    ).get("size")
    predict_table(predictor(), table, target, said)
    assert said.lines == [f"Going on after row 10 of {ROWS}."]
    assert target.read_bytes() == whole(source, ending)


def test_a_disk_too_full_for_the_journal_keeps_the_journal_before(source, tmp_path, monkeypatch):
    target, real, calls = tmp_path / "out.csv", partial._write_journal, []

    def journal(path, content):
        calls.append(content)
        if len(calls) in (5, 6):  # after the start, the header and two slabs, and once more when it gives up
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        real(path, content)

    monkeypatch.setattr(partial, "_write_journal", journal)
    with pytest.raises(ServingError, match="no space left on device.* 10 rows are kept"):
        predict_table(predictor(), read(source), target, Silent())
    predict_table(predictor(), read(source), target, Silent())
    assert target.read_bytes() == whole(source, "csv")


def test_a_folder_that_may_not_be_written_is_told(source, tmp_path, monkeypatch):
    def refused(path, mode):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(partial, "FileIO", refused)
    with pytest.raises(ServingError, match=r"out\.csv: it cannot be written: permission denied\."):
        predict_table(predictor(), read(source), tmp_path / "out.csv", Silent())
