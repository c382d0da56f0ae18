from pathlib import Path
from typing import Any

import pytest
from listening import Listening
from small_texts import intents, names, write_csv

from tunewheel.errors import ColumnError, RecipeError
from tunewheel.workflows.choose import Asked, choose_model, choose_training, draft_recipe, merged, told_with_settings
from tunewheel.workflows.gather import open_table


def draft(path: Path, settings: dict[str, Any] | None = None, sets: tuple[str, ...] = (), **roles: str) -> Any:
    heard = Listening()
    recipe, split = draft_recipe(open_table(path), Asked(settings or {}, roles, sets), heard)
    return recipe, split, heard


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "texts.csv", [{"body": r["text"], "topic": r["label"]} for r in intents(60)])


def test_task_and_columns_are_found_and_said(texts: Path) -> None:
    recipe, split, heard = draft(texts)
    assert recipe.task == "text_classification" and split is None
    assert (recipe.options.text, recipe.options.label) == ("body", "topic")
    assert "body" in heard.said and "topic" in heard.said
    assert recipe.data.path == str(texts)


def test_words_and_tags_are_entities(tmp_path: Path) -> None:
    rows = [{key: str(value) for key, value in row.items()} for row in names(30)]
    recipe, _, _ = draft(write_csv(tmp_path / "names.csv", rows))
    assert recipe.task == "token_classification"


def test_what_the_user_settled_stays(texts: Path) -> None:
    settings = {"task": "text_classification", "options": {"label": "body", "text": "topic"}, "seed": 7}
    recipe, _, _ = draft(texts, settings, sets=("training.epochs=9",))
    assert (recipe.options.text, recipe.options.label, recipe.seed, recipe.training.epochs) == ("topic", "body", 7, 9)


def test_mistakes_of_sets_are_told_together(texts: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        draft(texts, sets=("training.epoch=9", "model.name="))
    assert len(caught.value.problems) == 2 and "epochs" in str(caught.value)


def test_training_is_chosen_by_size(texts: Path, tiny_folder: Path) -> None:
    recipe, _, _ = draft(texts)
    small, large = (choose_training(recipe, Asked({}, {}), rows, "text", tiny_folder) for rows in (100, 100_000))
    assert small.training.epochs > large.training.epochs


@pytest.mark.parametrize("asked", [Asked({"training": {"epochs": 3, "precision": "fp32"}}, {}),
                                   Asked({}, {}, ("training.epochs=3", "training.precision=fp32"))])  # fmt: skip
def test_training_that_the_user_settled_stays(texts: Path, tiny_folder: Path, asked: Asked) -> None:
    recipe, _, _ = draft(texts)
    chosen = choose_training(recipe, asked, 100, "text", tiny_folder).training
    assert (chosen.epochs, chosen.precision) == (3, "fp32")
    assert chosen.label_smoothing == 0.1


def test_a_folder_can_be_the_model(texts: Path, tiny_folder: Path) -> None:
    recipe, _, _ = draft(texts, {"model": {"name": str(tiny_folder)}})
    chosen, folder = choose_model(recipe, [], "text", Listening())
    assert folder == tiny_folder and chosen.model.name == str(tiny_folder)


def test_nested_settings_are_joined_and_none_settles_nothing() -> None:
    low = {"a": 1, "b": {"c": 2, "d": 3}}
    assert merged(low, {"a": None, "b": {"c": 5}, "e": 6}) == {"a": 1, "b": {"c": 5, "d": 3}, "e": 6}


def test_mistakes_of_columns_and_of_settings_are_told_together(texts: Path) -> None:
    asked = Asked({"training": {"epochs": 0}}, {"label": "nowhere"}, ("training.epoch=9",))
    with pytest.raises(ColumnError) as caught, told_with_settings(asked):
        draft_recipe(open_table(texts), asked, Listening())
    told = str(caught.value)
    assert "nowhere" in told and "at least 1" in told and "epoch" in told and len(caught.value.problems) == 3
