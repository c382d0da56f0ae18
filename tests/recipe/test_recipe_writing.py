"""Writing a recipe: what is written is read back, and a person can see why."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tunewheel import recipe
from tunewheel.recipe.parsing import parse, parse_value
from tunewheel.recipe.writing import value_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "no",
        "Yes",
        "null",
        "~",
        "1",
        "1e5",
        ".inf",
        "- a",
        "a: b",
        "#x",
        "",
        " ",
        "'",
        '"',
        "\u2028",
        "\x85",
        "\ufeff",
        "是 的",
    ]
)
NUMBER = st.floats(allow_nan=False) | st.integers(-(10**30), 10**30)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
RECIPE = st.fixed_dictionaries(
    {"task": st.just("sorting"), "seed": st.integers(0, 2**32 - 1)},
    optional={
        "options": st.fixed_dictionaries(
            {},
            optional={
                "label": TEXT,
                "weights": st.dictionaries(TEXT, st.floats(allow_nan=False), max_size=4),
                "columns": st.lists(TEXT, max_size=3),
                "threshold": st.none() | st.just("auto") | st.floats(allow_nan=False),
            },
        ),
        "training": st.fixed_dictionaries(
            {"learning_rate": st.floats(1e-12, 10), "optimizer": st.sampled_from(["adamw", "adam", "sgd"])}
        ),
        "data": st.fixed_dictionaries({"path": st.none() | TEXT, "clean": st.booleans()}),
    },
)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@settings(max_examples=150, deadline=None, derandomize=True)
@given(RECIPE, st.dictionaries(st.sampled_from(["seed", "training", "training.epochs", "options.label"]), TEXT))
def test_what_is_dumped_is_loaded_again(tmp_path_factory: Any, values: dict[str, Any], why: dict[str, str]) -> None:
    path = tmp_path_factory.getbasetemp() / "round.yaml"
    written = recipe.build(values)
    text = recipe.dump(written, why)
    path.write_text(text, encoding="utf-8", newline="")
    assert recipe.load(path) == written
    assert recipe.dump(recipe.load(path), why) == text


@settings(max_examples=200, deadline=None, derandomize=True)
@given(VALUE)
def test_any_value_survives_one_line(value: Any) -> None:
    assert parse_value(value_text(value)) == value
    assert "\n" not in value_text(value)


def test_other_readers_of_yaml_see_the_same_text() -> None:
    words = ["yes", "no", "1e5", "1_000", "12:30", "2024-01-01", "0x1f", "=", "<<", "a b", "评论"]
    assert yaml.safe_load("\n".join(f"- {value_text(word)}" for word in words)) == words


def test_a_choice_carries_its_reason_as_a_comment() -> None:
    text = recipe.dump(
        recipe.build({"task": "sorting"}), {"training.epochs": "77 classes,\n 130 rows each", "data": "x"}
    )
    assert "  epochs: 4  # chosen: 77 classes, 130 rows each\n" in text
    assert "\ndata:  # chosen: x\n" in text


def test_the_order_is_that_of_the_schema_whatever_order_was_given() -> None:
    forward = recipe.build({"task": "sorting", "seed": 1, "data": {"path": "a"}})
    backward = recipe.build({"data": {"path": "a"}, "seed": 1, "task": "sorting"})
    assert recipe.dump(forward) == recipe.dump(backward)
    assert list(parse(recipe.dump(forward), "x").values) == ["task", "data", "model", "options", "training", "seed"]


def test_the_first_line_says_how_to_run_it_again(tmp_path: Path) -> None:
    assert recipe.dump(recipe.build({"task": "counting"})).startswith(
        "# A recipe for Tunewheel. Run it again: tunewheel"
    )
