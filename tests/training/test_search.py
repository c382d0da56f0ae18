"""A search suggests settings near those that suit the data, learns from what they bring, and survives its process."""

import json
from pathlib import Path

import pytest
from optuna.trial import FixedTrial, TrialState

from tunewheel.training.options import TrainingOptions
from tunewheel.training.search import Study, Suggestion, rungs_of, space

AROUND = TrainingOptions(epochs=4, batch_units=512, learning_rate=1e-4)
LAYERS = 6


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "trials.jsonl"


def ended(study: Study, score: float, early: float | None = None) -> tuple[Suggestion, bool]:
    """One training that scores so much, `early` at a quarter of its way; and whether it was given up there."""
    asked = study.ask()
    pruned = asked.report(0.25, score if early is None else early)
    study.tell(asked, asked.options, score, pruned=pruned)
    return asked, pruned


def test_suggestions_stay_near_what_suits_the_data(file: Path) -> None:
    study = Study(AROUND, LAYERS, 0, file)
    for _ in range(12):
        options = study.ask().options
        assert AROUND.learning_rate / 4 <= options.learning_rate <= AROUND.learning_rate * 3
        assert 2 <= options.epochs <= 8 and options.batch_units in (256, 512, 1024)
        assert options.mode in ("full", "partial", "lora") and options.clip == AROUND.clip
        TrainingOptions.model_validate(options.model_dump())


def test_what_the_user_settled_is_not_searched(file: Path) -> None:
    study = Study(AROUND, LAYERS, 0, file, fixed={"learning_rate", "mode"})
    for _ in range(6):
        asked = study.ask()
        assert asked.options.learning_rate == AROUND.learning_rate and asked.options.mode == "full"
        assert not {"learning_rate", "moves", "lora_rank"} & set(asked.settings)


@pytest.mark.parametrize(
    "options",
    [
        AROUND,
        AROUND.model_copy(update={"mode": "partial", "layers": 3}),
        AROUND.model_copy(update={"mode": "lora", "lora_rank": 16, "layers": 3}),
    ],
)
def test_options_and_the_settings_that_name_them_are_two_views_of_one_thing(options: TrainingOptions) -> None:
    again = space.suggest(FixedTrial(space.settings_of(options, LAYERS)), AROUND, LAYERS)
    assert again.model_copy(update={"layers": options.layers}) == options


def test_a_body_that_is_all_or_nothing_moves_as_a_whole() -> None:
    assert space.moves(1) == ("all",)


def test_a_training_that_falls_behind_others_early_is_given_up(file: Path) -> None:
    study = Study(AROUND, LAYERS, 0, file)
    assert [ended(study, 0.9)[1] for _ in range(4)] == [False] * 4
    assert ended(study, 0.2)[1]


def test_after_a_stop_it_is_known_how_good_others_were_on_their_way(file: Path) -> None:
    first = Study(AROUND, LAYERS, 0, file)
    for _ in range(4):
        ended(first, 0.9)
    assert ended(Study(AROUND, LAYERS, 5, file), 0.2)[1]
    with_another = Study(AROUND, LAYERS, 0, file.with_name("other.jsonl"))
    with_another.add(AROUND, 0.9, {1: 0.9})
    assert ended(with_another, 0.2)[1]


def test_what_would_have_been_reported_is_the_first_score_at_each_quarter() -> None:
    assert rungs_of([(0.1, 0.3), (0.26, 0.4), (0.4, 0.5), (0.9, 0.6), (1.0, 0.7)]) == {1: 0.4, 3: 0.6, 4: 0.7}


def test_a_study_that_goes_on_draws_something_else(file: Path) -> None:
    assert Study(AROUND, LAYERS, 0, file).ask().settings != Study(AROUND, LAYERS, 1, file).ask().settings


def test_a_rung_is_judged_once_and_the_end_is_never_given_up(file: Path) -> None:
    study = Study(AROUND, LAYERS, 0, file)
    for _ in range(4):
        ended(study, 0.9)
    asked = study.ask()
    assert not asked.report(0.1, 0.0) and not asked.report(1.0, 0.0)
    assert asked.report(0.5, 0.0) and not asked.report(0.6, 0.0)


def test_a_study_goes_on_from_its_file_even_where_a_crash_cut_a_line(file: Path) -> None:
    first = Study(AROUND, LAYERS, 0, file)
    first.add(AROUND, 0.8, {1: 0.5})
    told = [ended(first, score)[0].settings for score in (0.7, 0.9, 0.3)]
    file.write_text(file.read_text() + '{"settings": {"learn')
    second = Study(AROUND, LAYERS, 0, file)
    assert [line["settings"] for line in second.tried] == told
    ended(second, 0.9)
    assert len(Study(AROUND, LAYERS, 0, file).tried) == 4


def test_lines_of_a_search_that_knew_fewer_settings_are_learnt_from(file: Path) -> None:
    ended(Study(AROUND, LAYERS, 0, file), 0.7)
    line = json.loads(file.read_text("utf-8"))
    del line["settings"]["class_weighting"]
    file.write_text(json.dumps(line) + "\n", "utf-8")
    again = Study(AROUND, LAYERS, 0, file)
    assert len(again.tried) == 1 and again.ask().options.class_weighting in space.BALANCES


@pytest.mark.parametrize(("passes", "learnt"), [(2, [2]), (1, [])], ids=["inside the space", "too few to tell"])
def test_what_was_trained_for_fewer_passes_than_suggested_is_learnt_as_it_was(
    passes: int, learnt: list[int], file: Path
) -> None:
    study = Study(AROUND, LAYERS, 0, file)
    asked = next(one for one in iter(study.ask, None) if one.options.epochs > 2)
    study.tell(asked, asked.options.model_copy(update={"epochs": passes}), 0.8, pruned=False)
    for known in (study, Study(AROUND, LAYERS, 0, file)):
        complete = known._study.get_trials(states=[TrialState.COMPLETE])
        assert [trial.params["epochs"] for trial in complete] == learnt
        assert [line["settings"]["epochs"] for line in known.tried] == learnt


def test_fewer_passes_than_the_user_settled_say_nothing_of_the_settings(file: Path) -> None:
    study = Study(AROUND, LAYERS, 0, file, fixed={"epochs"})
    asked = study.ask()
    study.tell(asked, asked.options.model_copy(update={"epochs": 2}), 0.8, pruned=False)
    assert not study.tried and not study._study.get_trials(states=[TrialState.COMPLETE])


def test_options_for_which_there_is_no_time_leave_no_trace(file: Path) -> None:
    study = Study(AROUND, LAYERS, 0, file)
    study.drop(study.ask())
    assert not file.exists()
