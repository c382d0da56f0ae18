"""The README is run: its commands, its Python, its tree."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from documents import ROOT, Block, blocks, headings, session
from small_texts import intents, write_csv

README, CHINESE = ROOT / "README.md", ROOT / "README.zh.md"
ROOMS = ROOT / "src" / "tunewheel"
NUMBER = re.compile(r"\d[\d,.]*")


def tree(page: Path) -> list[str]:
    """The names in the drawn tree of rooms."""
    (drawn,) = (block for block in blocks(page, "text") if "── " in block.text)
    return re.findall(r"── (\S+)", drawn.text)


def shape(line: str) -> str:
    """What stays of a line of output when the data are others: its words."""
    if line.startswith("report: "):
        return "report: " + NUMBER.sub("#", "/".join(Path(line).parts[-4:]))
    if line.startswith("version "):  # a short run has other units of time
        return NUMBER.sub("#", line.partition(",")[0])
    name, gap, _ = line.partition("  ")  # a line of the table
    return " ".join(NUMBER.sub("#", name if gap and name else line).split())


def stable(lines: list[str]) -> list[str]:
    """The shapes of the lines that do not depend on how good the models are, nor on how long they take."""
    judged = (
        "Not proved",
        "No difference",
        "Better",
        "A plain floor",
        "The plain floor",
        "Worse",
        "v0001 is '",
        "v0002 is '",
        "TF-IDF + logistic regression is",
        "TF-IDF + logistic regression may",
    )
    progress = re.compile(r"[A-Z][\w -]+( \.\.\.|: (done|\d+/).*)")
    return [shape(line) for line in lines if not line.startswith(judged) and not progress.fullmatch(line)]


@pytest.fixture
def at_home(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small tweets.csv, where every model is a tiny one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TUNEWHEEL_WORKSPACE", raising=False)
    monkeypatch.setattr("tunewheel.workflows.choose.obtain", lambda name, **_: tiny_folder)
    write_csv(tmp_path / "tweets.csv", intents(90))
    return tmp_path


def test_the_tree_of_rooms_is_what_there_is() -> None:
    there = {path.name for path in ROOMS.glob("*.py")} - {"__init__.py", "__main__.py"}
    there |= {f"{path.name}/" for path in ROOMS.iterdir() if path.is_dir() and path.name[0] not in "._"}
    assert sorted(tree(README)) == sorted(there)


def test_the_tree_stands_in_the_order_of_the_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    level = {room.strip("() "): number for number, layer in enumerate(layers) for room in layer.split("|")}
    levels = [level[name.removesuffix(".py").rstrip("/")] for name in tree(README)]
    assert levels == sorted(levels)


def test_the_two_commands_are_in_the_makefile() -> None:
    targets = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    shown = [command for block in blocks(README, "console") for command, _ in session(block)]
    made = [command.removeprefix("make ") for command in shown if command.startswith("make ")]
    assert made == ["demo", "test"]
    assert set(made) <= set(targets)


def test_the_shown_session_is_what_the_commands_print(at_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from tunewheel.cli import main

    (shown,) = (block for block in blocks(README, "console") if "tunewheel tune" in block.text)
    (tune, expected), (predict, answer), _ = session(shown)
    assert main(words_of(tune)) == 0
    said = capfd.readouterr()
    assert stable([*said.err.splitlines(), *said.out.splitlines()]) == stable(expected)
    assert main(words_of(predict)) == 0
    assert re.fullmatch(r"(card|fee|transfer)  [01]\.\d\d\n", capfd.readouterr().out)
    assert re.fullmatch(r"\w+  [01]\.\d\d", answer[0])


def words_of(command: str) -> list[str]:
    name, *words = shlex.split(command)
    assert name == "tunewheel"
    return words


def test_the_python_runs(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (snippet,) = blocks(README, "python")
    exec(compile(snippet.text, str(README), "exec"), {})
    headline, label = capsys.readouterr().out.splitlines()
    page = Path(headline.rpartition(" ")[2])
    assert page.is_file() and page.is_relative_to(at_home / "tunewheel-workspace" / "reports")
    assert label in ("card", "fee", "transfer")


def test_the_chinese_readme_says_the_same() -> None:
    assert [line.count("#") for line in headings(CHINESE)] == [line.count("#") for line in headings(README)]
    assert without_tree(CHINESE) == without_tree(README)
    assert tree(CHINESE) == tree(README)


def without_tree(page: Path) -> list[Block]:
    return [block for block in blocks(page) if "── " not in block.text]
