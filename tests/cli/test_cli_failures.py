"""Whatever goes wrong ends in sentences and an exit code, never in a stack trace."""

import errno
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tunewheel.errors import ColumnError, DataError, Problem


def test_one_mistake_is_one_sentence(run: Callable[..., Any], workflow: Callable[..., Any]) -> None:
    workflow("tune", "tune", ColumnError("no column 'label'.", where="a.csv", mend="Name it with --label COLUMN."))
    result = run("tune", "a.csv")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: a.csv: no column 'label'. Name it with --label COLUMN.\n"


def test_several_mistakes_are_numbered_and_cannot_steer_the_terminal(
    run: Callable[..., Any], workflow: Callable[..., Any]
) -> None:
    workflow(
        "tune", "tune", DataError.of([Problem("empty \x1b[2J.", "row 3"), Problem("[bold]评论[/] " + "long " * 60)])
    )
    result = run("tune", "a.csv")
    assert result.code == 2
    assert result.err.splitlines()[:2] == ["error: 2 mistakes", "  1. row 3: empty \\x1b[2J."]
    assert result.err.splitlines()[2].startswith("  2. [bold]评论[/] long")
    assert len(result.err.splitlines()) == 3


def test_an_interrupted_run_says_how_to_go_on(
    run: Callable[..., Any], workflow: Callable[..., Any], workspace: Any
) -> None:
    workflow("tune", "tune", KeyboardInterrupt())
    workflow("report", "report", KeyboardInterrupt())
    result = run("tune", "a.csv")
    assert (result.code, result.err) == (130, "stopped; what was done is kept: `tunewheel tune --resume`\n")
    assert run("report").err == "stopped\n"


class OutOfMemoryError(RuntimeError):
    """As torch.cuda names it."""


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "not enough memory"),
        (OutOfMemoryError("CUDA"), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "not enough memory"),
        (OSError(errno.ENOSPC, "No space left", "ws/x"), "ws/x: the disk is full"),
        (OSError(errno.EROFS, "Read-only"), "this disk can only be read"),
        (PermissionError(errno.EACCES, "Permission denied", "a.csv"), "a.csv: permission denied"),
    ],
)
def test_the_limits_of_the_machine_are_told(
    error: Exception, sentence: str, run: Callable[..., Any], workflow: Callable[..., Any]
) -> None:
    workflow("tune", "tune", error)
    result = run("tune", "a.csv")
    assert result.code == 2
    assert result.err.startswith(f"error: {sentence}")


def test_a_mistake_of_ours_leaves_a_log_in_the_workspace(
    run: Callable[..., Any], workflow: Callable[..., Any], tmp_path: Path
) -> None:
    workflow("tune", "tune", ZeroDivisionError("division by zero"))
    (tmp_path / "ws").mkdir()
    result = run("tune", "a.csv", "--workspace", "ws")
    assert result.code == 1
    assert "Traceback" not in result.err
    (log,) = (tmp_path / "ws").iterdir()
    assert f"written down in {log}" in result.err
    assert "ZeroDivisionError: division by zero" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_without_a_workspace_the_log_goes_to_the_temporary_folder_and_no_folder_is_made(
    run: Callable[..., Any], workflow: Callable[..., Any], tmp_path: Path
) -> None:
    workflow("tune", "tune", BrokenPipeError(errno.EPIPE, "a pipe to a worker, not stdout"))
    result = run("tune", "a.csv")
    found = re.search(r"written down in (\S+\.log)", result.err)
    assert result.code == 1
    assert found is not None
    assert "BrokenPipeError" in Path(found[1]).read_text()
    Path(found[1]).unlink()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["predct"], "error: no such command 'predct'. Did you mean 'predict'? See `tunewheel --help`.\n"),
        (
            ["tune", "--recpie", "x"],
            "error: no such option: --recpie. Did you mean --recipe? See `tunewheel tune --help`.\n",
        ),
        (["predict"], "error: missing argument 'TEXT|FILE'. See `tunewheel predict --help`.\n"),
        (["serve", "--port", "abc"], "error: invalid value for '--port' / '-p': "),
        (["tune", "a", "b"], "error: got unexpected extra argument"),
        (["recipe"], "Usage: tunewheel recipe "),
    ],
)
def test_a_wrong_command_line_is_told_in_one_sentence(line: list[str], sentence: str, run: Callable[..., Any]) -> None:
    result = run(*line)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(sentence)


def test_a_closed_pipe_ends_the_command_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tunewheel", "tasks"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, b"")


def test_a_litert_form_without_a_folder_says_which_option_names_one(run: Callable[..., Any], workspace: Any) -> None:
    result = run("export", "--litert")
    assert (result.code, result.out) == (2, "")
    assert result.err == ("error: a LiteRT form is written into a folder of its own. Name it with --output FOLDER.\n")
