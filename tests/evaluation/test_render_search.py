"""How the time was spent, on the page and in the card."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tunewheel.evaluation.render import words
from tunewheel.evaluation.render.anytime import curve
from tunewheel.evaluation.render.card import card
from tunewheel.evaluation.render.html import page
from tunewheel.evaluation.render.parallel import coordinates
from tunewheel.evaluation.render.plots import LogAxis, near_the_best
from tunewheel.evaluation.report import Report
from tunewheel.evaluation.search import Search, Setting, Tried

EVIL = '<script>alert("x")</script>'


def section(report: Report) -> str:
    found = re.search(r"<section>\s*<h2>How the time was spent.*?</section>", page(report), re.DOTALL)
    assert found
    return found[0]


def trained(number: int, settings: dict[str, Setting], score: float = 0.9) -> Tried:
    return Tried(number, "Search", settings, 10.0 * number, 9.0, score, "finished", False)


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(svg).iter("text")]


def test_the_page_says_how_the_time_was_spent(searched_report: Report) -> None:
    made = section(searched_report)
    for part in (
        "10 trainings were tried in 5 min 32 s; the budget was 6 minutes.", "accuracy on 500 validation rows",
        "It was the best on validation.", "More brings little.", "What each idea brought", "Every training",
        "learning rate 5e-5 · epochs 3 · pooling mean", "the start", "+4.0", "time was up",
    ):  # fmt: skip
        assert part in made, part


def test_the_section_follows_the_learning_curve(searched_report: Report) -> None:
    made = page(searched_report)
    assert made.index("How it learned") < made.index("How the time was spent") < made.index("Where it comes from")


def test_a_report_without_a_search_has_no_such_section(report: Report) -> None:
    assert "How the time was spent" not in page(report)
    assert "tried in" not in card(report, version="1", licence="", base_model="", fingerprints={})


def test_every_training_is_a_row_and_the_best_is_marked(searched_report: Report) -> None:
    table = section(searched_report).split("Every training")[1]
    assert table.count("<tr") == 1 + 10
    assert table.count('<tr class="judged">') == 1
    assert 'class="judged"><td class="number">10</td>' in table


def test_rows_can_be_searched_and_the_input_is_hidden_without_script(searched_report: Report) -> None:
    made = page(searched_report)
    assert re.search(r'<input class="filter" type="search" hidden ', made)
    assert '<table class="sortable filtered">' in made
    assert "input.hidden = false" in made


def test_the_card_says_in_one_line_what_was_tried(searched_report: Report) -> None:
    text = card(searched_report, version="1", licence="", base_model="", fingerprints={})
    assert "\n- 10 trainings were tried in 5 min 32 s.\n" in text


def test_one_training_is_not_several(search: Search) -> None:
    assert words.tried(replace(search, tried=search.tried[:1], moments=[])) == "1 training was tried in 3.0 s"


def test_the_curve_marks_ends_and_pruned_ones(search: Search) -> None:
    drawn = curve(search)
    kinds = [node.get("class") for node in ElementTree.fromstring(drawn) if node.find("title") is not None]
    assert (kinds.count("won"), kinds.count("ran"), kinds.count("pruned")) == (6, 1, 2)
    assert "accuracy on the validation rows, points" in texts(drawn)
    assert "time since the start, minutes" in texts(drawn)
    assert "budget" in texts(drawn)


def test_what_lies_far_below_the_best_is_an_arrow_at_the_foot(search: Search) -> None:
    arrows = [node for node in ElementTree.fromstring(curve(search)).iter("path") if node.get("class") == "pruned"]
    assert len(arrows) == 1
    title = arrows[0].find("title")
    assert title is not None and title.text == "4: Search, 30.0 after 1 min 30 s, pruned"


def test_time_is_logarithmic_where_most_rises_came_early(search: Search) -> None:
    early = replace(search, budget=None, moments=[(0.0, 0.5), (2.0, 0.6), (10.0, 0.8), (320.0, 0.921)])
    said = texts(curve(early))
    assert "time since the start, logarithmic" in said
    assert {"1 s", "10 s", "1 min", "5 min"} <= set(said)


@pytest.mark.parametrize("moments", [[], [(0.0, 0.5)], [(0.0, 0.0)], [(5.0, 1.0)]])
def test_very_short_searches_can_be_drawn(
    searched_report: Report, search: Search, moments: list[tuple[float, float]]
) -> None:
    short = replace(search, budget=None, tried=search.tried[:1], moments=moments)
    assert "nan" not in curve(short)
    assert "Every training" in section(replace(searched_report, search=short))
    assert curve(replace(search, tried=[], moments=[(0.0, 0.5)])) == ""


def test_settings_that_vary_have_an_axis_each(search: Search) -> None:
    said = texts(coordinates(search))
    assert [name for name in ("C", "learning rate", "epochs", "pooling", "accuracy") if name in said] == [
        "learning rate", "epochs", "pooling", "accuracy",
    ]  # fmt: skip
    assert {"mean", "first", "not set", "below", "5e-5", "0.001"} <= set(said)


def test_a_line_for_each_training_with_settings_and_a_score_the_best_on_top(search: Search) -> None:
    lines = list(ElementTree.fromstring(coordinates(search)).iter("polyline"))
    titles = [(line.findtext("title") or "").split(":")[0] for line in lines]
    assert sorted(titles) == ["3", "4", "5", "7", "8", "9"]
    shades = [float(line.get("stroke-opacity") or 0) for line in lines]
    assert titles[-1] == "8" and shades == sorted(shades) and shades[0] < 0.3 < 0.9 < shades[-1]
    assert [line.get("class") for line in lines].count("trial pruned") == 2


def test_numbers_over_more_than_a_decade_are_logarithmic(search: Search) -> None:
    def heights(rates: list[float]) -> list[float]:
        tried = [trained(i, {"rate": rate}, 0.8 + i / 100) for i, rate in enumerate(rates, 1)]
        lines = ElementTree.fromstring(coordinates(replace(search, tried=tried))).iter("polyline")
        return [float((line.get("points") or "").split()[0].split(",")[1]) for line in lines]

    low, middle, high = heights([0.001, 0.01, 0.1])
    assert low - middle == pytest.approx(middle - high)
    low, middle, high = heights([0.1, 0.2, 1.0])
    assert low - middle == pytest.approx((low - high) / 9, abs=0.2)


@pytest.mark.parametrize(
    "settings",
    [
        [],
        [{"rate": 0.1}, {"rate": 0.2}],
        [{"rate": 0.1}] * 9,
        [{}] * 9,
        [{"rate": 0.1}, {"rate": 0.2}, *([{"epochs": 3}] * 9)],
    ],
)
def test_too_few_trainings_or_settings_that_do_not_vary_are_not_drawn(
    search: Search, settings: list[dict[str, Setting]]
) -> None:
    tried = [trained(i, values) for i, values in enumerate(settings, 1)]
    assert coordinates(replace(search, tried=tried)) == ""


@pytest.mark.parametrize("count", [3, 60])
def test_three_to_sixty_trainings_with_many_settings_can_be_drawn(search: Search, count: int) -> None:
    tried = [
        trained(
            i, {"word": f"w{i}" * 30, "mixed": i if i % 2 else "x", **{f"setting {n}": i * (n - 3) for n in range(9)}}
        )
        for i in range(1, count + 1)
    ]
    svg = ElementTree.fromstring(coordinates(replace(search, tried=tried)))
    assert len(list(svg.iter("polyline"))) == count
    heights = [float(point.split(",")[1]) for line in svg.iter("polyline") for point in line.get("points", "").split()]
    assert all(0 <= height <= 320 for height in heights)
    labels = [node.text or "" for node in svg.iter("text")]
    assert max(map(len, labels)) < 20 and sum(label.endswith("…") for label in labels) >= 3


def test_hostile_settings_cannot_become_html(evil_searched_report: Report) -> None:
    search = evil_searched_report.search
    assert search is not None
    for made in (curve(search), coordinates(search), section(evil_searched_report)):
        assert EVIL not in made and "&lt;script&gt;" in made
    text = card(evil_searched_report, version="1", licence="", base_model="", fingerprints={})
    assert "- 10 trainings were tried in" in text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (5e-5, "5e-5"), (4.9274e-4, "4.93e-4"), (0.001, "0.001"), (0.12345, "0.1235"), (2.0, "2"), (12345.6, "12,346"),
        (4096, "4,096"), ("mean", "mean"), (0.0, "0"), (-2e-5, "-2e-5"),
    ],
)  # fmt: skip
def test_settings_read_as_a_person_writes_them(value: Setting, said: str) -> None:
    assert words.setting(value) == said


def test_a_logarithmic_axis_stops_at_its_ends() -> None:
    axis = LogAxis(1.0, 100.0, 0.0, 200.0)
    assert [axis(value) for value in (0.0, 1.0, 10.0, 100.0, 1000.0)] == [0.0, 0.0, 100.0, 200.0, 200.0]


def test_an_axis_of_scores_leaves_out_what_is_far_below_the_best() -> None:
    low, high = near_the_best([0.1, 0.85, 0.9])
    assert 0.6 < low < 0.65 and 0.9 < high < 0.92
    low, high = near_the_best([0.5])
    assert low < 0.5 < high
