"""Reading a recipe: all mistakes at once, each with its line."""

from pathlib import Path

import pytest

from tunewheel import recipe
from tunewheel.errors import RecipeError


def mistakes(text: str, tmp_path: Path, *sets: str) -> list[str]:
    path = tmp_path / "my.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as raised:
        recipe.load(path, sets)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in raised.value.problems]


def loaded(text: str, tmp_path: Path, *sets: str) -> recipe.Recipe:
    path = tmp_path / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return recipe.load(path, sets)


def test_all_mistakes_are_reported_together_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "task: sorting\ntraining:\n  epohcs: 3\n  optimizer: adam-w\n  dropout: high\nlable: x\nseed: -1\n"
    assert mistakes(text, tmp_path, "training.epohcs=5", "training.clip=[1]")[:4] == [
        "my.yaml:4: training.optimizer: must be one of 'adamw', 'adam' or 'sgd', not \"adam-w\""
        " (did you mean 'adamw'?).",
        'my.yaml:5: training.dropout: must be a number, not "high".',
        "my.yaml:6: lable: unknown setting (did you mean 'options.label'?).",
        "my.yaml:7: seed: must be at least 0, not -1.",
    ]


def test_a_misspelt_setting_is_guessed(tmp_path: Path) -> None:
    assert mistakes("task: sorting\ntraining:\n  epohcs: 3\n", tmp_path) == [
        "my.yaml:3: training.epohcs: unknown setting (did you mean 'epochs'?)."
    ]


def test_a_setting_in_the_wrong_place_is_told_its_place(tmp_path: Path) -> None:
    assert mistakes("task: sorting\nepochs: 3\n", tmp_path) == [
        "my.yaml:2: epochs: unknown setting (did you mean 'training.epochs'?)."
    ]


def test_a_bad_set_is_reported_as_set_in_the_same_list(tmp_path: Path) -> None:
    found = mistakes("task: sorting\nseed: x\n", tmp_path, "training.epohcs=5", "seeds", "training.clip=[1")
    assert found[0] == 'my.yaml:2: seed: must be a whole number, not "x".'
    assert "--set seeds: needs the form NAME=VALUE. For example: --set training.epochs=5" in found
    assert "--set training.epohcs: unknown setting (did you mean 'epochs'?)." in found
    assert any(line.startswith("--set training.clip: ") and "quotes" in line for line in found)
    assert len(found) == 4


def test_set_goes_over_the_file_and_makes_groups(tmp_path: Path) -> None:
    made = loaded(
        "task: sorting\ntraining:\nseed: 1\n", tmp_path, "training.epochs=5", "options.columns=[a, 'b']", "seed=7"
    )
    assert (made.training.epochs, made.options.columns, made.seed) == (5, ("a", "b"), 7)


def test_a_set_that_replaces_a_wrong_line_mends_it(tmp_path: Path) -> None:
    assert loaded("task: sorting\nseed: x\n", tmp_path, "seed=3").seed == 3


def test_a_set_below_a_value_that_is_no_group_leaves_the_file_to_blame(tmp_path: Path) -> None:
    assert mistakes("task: sorting\ntraining: 5\n", tmp_path, "training.epochs=5") == [
        "my.yaml:2: training: must be a group of settings, one indented `name: value` a line, not 5."
    ]


def test_a_key_given_twice_is_a_mistake(tmp_path: Path) -> None:
    assert mistakes("task: sorting\nseed: 1\nseed: 2\n", tmp_path) == [
        "my.yaml:3: seed: given twice (first in line 2)."
    ]


def test_a_missing_task_and_an_unknown_one_do_not_hide_other_mistakes(tmp_path: Path) -> None:
    found = mistakes("seed: x\noptions:\n  anything: 1\n", tmp_path)
    assert [line.split(": ", 1)[1] for line in found] == ["task: is missing.", 'seed: must be a whole number, not "x".']
    assert mistakes("task: sortin\nseed: x\n", tmp_path) == [
        "my.yaml:1: task: there is no task 'sortin'. There are: counting, sorting.",
        'my.yaml:2: seed: must be a whole number, not "x".',
    ]


def test_yes_is_text_and_1e_5_is_a_number(tmp_path: Path) -> None:
    made = loaded("task: sorting\ntraining:\n  learning_rate: 1e-5\noptions:\n  label: yes\n", tmp_path)
    assert (made.training.learning_rate, made.options.label) == (1e-5, "yes")


def test_true_is_not_taken_for_a_number(tmp_path: Path) -> None:
    assert mistakes("task: sorting\ntraining:\n  epochs: true\n", tmp_path) == [
        "my.yaml:3: training.epochs: must be a whole number, not true."
    ]


def test_a_number_where_text_is_wanted_is_told_to_be_quoted(tmp_path: Path) -> None:
    assert mistakes("task: sorting\noptions:\n  label: 2024\n", tmp_path) == [
        'my.yaml:3: options.label: must be text, not 2024. Put it in quotes: "2024".'
    ]


def test_what_several_kinds_may_be_is_one_sentence(tmp_path: Path) -> None:
    assert mistakes("task: sorting\noptions:\n  threshold: hi\n", tmp_path) == [
        "my.yaml:3: options.threshold: must be a number or one of 'auto', not \"hi\"."
    ]


def test_a_place_inside_a_list_or_group_is_named(tmp_path: Path) -> None:
    text = "task: sorting\noptions:\n  columns: [a, 2]\n  few: [1, 2, 3]\n  weights:\n    spoon: heavy\n"
    assert mistakes(text, tmp_path) == [
        'my.yaml:3: options.columns[1]: must be text, not 2. Put it in quotes: "2".',
        "my.yaml:4: options.few: must be a list of at most 2, not a list.",
        'my.yaml:6: options.weights.spoon: must be a number, not "heavy".',
    ]


def test_labels_that_look_like_numbers_keep_their_writing(tmp_path: Path) -> None:
    made = loaded("task: sorting\noptions:\n  weights:\n    01: 2\n    no: 1\n", tmp_path)
    assert made.options.weights == {"01": 2.0, "no": 1.0}


def test_settings_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    assert mistakes("task: sorting\ndata:\n  split: time\n", tmp_path) == [
        "my.yaml:2: data: split 'time' needs the column with the date (time: COLUMN)."
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "my.yaml: the file holds no settings."),
        ("# nothing\n", "my.yaml: the file holds no settings."),
        ("- a\n- b\n", "my.yaml:1: must hold settings, one `name: value` a line."),
        ("just words\n", "my.yaml:1: must hold settings, one `name: value` a line."),
        ("task: sorting\n\tseed: 1\n", "my.yaml:2: a tab; YAML is indented with spaces."),
        ("task: a: b\n", "my.yaml:1: the indentation is wrong, or a value holding ': ' needs quotes."),
        ("task: 'sorting\n", "my.yaml:2: a quote or bracket is never closed."),
        ("task: sorting\nseed\n", "my.yaml:3: a line without ': ' between name and value."),
        ("task: sorting\n---\ntask: counting\n", "my.yaml:2: a second document begins here"),
        ("task: &a sorting\nseed: *a\n", "my.yaml:1: anchors (&) and aliases (*) are not used in a recipe."),
        ("task: sorting\nseed: *a\n", "my.yaml:2: anchors (&) and aliases (*) are not used in a recipe."),
        ("task: !!python/object/apply:os.system [ls]\n", "my.yaml:1: task: tags such as "),
        ("task: sorting\nseed: !!int x\n", "my.yaml:2: seed: 'x' is not a number."),
        ("task: sorting\n[a]: 1\n", "my.yaml:2: a name must be a single word, not a list or group."),
        ('task: sorting\noptions:\n  label: "\\ud83d"\n', "my.yaml:3: options.label: holds half a character"),
        ("task: sorting\n\x00", "my.yaml:2: holds a character that text files do not hold."),
        ("a: " + "[" * 4000, "my.yaml:1: groups lie deeper than 12 levels."),
    ],
)
def test_what_is_no_recipe_at_all_is_told_in_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    assert mistakes(text, tmp_path)[0].startswith(sentence)


def test_a_file_that_cannot_be_read_is_told_why(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="there is no such file"):
        recipe.load(tmp_path / "none.yaml")
    with pytest.raises(RecipeError, match="is not a file"):
        recipe.load(tmp_path)
    (tmp_path / "long.yaml").write_text("# " + "x" * 300_000)
    with pytest.raises(RecipeError, match="larger than a recipe can be"):
        recipe.load(tmp_path / "long.yaml")
    (tmp_path / "gbk.yaml").write_bytes("task: sorting\noptions:\n  label: 评论\n".encode("gb18030"))
    with pytest.raises(RecipeError, match=r"gbk\.yaml:3: is not UTF-8 text"):
        recipe.load(tmp_path / "gbk.yaml")


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_bytes("\ufefftask: sorting\r\nseed: 4\r\n".encode())
    assert recipe.load(tmp_path / "my.yaml").seed == 4


def test_a_mapping_is_checked_like_a_file_and_may_hold_paths_and_options() -> None:
    made = recipe.build({"task": "sorting", "data": {"path": Path("a.csv")}, "model": recipe.ModelOptions(name="tiny")})
    assert (made.data.path, made.model.name) == ("a.csv", "tiny")
    with pytest.raises(RecipeError) as raised:
        recipe.build({"task": "sorting", "training": {"epohcs": 3}}, ["seed=x"])
    assert str(raised.value).splitlines() == [
        "training.epohcs: unknown setting (did you mean 'epochs'?).",
        '--set seed: must be a whole number, not "x".',
    ]


def test_what_was_set_can_be_told_from_what_was_left_out() -> None:
    made = recipe.build({"task": "sorting"}, ["training.epochs=4"])
    assert made.training.model_fields_set == {"epochs"}


def test_read_gives_only_what_is_said(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("data:\n  path: a.csv\n")
    assert recipe.read(tmp_path / "my.yaml", ["seed=1"]) == {"data": {"path": "a.csv"}, "seed": 1}
    with pytest.raises(RecipeError, match="NAME=VALUE"):
        recipe.read(tmp_path / "my.yaml", ["seed"])


def test_read_names_mistakes_with_their_lines_but_leaves_open_what_can_be_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("data:\n  split: time\noptions:\n  label: stars\ntraining:\n")
    assert recipe.read(path) == {"data": {"split": "time"}, "options": {"label": "stars"}}
    path.write_text("data:\n  split: tim\ntraining:\n  epohcs: 3\n")
    with pytest.raises(RecipeError) as raised:
        recipe.read(path)
    assert [str(problem).split(": ")[0] for problem in raised.value.problems] == [f"{path}:2", f"{path}:4"]
