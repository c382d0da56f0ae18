"""Whether anybody else computes: in this process, in another one, and after one that died."""

import subprocess
import sys
from pathlib import Path

import pytest

from tunewheel.serving.alone import KNOWN, Alone

pytestmark = pytest.mark.skipif(not KNOWN, reason="this system has no locks of open files")

OTHER = """
import sys
from pathlib import Path
from tunewheel.serving.alone import Alone
with Alone(Path(sys.argv[1])).inside() as alone:
    print("alone" if alone else "in company", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"graph")
    return path


def test_who_comes_first_is_alone_and_who_comes_meanwhile_is_not(file: Path) -> None:
    one, other = Alone(file), Alone(file)
    with one.inside() as first, other.inside() as second, one.inside() as third:
        assert (first, second, third) == (True, False, False)
    with other.inside() as again:
        assert again


def test_who_stays_longest_is_seen_by_who_comes_back(file: Path) -> None:
    one, other = Alone(file), Alone(file)
    with one.inside():
        long = other.inside()
        long.__enter__()
    with one.inside() as back:
        assert not back  # the other one has been computing all the time
    long.__exit__(None, None, None)


def test_another_process_is_seen_until_it_is_gone_however_it_goes(file: Path) -> None:
    own = Alone(file)
    command = [sys.executable, "-c", OTHER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "alone\n"
        with own.inside() as alone:
            assert not alone
        other.kill()
        other.wait()
        with own.inside() as alone:
            assert alone


def test_an_error_while_computing_ends_it(file: Path) -> None:
    own = Alone(file)
    with pytest.raises(ValueError, match="no"), own.inside():
        raise ValueError("no")
    with Alone(file).inside() as alone:
        assert alone


def test_on_a_file_system_without_such_locks_nobody_is_alone_and_nothing_fails(file: Path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("No locks available")

    monkeypatch.setattr("tunewheel.serving.alone.fcntl.fcntl", refuse)
    one = Alone(file)
    for _ in range(2):
        with one.inside() as alone:
            assert not alone
