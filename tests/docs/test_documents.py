import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents import PAGES, ROOT, blocks, commands, headings, links
from PIL import Image
from typer.main import get_command

from tunewheel import tasks
from tunewheel.cli.app import app
from tunewheel.data import Table, infer, read
from tunewheel.workflows.rows.gather import gather, options_from

TREE = get_command(app)
EXAMPLES = {"csv": ".csv", "json": ".jsonl", "text": ".conll"}
TASK_PAGES = sorted((ROOT / "docs" / "tasks").glob("*.md"))


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchor(heading: str) -> str:
    """The name that a heading gets in a link."""
    return re.sub(r"[^\w\s-]", "", heading.lstrip("# ").lower()).replace(" ", "-")


def command_of(words: list[str]) -> tuple[object, list[str]]:
    """The command that the first words name, and the words after them."""
    command, rest = TREE, list(words)
    while rest and hasattr(command, "commands"):
        name = rest.pop(0)
        assert name in command.commands or name.startswith("-"), f"there is no command '{' '.join(words)}'"
        if name.startswith("-"):
            return command, [name]
        command = command.commands[name]
    return command, rest


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith("https://"):
            continue
        path, _, place = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{named(page)}: nothing at {link}"
        assert target.is_relative_to(ROOT), f"{named(page)}: {link} leads out of the project"
        assert not place or place in map(anchor, headings(target)), f"{named(page)}: no heading #{place}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_shown_commands_exist_with_their_flags(page: Path) -> None:
    for words in commands(page):
        command, rest = command_of(words)
        known = {name for option in command.params for name in names_of(option)} | {"--help"}
        used = {word for word in rest if word.startswith("-")}
        assert used <= known, f"{named(page)}: {' '.join(words)} has no {', '.join(sorted(used - known))}"


def test_every_page_is_in_the_table_of_contents() -> None:
    index = ROOT / "docs" / "index.md"
    listed = {(index.parent / link).resolve() for link in links(index) if not link.startswith("https://")}
    pages = {page.resolve() for page in (ROOT / "docs").rglob("*.md")} - {index.resolve()}
    assert pages <= listed


def test_a_translated_page_shows_the_same() -> None:
    translated = [page for page in PAGES if page.name.endswith(".zh.md") and page.parent != ROOT]
    assert translated
    for page in translated:
        original = page.with_name(page.name.replace(".zh.md", ".md"))
        assert blocks(page) == blocks(original)
        assert [line.count("#") for line in headings(page)] == [line.count("#") for line in headings(original)]


def test_every_task_has_a_page() -> None:
    assert {page.stem for page in TASK_PAGES} == set(tasks.names())


@pytest.mark.parametrize("page", TASK_PAGES, ids=named)
def test_the_example_files_of_a_task_are_read(page: Path, tmp_path: Path) -> None:
    kind = tasks.find(page.stem)
    examples = [block for block in blocks(page) if block.language in EXAMPLES and "──" not in block.text]
    assert examples or kind.reads == "image"
    for number, block in enumerate(examples):
        path = tmp_path / f"example{number}{EXAMPLES[block.language]}"
        path.write_text(block.text, "utf-8")
        table = read(path)
        roles = infer(table, task=kind.name, label="votes" if "votes" in table.columns else None)
        task = kind(kind.Options(**options_from(roles, kind.Options.model_fields)))
        _paint(table, roles.columns.get("image"), tmp_path)
        targets = [example.target for example in gather(table, task).examples]
        assert not table.problems
        assert targets and targets[0], block.text


def _paint(table: Table, column: str | None, folder: Path) -> None:
    """A picture for every file that a table of pictures names."""
    for row in table.rows() if column else ():
        path = folder / row[column]
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (20, 20), "green").save(path)


def test_generated_pages_are_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/make_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_outdated_page_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_docs = script("make_docs")
    old = tmp_path / "cli.md"
    old.write_text("old\n", "utf-8")
    assert make_docs.check({old: "new\n"}) == 1
    said = capsys.readouterr().err
    assert "cli.md is out of date. Run `make docs`" in said
    assert "-old" in said and "+new" in said


def test_a_field_without_a_description_is_noticed() -> None:
    script("make_docs")
    from reference_pages.summary import EXAMPLE, differences

    run = json.loads(EXAMPLE.read_text("utf-8"))
    assert differences(run) == (set(), set())
    del run["live"]
    assert differences({**run, "new": 1}) == ({"new"}, {"live"})


def test_advice_in_messages_names_flags_that_exist() -> None:
    known = {name for command in every_command() for option in command.params for name in names_of(option)} | {"--help"}
    advised: dict[str, str] = {}
    for path in (ROOT / "src").rglob("*.py"):
        if path.name != "packages.py":  # speaks to pip
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", path.read_text("utf-8")):
                advised[flag] = path.relative_to(ROOT).as_posix()
    assert {flag: place for flag, place in advised.items() if flag not in known} == {}


def names_of(option: object) -> list[str]:
    return [*option.opts, *option.secondary_opts]


def every_command(command: object = TREE) -> list[object]:
    inside = [each for part in getattr(command, "commands", {}).values() for each in every_command(part)]
    return [command, *inside]


def script(name: str) -> object:
    """A file of scripts/ as a module, its neighbours importable."""
    folder = str(ROOT / "scripts")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
