"""The page: self-contained, escaped, complete."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tunewheel.evaluation.outcomes import Mark
from tunewheel.evaluation.render import words
from tunewheel.evaluation.render.html import page
from tunewheel.evaluation.render.plots import lines, ticks
from tunewheel.evaluation.report import Report

EVIL = '<script>alert("x")</script>'
VOID = {"meta", "img", "br", "input"}


class Page(HTMLParser):
    """Collects tags and addresses, and sees to it that every tag is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(
    params=[
        "report", "evil_report", "entity_report", "picture_report", "searched_report", "evil_searched_report",
    ]
)  # fmt: skip
def text(request: pytest.FixtureRequest) -> str:
    return page(request.getfixturevalue(request.param))


def test_the_page_is_well_formed_and_runs_one_script_only(text: str) -> None:
    seen = Page(text)
    assert seen.open == []
    assert seen.tags.count("script") == 1
    assert not {"iframe", "object", "embed", "form", "link", "base"} & set(seen.tags)
    assert seen.handlers == []


def test_the_page_needs_no_network(text: str) -> None:
    assert all(address.startswith("data:image/png;base64,") for address in Page(text).addresses)
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    assert "url(" not in text


def test_the_security_policy_knows_the_script_by_its_hash(text: str) -> None:
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    policy = re.search(r"script-src 'sha256-([^']+)'", text)
    assert script
    assert policy
    assert policy[1] == base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert "default-src 'none'" in text


@pytest.mark.parametrize("name", ["evil_report", "evil_searched_report"])
def test_data_cannot_become_html(name: str, request: pytest.FixtureRequest) -> None:
    made = page(request.getfixturevalue(name))
    assert EVIL not in made
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in made


def test_the_first_screen_answers_better_how_much_proved_and_what_next(report: Report) -> None:
    first = page(report).split("<section>")[0]
    assert report.judgement.headline in first
    assert "by 37.5 points of accuracy" in first
    assert "proved · p &lt; 0.001 · exact McNemar" in first
    assert "What to do next" in first


def test_every_part_is_on_the_page(report: Report) -> None:
    made = page(report)
    for part in (
        "The table", "The score without leaked rows", "Weakest slices", "The most confident mistakes",
        "Class by class", "What is taken for what", "Training loss", "Accuracy by confidence", "Where it comes from",
        "第0件很好，我很喜欢", "task: text_classification", "1,000", "1 min 15 s", "91 MB",
    ):  # fmt: skip
        assert part in made, part


def test_entities_are_marked_in_their_text(entity_report: Report) -> None:
    made = page(entity_report)
    assert "<mark>Paris<small>LOC</small></mark>" in made
    assert "<mark>Paris<small>ORG</small></mark>" in made
    assert "<mark>北京<small>LOC</small></mark>" in made
    assert "&amp;" in made


def test_pictures_are_inside_the_page(picture_report: Report) -> None:
    assert page(picture_report).count('<img src="data:image/png;base64,') == 3


def test_the_page_is_the_same_every_time(report: Report) -> None:
    assert page(report) == page(report)


def test_overlapping_marks_do_not_repeat_text() -> None:
    cut = list(words.pieces("abcdef", [Mark(1, 4, "X"), Mark(2, 5, "Y"), Mark(5, 6, "Z")]))
    assert "".join(piece for piece, _ in cut) == "abcdef"
    assert [(piece, label) for piece, label in cut if label] == [("bcd", "X"), ("f", "Z")]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (words.seconds(0.01), "< 0.1 s"), (words.seconds(59.7), "1 min 0 s"), (words.seconds(3700), "1 h 1 min"),
        (words.size(300), "300 bytes"), (words.size(91_400_000), "91 MB"), (words.size(999_999), "1.0 MB"),
        (words.score(0.9351, "accuracy"), "93.5"), (words.score(0.2, "brier_loss"), "0.200"),
        (words.score(-0.0, "mcc"), "0.0"),
    ],
)  # fmt: skip
def test_numbers_read_as_a_person_writes_them(written: str, expected: str) -> None:
    assert written == expected


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0.0, 1.0) == [0.0, 0.5, 1.0]
    assert ticks(0.31, 0.93) == [0.4, 0.6, 0.8]
    assert ticks(0, 480) == [0, 200, 400]
    assert ticks(2, 2) == [2]


def test_a_single_or_flat_curve_can_be_drawn() -> None:
    assert lines([(5, 0.5)], "x", share=True, best=5).count("<circle") == 1
    assert 'points="' in lines([(1, 0.5), (2, 0.5)], "x", share=True)


def test_what_reading_left_out_is_called_so_and_thousands_are_not_listed(report: Report) -> None:
    broken = replace(report, background=replace(report.background, findings=[f"row {n}" for n in range(3000)]))
    made = page(broken)
    assert "Left out or mended while reading" in made and "doctor" not in made
    assert made.count("<li>row ") == 50 and "and 2,950 more" in made


def test_the_page_says_over_what_intervals_were_drawn(report: Report) -> None:
    grouped = replace(report, judgement=replace(report.judgement, resampled="53 groups of test rows"))
    assert page(grouped).count("over 53 groups of test rows") == 2
    assert page(report).count("over test rows") == 2
