"""The OpenAPI document is what the server does: schemathesis asks everything that the document allows, and more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from keyword_task import KeywordTask, NamesTask, predictor

from tunewheel.registry import Token, digest

SECRET = "a-secret-for-schemathesis"


# 413 refuses what is too large; schemathesis would not count it among the refusals.
CONFIGURATION = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 408, 413, 415, 421, 422, 429, 431, 503]
"""
ARGUMENTS = ("--phases", "examples,coverage,fuzzing", "--max-examples", "40", "--seed", "1", "--checks", "all")
# Strings of a hundred thousand letters would only take long to make.
SMALL = {"max_characters": 400, "max_rows": 8}


def examined(port: int, folder: Path, *arguments: str) -> str:
    """What schemathesis says of the server at the port."""
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"http://127.0.0.1:{port}/openapi.json"]
    ended = subprocess.run(
        [*command, *ARGUMENTS, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "DO_NOT_TRACK": "1"},
        timeout=400,
    )
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    return ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize("task", [KeywordTask(), NamesTask()], ids=["texts", "words"])
def test_the_open_server_does_what_its_document_says(start, tmp_path, task):
    with start(predictor(task=task), **SMALL) as server:
        assert "Tested: 6" in examined(server.port, tmp_path)


@pytest.mark.slow
def test_the_guarded_server_does_what_its_document_says(start, tmp_path):
    with start(tokens=[Token("story", "admin", digest(SECRET))], loopback=False, **SMALL) as server:
        assert "Tested: 6" in examined(server.port, tmp_path, "--header", f"Authorization: Bearer {SECRET}")
