"""One schema makes the classes, the JSON schema and the reference page."""

import pytest
from pydantic import BaseModel

from tunewheel import recipe
from tunewheel.errors import RecipeError
from tunewheel.training.options import TrainingOptions


def test_a_recipe_is_composed_of_the_options_of_its_task() -> None:
    sorting = recipe.recipe_for("sorting")
    assert sorting is recipe.recipe_for("sorting")
    assert sorting(task="sorting").options.label == "tray"
    with pytest.raises(RecipeError, match="no task 'swimming'"):
        recipe.recipe_for("swimming")


def test_a_recipe_cannot_be_changed_after_it_was_checked() -> None:
    made = recipe.build({"task": "counting"})
    with pytest.raises(ValueError, match="frozen"):
        made.seed = 3


def test_the_schema_has_one_alternative_a_task() -> None:
    found = recipe.schema()
    names = [alternative["$ref"].rsplit("/", 1)[-1] for alternative in found["oneOf"]]
    assert [found["$defs"][name]["properties"]["task"]["const"] for name in names] == ["counting", "sorting"]
    assert all(found["$defs"][name]["additionalProperties"] is False for name in names)


def fields(model: type[BaseModel], prefix: str = "") -> list[tuple[str, str | None]]:
    return [(prefix + name, field.description) for name, field in model.model_fields.items()]


def test_every_setting_is_described() -> None:
    every = [
        *fields(recipe.Recipe),
        *fields(recipe.DataOptions, "data."),
        *fields(recipe.ModelOptions, "model."),
        *fields(TrainingOptions, "training."),
    ]
    assert [name for name, description in every if not description or not description.endswith(".")] == []


def test_the_reference_page_lists_every_setting_with_its_bounds_and_default() -> None:
    page = recipe.reference()
    assert all(f"| `{name}` |" in page for name in TrainingOptions.model_fields)
    assert "| `seed` | whole number, at least 0, less than 4.29497e+09 |" not in page
    assert "| `seed` | whole number, at least 0, less than 4294967296 | `0` |" in page
    assert "| `weights` | group of number by name | `{}` | Weight of each tray \\| by name. |" in page
    assert "| `threshold` | number or `auto` or `null` | `auto` |" in page
    assert "## `options` of `counting`\n\nHow many there are.\n\nNo settings.\n" in page
