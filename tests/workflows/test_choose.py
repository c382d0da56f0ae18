import csv
import json
from pathlib import Path
from typing import Any

import pytest
from listening import Listening
from many_languages import REVIEWS
from small_texts import intents, names, write_csv

from tunewheel.errors import ColumnError, RecipeError
from tunewheel.recipe import dump, read
from tunewheel.records import Example, Words
from tunewheel.workflows.choose import (
    Asked,
    choose_model,
    choose_training,
    draft_recipe,
    merged,
    settled_training,
    suited_body,
    told_with_settings,
)
from tunewheel.workflows.rows.gather import open_table


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


@pytest.mark.parametrize(("weights", "settled"), [("none", set()), ("balanced", {"class_weighting"})])
def test_what_classes_weigh_is_settled_by_who_says_it_of_the_task(weights: str, settled: set[str]) -> None:
    assert settled_training(Asked({"options": {"class_weights": weights}}, {})) == settled
    assert settled_training(Asked({}, {}, (f"options.class_weights={weights}",))) == {"class_weighting"}


def test_what_classes_weigh_is_said_once(texts: Path, tiny_folder: Path) -> None:
    sets = ("options.class_weights=balanced", "training.class_weighting=0.5")
    recipe, _, _ = draft(texts, sets=sets)
    with pytest.raises(RecipeError, match="both say what classes weigh"):
        choose_training(recipe, Asked({}, {}, sets), 100, "text", tiny_folder)


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


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    """Three raters a text, a column for each label, and a column that could be taken for one."""
    given = {"card": 0, "fee": 0, "transfer": 0}
    return write_csv(
        tmp_path / "votes.csv",
        [{"text": r["text"], "shop": f"{n % 3}", **given, r["label"]: 3} for n, r in enumerate(intents(40))],
    )


def test_columns_of_votes_named_by_set_stand_in_place_of_a_label(votes: Path) -> None:
    recipe, _, heard = draft(votes, sets=("options.votes=[card, fee, transfer]",))
    assert recipe.task == "text_classification"
    assert recipe.options.votes == ("card", "fee", "transfer") and recipe.options.text == "text"
    assert "'text' holds the text, 'card', 'fee', 'transfer' the votes for one label each." in heard.lines
    assert "shop" not in heard.lines[1]


def test_a_recipe_with_votes_can_be_run_again(votes: Path, tmp_path: Path) -> None:
    first, _, _ = draft(votes, {"options": {"votes": ["card", "fee", "transfer"]}})
    (tmp_path / "r.yaml").write_text(dump(first))
    assert draft(votes, read(tmp_path / "r.yaml"))[0] == first


def test_votes_that_are_not_there_are_named_with_what_was_meant(votes: Path) -> None:
    with pytest.raises(ColumnError, match=r"no column 'fees' with votes\. Did you mean 'fee'"):
        draft(votes, sets=("options.votes=[card, fees]",))


@pytest.mark.parametrize("as_text", [False, True])
def test_a_column_of_shares_by_label_is_found_without_being_named(tmp_path: Path, as_text: bool) -> None:
    def votes(label: str) -> Any:
        given = {label: 6, "other": 2}
        return json.dumps(given) if as_text else given

    rows = [{"text": r["text"], "shop": f"{n % 2}", "votes": votes(r["label"])} for n, r in enumerate(intents(40))]
    recipe, _, heard = draft(write_jsonl(tmp_path / "votes.jsonl", rows))
    assert (recipe.task, recipe.options.text, recipe.options.label) == ("text_classification", "text", "votes")
    assert "'text' holds the text, 'votes' the votes or shares by label." in heard.lines
    assert draft(tmp_path / "votes.jsonl", label="votes")[0] == recipe


def test_a_column_that_is_called_label_comes_before_shares(tmp_path: Path) -> None:
    rows = [{**row, "scores": {"a": 0.5, "b": 0.5}} for row in intents(40)]
    assert draft(write_jsonl(tmp_path / "a.jsonl", rows))[0].options.label == "label"


def test_columns_that_set_names_are_respected_before_any_are_looked_for(tmp_path: Path) -> None:
    rows = [{"body": r["text"], "a": r["label"], "b": str(n % 2)} for n, r in enumerate(intents(40))]
    path = write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(ColumnError, match="several columns may hold the labels"):
        draft(path)
    recipe, _, heard = draft(path, sets=("options.label=b", "training.epochs=2"))
    assert recipe.options.label == "b" and "'b' the label" in heard.said


def test_a_task_that_set_names_is_the_task(tmp_path: Path) -> None:
    rows = [{**row, "shop": "a" if n % 2 else "b"} for n, row in enumerate(names(40))]
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    with pytest.raises(ColumnError):
        draft(path, sets=("task=image_classification",))


def test_flags_come_over_the_recipe(texts: Path) -> None:
    settings = {"task": "text_classification", "options": {"text": "topic", "label": "body"}}
    recipe, _, _ = draft(texts, settings, text="body", label="topic")
    assert (recipe.options.text, recipe.options.label) == ("body", "topic")


def test_a_recipe_that_a_run_wrote_can_be_run_again_for_entities(tmp_path: Path) -> None:
    """It names the columns of both ways to write entities; a file has those of one."""
    path = write_jsonl(tmp_path / "names.jsonl", names(30))
    first, _, _ = draft(path)
    (tmp_path / "r.yaml").write_text(dump(first))
    assert draft(path, read(tmp_path / "r.yaml"))[0] == first
    with pytest.raises(ColumnError, match="'ner'"):
        draft(path, {"task": "token_classification", "options": {"tags": "ner"}})


@pytest.mark.parametrize("language", REVIEWS)
def test_a_language_without_a_word_list_gets_the_body_that_reads_it(language: str) -> None:
    choice = suited_body([Example(text) for text in REVIEWS[language] * 10], "text")
    assert choice.entry.name == "e5-small"
    assert "English" in choice.because and "the texts are English" not in choice.because.replace("that the", "")


def test_short_english_texts_stay_english(shared_data: Path) -> None:
    with (shared_data / "sentiment" / "vader_ratings_4domains_en" / "train.csv").open(encoding="utf-8") as file:
        tweets = [Example(row["text"]) for row in csv.DictReader(file)]
    assert "texts are English" in suited_body(tweets, "text").because
    assert "texts are English" in suited_body(tweets[:60], "text").because
    with (shared_data / "ner" / "wnut17_en" / "train.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    column = next(name for name in ("tokens", "words") if name in rows[0])
    words = [Example(Words(" ".join(row[column]), ())) for row in rows]
    assert "capitals tell names" in suited_body(words, "words").because
    assert suited_body(words, "text").entry.name == "minilm-l6"
