"""A folder for rows that memory does not hold goes with its process, however that ends."""

import gc
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tunewheel.data import arrow_rows, read
from tunewheel.data.spill import PREFIX, Spill
from tunewheel.errors import ReadError

HOLD = "import sys, time; from tunewheel.data.spill import Spill; from pathlib import Path\n" + (
    "held = Spill(Path(sys.argv[1])); print(held.path, flush=True); time.sleep(60)"
)


def folders(place: Path) -> set[Path]:
    return set(place.glob(f"{PREFIX}*"))


def test_it_is_made_where_it_is_wanted_and_goes_with_its_object(tmp_path: Path) -> None:
    made = Spill(tmp_path / "cache" / "rows")
    assert folders(tmp_path / "cache" / "rows") == {made.path}
    del made
    gc.collect()
    assert not folders(tmp_path / "cache" / "rows")


def test_what_a_killed_process_left_goes_and_what_is_held_stays(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout
        left = Path(holder.stdout.readline().strip())
        strange = tmp_path / f"{PREFIX}of-somebody"
        strange.mkdir()
        mine = Spill(tmp_path)
        assert folders(tmp_path) == {left, mine.path, strange}
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    other = Spill(tmp_path)
    assert folders(tmp_path) == {mine.path, other.path, strange}


def test_a_forked_child_leaves_it_to_its_parent(tmp_path: Path) -> None:
    code = f"""
import os, gc
from pathlib import Path
from tunewheel.data.spill import Spill
made = Spill(Path({str(tmp_path)!r}))
if os.fork() == 0:
    del made
    gc.collect()
    os._exit(0)
os.wait()
print(made.path.exists())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True" and not folders(tmp_path)


def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_rows, "SPILL_BYTES", 10_000)
    lines = [json.dumps({"text": f"text {n}", "label": "x"}) for n in range(5_000)]
    (tmp_path / "rows.jsonl").write_text("\n".join([*lines[:4_000], *["nothing"] * 5_000]))
    with pytest.raises(ReadError):
        read(tmp_path / "rows.jsonl", cache=tmp_path / "cache")
    gc.collect()
    assert not folders(tmp_path / "cache")


def test_a_disk_that_refuses_is_told_with_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_rows, "SPILL_BYTES", 10_000)

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(arrow_rows, "_write", full)
    (tmp_path / "rows.csv").write_text("text,label\n" + "some text,x\n" * 5_000)
    with pytest.raises(ReadError, match="No space left.*cache|cache.*No space left"):
        read(tmp_path / "rows.csv", cache=tmp_path / "cache")
