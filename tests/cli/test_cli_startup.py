"""The command line starts at once: nothing heavy is imported before it is needed."""

import resource
import subprocess
import sys

import pytest

HEAVY = {"torch", "transformers", "sklearn", "pyarrow", "scipy", "sqlalchemy", "fastapi", "numpy"}


def imported(*arguments: str) -> set[str]:
    """The packages that a command line imports."""
    line = [sys.executable, "-X", "importtime", "-m", "tunewheel", *arguments]
    told = subprocess.run(line, capture_output=True, text=True, check=True).stderr
    modules = (row.rsplit("|", 1)[-1].strip() for row in told.splitlines() if row.startswith("import time:"))
    return {module.split(".")[0] for module in modules}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["tune", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert imported(*arguments) & HEAVY == set()


@pytest.mark.parametrize("arguments", [["tasks"], ["models"], ["recipe", "show", "--task", "text_classification"]])
def test_lists_and_recipes_load_no_torch(arguments: list[str]) -> None:
    assert imported(*arguments) & {"torch", "transformers"} == set()


def test_help_is_there_in_half_a_second() -> None:
    def cpu_seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "tunewheel", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(cpu_seconds() for _ in range(3)) < 0.5


def test_no_warning_of_a_fit_reaches_the_user() -> None:
    """Silenced for the whole process: what a thread silences for itself, another one may undo."""
    fit = (
        "from sklearn.linear_model import LogisticRegression as L; L(max_iter=1).fit([[0.0], [1.0], [5.0]], [0, 1, 1])"
    )
    code = f"from tunewheel.cli import main; main(['--version']); {fit}"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stderr == "" and told.stdout.startswith("tunewheel")
